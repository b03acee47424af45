"""``demo.npz`` of a noise source: settings to turn, and the samples that the reference gives for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.reading import FIX, check_net, read
from bittrue.errors import BadInput

FORMAT, VERSION = "bittrue-demo-noise", 1
MOST_VALUES, MOST_SAMPLES = 64, 1 << 24
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Noise:
    """The content of ``demo.npz``.

    Parameters
    ----------
    net, hash : str
        Name of the net and hash of the source.
    parameter : str
        What is turned; empty for a source without parameters.
    values : float array (K,)
        Its values, ascending; one without meaning where there is no parameter.
    seed : int
    samples : int
        Of a frame.
    frac, lo, hi : int
        Of a sample: a code ``c`` stands for ``c * 2**-frac``.
    expected : int array (K, N)
        Samples for every value with a gain of 1, from frame 0 on; whole frames.
    """

    net: str
    hash: str
    parameter: str
    values: npt.NDArray[np.float64]
    seed: int
    samples: int
    frac: int
    lo: int
    hi: int
    expected: Codes

    @property
    def frames(self) -> int:
        """Frames that there are samples of."""
        return int(self.expected.shape[1]) // self.samples

    def due(self, value: int, first: int, count: int, gain: int) -> Codes:
        """Samples of ``count`` frames from ``first`` on: ``clamp(floor(gain * y * 2**-12 + 1/2), lo, hi)``."""
        plain = self.expected[value, first * self.samples : (first + count) * self.samples]
        return np.asarray(np.clip((plain * gain + (1 << 11)) >> 12, self.lo, self.hi))


def load(path: str | Path) -> Noise:
    """Read ``demo.npz``. Raises `BadInput` where it is missing, damaged, of another demo, or cannot be played."""
    about, arrays = read(path, (FORMAT, VERSION), {"values": ("f", 1), "expected": ("i", 2)})
    bits = about.whole("bits", 1, 32)
    found = Noise(
        net=about.text("net"),
        hash=about.text("hash"),
        parameter=about.text("parameter") if about.get("parameter") != "" else "",
        values=arrays["values"].astype(np.float64),
        seed=about.whole("seed", 0, (1 << 64) - 1),
        samples=about.whole("samples", 1, MOST_SAMPLES),
        frac=about.whole("frac", -128, 127),
        lo=-(1 << (bits - 1)),
        hi=(1 << (bits - 1)) - 1,
        expected=arrays["expected"].astype(np.int64),
    )
    _check(found, f"demo data {path}")
    return found


def check(found: Noise, manifest: Any) -> None:
    """Raise `BadInput` unless the demo data were made for the source of an overlay's manifest."""
    check_net(found, manifest)


def _check(found: Noise, what: str) -> None:
    """Raise `BadInput` where the arrays do not belong together."""
    rows, columns = found.expected.shape
    alike = rows == len(found.values) and columns and columns % found.samples == 0
    if not (0 < rows <= MOST_VALUES and columns <= MOST_SAMPLES and alike):
        raise BadInput(
            f"{what}: samples {found.expected.shape} of {len(found.values)} values and frames of {found.samples} do "
            f"not belong together; {FIX}"
        )
    if not np.isfinite(found.values).all() or found.expected.min() < found.lo or found.expected.max() > found.hi:
        raise BadInput(f"{what}: values or samples lie outside of what the source has; {FIX}")
