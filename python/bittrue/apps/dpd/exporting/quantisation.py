"""Cost of quantisation: the integer net against float parameters, on a signal and in the loop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bittrue import ref
from bittrue.apps.dpd import float_net
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.captures.data import Capture, to_iq
from bittrue.apps.dpd.closed_loop import floating, integer, judge
from bittrue.apps.dpd.metrics import Complex, Metrics, Real
from bittrue.errors import BadInput
from bittrue.parent import Parameters
from bittrue.spec import Net

SAMPLES = 1 << 13
"""Of the excerpts, around the largest sample of their split."""

BAND = 0.2
"""Occupied share of the spectrum of the synthetic signal."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Signals for a net, and the amplifier behind it where it is known.

    Parameters
    ----------
    title : str
        Where the signals come from.
    seen : float array (N, *input.shape)
        The signal that ranges are measured on and choices are made by.
    x : float array (N, *input.shape)
        Another one, for the figures that are reported.
    capture : Capture or None
    """

    title: str
    seen: Real
    x: Real
    capture: Capture | None = None

    def error(self, net: Net, parameters: Parameters, seen: bool = False) -> float:
        """``10*log10(sum |y - f|^2 / sum |f|^2)`` in dB: output ``y`` of the integer net, ``f`` of the float one."""
        x = self.seen if seen else self.x
        wanted = float_net.run(net, parameters, x)
        found = net.output.format.decode(ref.run(net, net.input.format.encode(x)))
        ratio = float(((found - wanted) ** 2).sum() / (wanted**2).sum())
        return 10 * math.log10(ratio) if ratio > 0 else -math.inf

    @cached_property
    def twin(self) -> pa.Twin | None:
        """The twin of the amplifier that the net was trained for."""
        return None if self.capture is None else pa.fit(self.capture)

    def closed_loop(self, net: Net, parameters: Parameters | None = None) -> Metrics | None:
        """What the net, or its float parent, does in front of the twin on the test split: simulated.

        None without a capture.
        """
        if self.capture is None or self.twin is None:
            return None
        drive = integer(net) if parameters is None else floating(net, parameters)
        return judge(self.capture, self.twin, drive)


def trial(net: Net, capture: str = "") -> Trial:
    """Signals for a net: excerpts of the train and test split of a capture, else seeded band-limited noise.

    Parameters
    ----------
    net : Net
    capture : str
        Name or folder of the capture that the net was trained on;
        `bittrue.apps.dpd.captures.data.DEFAULT` if not given.
    """
    if net.input.shape == net.output.shape == (2,):
        try:
            found = data.load(capture or data.DEFAULT)
        except BadInput:
            found = None
        if found is not None:
            seen, x = (to_iq(_excerpt(found, split)) for split in ("train", "test"))
            named = f"{found.name}, test split" + ("" if capture else "; no recipe names another")
            return Trial(named, seen, x, found)
    title = "seeded band-limited noise, no capture at hand"
    return Trial(title, band_limited(net, 0), band_limited(net, 1))


def band_limited(net: Net, seed: int) -> Real:
    """Noise ``(SAMPLES, *input.shape)`` in the lowest fifth of the spectrum; the input format holds its peak."""
    shape = (SAMPLES, *net.input.shape)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(shape), axis=0)
    spectrum[int(len(spectrum) * BAND) :] = 0
    noise = np.fft.irfft(spectrum, SAMPLES, axis=0)
    largest = np.sqrt((noise.reshape(SAMPLES, -1) ** 2).sum(-1)).max()
    fmt = net.input.format
    return np.asarray(noise * (fmt.hi * fmt.scale / largest), dtype=np.float64)


def _excerpt(capture: Capture, split: str) -> Complex:
    x = capture.inputs[split]
    start = min(max(0, int(np.argmax(abs(x))) - SAMPLES // 2), max(0, len(x) - SAMPLES))
    return x[start : start + SAMPLES]
