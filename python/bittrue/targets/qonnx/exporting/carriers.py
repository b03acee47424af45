"""Which floating point carries integers exactly, and refusal where none does."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bittrue.errors import BadInput
from bittrue.num import Format, Interval

SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
LIMITS = {SINGLE: 1 << 24, DOUBLE: 1 << 53}
"""Up to which magnitude a type holds every integer."""
FRACS = range(-60, 121)
"""Fractional bits with which float32 keeps far from the ends of its exponents."""


def carrier(largest: int, fracs: Iterable[int], what: str) -> np.dtype[np.floating]:
    """The narrower type that holds all integers up to ``largest``, times ``2**-frac`` for each of ``fracs``.

    Raises `BadInput`, naming ``what``, where float64 does not.
    """
    if largest <= LIMITS[SINGLE] and all(frac in FRACS for frac in fracs):
        return SINGLE
    if largest <= LIMITS[DOUBLE]:
        return DOUBLE
    raise BadInput(
        f"{what} needs {largest.bit_length()} bits, and float64 holds integers of 53; narrow the weights or the inputs"
    )


def of_codes(fmt: Format, intervals: Iterable[Interval], what: str) -> np.dtype[np.floating]:
    """The type that carries a tensor whose channels lie in these intervals, or refusal as of `carrier`."""
    return carrier(max(interval.magnitude for interval in intervals), [fmt.frac], what)


def with_half(largest: int, shift: int) -> int:
    """The largest integer on the way to ``floor(acc * 2**-shift + 1/2)``, counted in the finest bit it needs."""
    return largest + (1 << (shift - 1)) if shift > 0 else (largest << (1 - shift)) + 1
