"""Which numbers carry sums of products of codes: floating point where that is exact, else int64."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.num import Format

Codes = npt.NDArray[np.int64]
CARRIERS: tuple[tuple[int, type], ...] = ((1 << 24, np.float32), (1 << 53, np.float64))
"""Below which magnitude a type holds every integer."""


def carrier(largest: int) -> Any:
    """The fastest number type in which sums are exact, term by term and in any order, if none is larger.

    Below 2^24 a float32 matrix product makes no rounding error, below 2^53 a float64 one; NumPy leaves both to BLAS,
    and computes those of int64 itself, many times slower.
    """
    return next((kind for limit, kind in CARRIERS if largest < limit), np.int64)


def bound(weight: Codes, given: Format) -> int:
    """No partial sum ``sum_i weight[o, i] * x[i]`` is larger: ``sum_i |weight[o, i]| * |lo|`` with ``lo`` of ``given``.

    Exact below 2^53, and at least that beyond.

    Parameters
    ----------
    weight : int64 array (..., terms)
    given : Format
        That of ``x``.
    """
    return int(np.abs(weight.astype(np.float64)).sum(axis=-1).max()) * -given.lo  # a sum of up to 2^53 is exact
