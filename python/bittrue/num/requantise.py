"""The one rounding rule of bittrue, for NumPy arrays: half up, arithmetic shift, saturate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num.arrays import int64
from bittrue.num.format import Format

Codes = npt.NDArray[np.int64]


def round_shift(acc: npt.ArrayLike, shift: int) -> Codes:
    """``floor(acc * 2**-shift + 1/2)``: round to nearest, ties toward plus infinity.

    ``shift <= 0`` is the exact left shift ``acc << -shift``.

    Parameters
    ----------
    acc : int64 array, any shape
        Accumulator codes. The rounding itself cannot overflow; a left shift that leaves int64 raises `BadInput`.
    shift : int
        Number of fractional bits to drop.
    """
    acc = int64(acc, "the accumulator")
    if shift > 63:  # |acc| <= 2**63, so |acc * 2**-shift| <= 1/2, and only a tie of plus one half would round up
        return np.zeros_like(acc)
    if shift > 0:
        return (acc >> shift) + (acc >> (shift - 1) & 1)
    if acc.size and shift < 0:
        limit = (1 << 63) >> -shift
        lo, hi = int(acc.min()), int(acc.max())
        if hi >= max(limit, 1) or lo < -limit:
            worst = hi if hi >= max(limit, 1) else lo
            raise BadInput(f"shifting {worst} left by {-shift} leaves 64 bits; narrow the accumulator")
    return acc << -shift


def saturate(codes: npt.ArrayLike, fmt: Format) -> Codes:
    """``clamp(codes, fmt.lo, fmt.hi)``."""
    return np.clip(int64(codes, "the word to clamp"), fmt.lo, fmt.hi)


def requantise(acc: npt.ArrayLike, shift: int, fmt: Format) -> Codes:
    """``clamp(floor(acc * 2**-shift + 1/2), fmt.lo, fmt.hi)``: the only rounding in the project.

    The MAX78002's output stage rounds the same way (ai8x documentation, "output shift").
    """
    if shift < 0:
        # A word that saturates anyway must not leave int64 on its way there.
        shift = max(shift, -62)
        acc = np.clip(int64(acc, "the accumulator"), (fmt.lo >> -shift) - 1, (fmt.hi >> -shift) + 1)
    return saturate(round_shift(acc, shift), fmt)
