"""What callers give as an array, as a plain NumPy array of numbers: nothing is dropped, cut off or guessed."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown


def integer(value: object) -> int | None:
    """``value`` as a Python integer, or ``None`` where it is none; truth values are none."""
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return int(operator.index(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def plain(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    """``values`` as an array of whatever type they have.

    Raises `BadInput`, naming ``what``, for masked elements (an array would show what the mask hides) and for what makes
    no array, such as rows of different lengths.
    """
    if isinstance(values, np.ma.MaskedArray) and (masked := int(np.ma.getmaskarray(values).sum())):
        raise BadInput(f"{what} has {masked} masked elements; fill them (numpy.ma.filled) or cut them out first")
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise BadInput(
            f"{what} is no array of numbers ({shown(str(error))}); give one, all rows equally long"
        ) from None


def int64(values: npt.ArrayLike, what: str) -> npt.NDArray[np.int64]:
    """``values`` as int64. Raises `BadInput`, naming ``what``, for numbers that are no integers or beyond 64 bits."""
    array = plain(values, what)
    if array.dtype.kind not in "iu":
        raise BadInput(f"{what} holds {array.dtype} numbers and integers are needed; encode values first")
    if array.dtype == np.uint64 and array.size and int(array.max()) >= 1 << 63:
        raise BadInput(f"{what} holds {int(array.max())}, beyond the 2^63 - 1 of int64; narrow it")
    return array.astype(np.int64, copy=False)


def float64(values: npt.ArrayLike, what: str) -> npt.NDArray[np.float64]:
    """``values`` as float64, every one exactly.

    Raises `BadInput`, naming ``what``, for complex numbers, text, objects, and numbers that float64 would round.
    """
    array = plain(values, what)
    if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
        raise BadInput(f"{what} holds {array.dtype} numbers; give real values as float64, 32 or 16")
    result = array.astype(np.float64, copy=False)
    if array.dtype.kind in "iu" and array.size and max(int(array.max()), -int(array.min())) > 1 << 53:
        raise BadInput(f"{what} holds integers beyond 2^53, which float64 rounds; give codes, or smaller values")
    return result
