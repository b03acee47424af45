"""Exact integer square root of NumPy arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num.arrays import int64


def isqrt(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """``floor(sqrt(v))``, exact for every int64 ``v >= 0``.

    A float64 square root, cut off, is right or one too large here, never too small (the rounding of a root below
    ``2**32`` hides that of its square); an integer comparison settles it.
    Raises `BadInput` for a negative value.
    """
    v = int64(values, "the radicand")
    if v.size and int(v.min()) < 0:
        raise BadInput(f"the integer square root of {int(v.min())} does not exist; pass values >= 0")
    root = np.sqrt(v.astype(np.float64)).astype(np.int64)  # at most 3_037_000_499, whose square int64 holds
    return np.asarray(root - (root * root > v))
