"""Sums of products of codes: in floating point where that is exact, else in int64."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.num import Format

Codes = npt.NDArray[np.int64]
CARRIERS: tuple[tuple[int, type], ...] = ((1 << 24, np.float32), (1 << 53, np.float64))
"""Below which magnitude a type holds every integer."""


def carrier(weight: Codes, given: Format) -> Any:
    """The fastest number type in which ``sum_i weight[o, i] * x[i]`` is exact, term by term and in any order.

    No partial sum is larger than ``sum_i |weight[o, i]| * |lo|`` with ``lo`` of the format of ``x``. Where that is
    below 2^24 a float32 matrix product makes no rounding error, below 2^53 a float64 one; NumPy leaves both to BLAS,
    and computes those of int64 itself, many times slower.

    Parameters
    ----------
    weight : int64 array (..., terms)
    given : Format
    """
    largest = bound(weight, given)
    return next((kind for limit, kind in CARRIERS if largest < limit), np.int64)


def bound(weight: Codes, given: Format) -> int:
    """No partial sum of ``weight[o, i] * x[i]`` is larger; exact below 2^53, and at least that beyond."""
    return int(np.abs(weight.astype(np.float64)).sum(axis=-1).max()) * -given.lo  # a sum of up to 2^53 is exact


def matrix_product(x: Codes, weight: Codes, given: Format) -> Codes:
    """``x @ weight.T`` for codes ``x (N, inputs)`` of format ``given`` and weights ``(outputs, inputs)``."""
    kind = carrier(weight, given)
    return (x.astype(kind) @ np.ascontiguousarray(weight.T, kind)).astype(np.int64)
