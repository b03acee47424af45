"""Band-limited thermal noise: white noise through one of several Butterworth filters side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from scipy import signal

from bittrue.apps.noise.processes.law import Choice, Law
from bittrue.apps.noise.processes.process import Parameter, Process, Real
from bittrue.errors import BadInput, amount
from bittrue.kit.bounds import Within

ORDER = 40
"""Of the low-pass prototype; a band-pass has twice as many poles."""
SHORTEST = 3 * (2 * ORDER + 1) + 1
"""Fewest samples that the filter takes forwards and backwards."""


@dataclass(frozen=True)
class Bandpass(Process):
    """White N(0, 1) noise filtered forwards and backwards, so with ``|G(f)|^2`` and no delay, in ``bands`` bands.

    With ``h = 1 / (2 B + B - 1)`` of the Nyquist frequency, band b passes ``3 b h`` to ``3 b h + 2 h`` and the gaps are
    h wide; band 0 is a low-pass, the last a high-pass, the others band-passes, all Butterworth of order 40 as
    second-order sections (half the amplitude at the edges, after both ways). Source: Gustafsson, IEEE Trans. Signal
    Processing 44(4), 1996 (scipy.signal.sosfiltfilt).
    """

    bands: Annotated[int, Within(2, 32)] = 8

    TYPE = "bandpass"
    PARAMETER = Parameter("band", "band", 0, 31, 0, tuple(map(float, range(8))))

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` in band ``value``. Raises `BadInput` for a length that the filter cannot take."""
        if length < SHORTEST:
            raise BadInput(f"a signal of bandpass noise has {length:,} samples; its filter takes at least {SHORTEST}")
        white = generator.standard_normal(length)
        return np.asarray(signal.sosfiltfilt(_sections(int(value), self.bands), white), dtype=np.float64)

    def laws(self) -> Mapping[str, Law]:
        """``all``: a band for every signal, each as likely."""
        return {"all": Choice(tuple(map(float, range(self.bands))))}

    @property
    def stem(self) -> str:
        """``bandpass_8_bands``."""
        return f"{self.TYPE}_{self.bands}_bands"

    def check(self, value: float) -> None:
        """Raises `BadInput` for a band that is not there."""
        if value not in range(self.bands):
            raise BadInput(
                f"band is {amount(value)}; of {self.bands} bands it is a whole number from 0 to {self.bands - 1}"
            )

    def edges(self, band: int) -> tuple[float, float]:
        """Lowest and highest frequency of a band in units of the Nyquist frequency."""
        half = 1 / (3 * self.bands - 1)
        return 3 * band * half, (3 * band + 2) * half

    def sections(self, band: int) -> Real:
        """Second-order sections of a band's filter, float64 ``(S, 6)``."""
        return _sections(band, self.bands).copy()


@lru_cache(maxsize=64)
def _sections(band: int, bands: int) -> Real:
    low, high = Bandpass(bands).edges(band)
    if band == 0:
        found = signal.butter(ORDER, high, "lowpass", output="sos")
    elif band == bands - 1:
        found = signal.butter(ORDER, low, "highpass", output="sos")
    else:
        found = signal.butter(ORDER, (low, high), "bandpass", output="sos")
    return np.asarray(found, dtype=np.float64)
