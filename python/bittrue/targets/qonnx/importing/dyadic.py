"""Numbers as integers times a power of two."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format, Interval

FINEST = 120
"""Most fractional bits that are looked for."""


def frac_of(values: npt.ArrayLike) -> int:
    """The least ``frac`` with which all ``values * 2**frac`` are integers (it may be negative); 0 for zeros."""
    array = np.asarray(values, dtype=np.float64)
    array = array[array != 0]
    if not array.size:
        return 0
    mantissa, exponent = np.frexp(array)
    digits = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    trailing = np.frexp((digits & -digits).astype(np.float64))[1] - 1
    return int((53 - exponent - trailing).max())


def codes_of(values: npt.ArrayLike, frac: int, what: str) -> npt.NDArray[np.int64]:
    """``values * 2**frac`` as integers. Raises `BadInput`, naming ``what``, where they are none or leave 62 bits."""
    scaled = np.ldexp(np.asarray(values, dtype=np.float64), frac)
    if not np.isfinite(scaled).all() or (np.abs(scaled) >= 2.0**62).any() or (scaled != np.floor(scaled)).any():
        raise BadInput(f"{what} are no whole multiples of 2^{-frac}; quantise them with a scale that is a power of two")
    return scaled.astype(np.int64)


def power_of_two(values: npt.ArrayLike) -> int | None:
    """``e`` where all values are ``2**e``, else None."""
    array = np.asarray(values, dtype=np.float64)
    mantissa, exponent = np.frexp(array)
    if not array.size or (mantissa != 0.5).any() or (exponent != exponent.flat[0]).any():
        return None
    return int(exponent.flat[0]) - 1


def half_even(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The nearest integers, of two equally near the even one: how other tools round, and no layer does."""
    below = np.floor(values)
    rest = values - below
    return np.asarray(below + ((rest > 0.5) | ((rest == 0.5) & (below % 2 == 1))))


def tight_format(codes: npt.NDArray[np.int64], frac: int) -> Format:
    """The shortest format of 2 bits or more that holds codes."""
    return Format(max(2, Interval(int(codes.min()), int(codes.max())).bits), frac)
