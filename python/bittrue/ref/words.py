"""How tensors are kept between layers: in the smallest words that hold their codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.num import Format

Words = npt.NDArray[np.signedinteger[Any]]


def words(fmt: Format) -> np.dtype[np.signedinteger[Any]]:
    """The smallest of int8, int16, int32 and int64 that holds every code of a format."""
    return np.dtype(f"int{next(bits for bits in (8, 16, 32, 64) if fmt.bits <= bits)}")
