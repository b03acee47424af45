"""From sums of products, in whatever type carries them, to output codes: in 32 bits where those hold every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.num import Format
from bittrue.ref.activate import activate
from bittrue.spec import Abs, Activation, LeakyReLU, ReLU

Codes = npt.NDArray[np.int64]


def finish(sums: Any, largest: int, bias: Codes, shift: int, activation: Activation, output: Format) -> Any:
    """``activate(sums + bias, shift, activation, output)``; the codes come as int64 or, being the same, as int32.

    Parameters
    ----------
    sums : array of integers in any type; it may be overwritten
        None is larger than ``largest`` in magnitude.
    bias : int64 array
        Its shape stretches to that of ``sums``.
    """
    slope = activation.shift if isinstance(activation, LeakyReLU) else 0
    reach = largest + max(int(bias.max()), -int(bias.min())) + (1 << max(shift + slope - 1, 0))
    if shift < 1 or reach >= 1 << 31 or output.bits > 32:
        return activate(sums.astype(np.int64) + bias, shift, activation, output)
    acc = sums.astype(np.int32)
    acc += bias.astype(np.int32)
    if slope:
        below = _rounded(np.minimum(acc, 0), shift + slope)
        acc = _rounded(np.maximum(acc, 0, out=acc), shift)
        acc += below  # one of the two is 0
    else:
        acc = _rounded(acc, shift)
    lo = 0 if isinstance(activation, ReLU) else output.lo  # what is below 0 does not round to more than 0
    np.clip(acc, lo, output.hi, out=acc)
    return np.minimum(np.abs(acc), output.hi) if isinstance(activation, Abs) else acc


def _rounded(acc: npt.NDArray[np.int32], shift: int) -> npt.NDArray[np.int32]:
    """``floor(acc * 2**-shift + 1/2)`` in place, where the half does not leave 32 bits."""
    acc += 1 << shift - 1
    acc >>= shift
    return acc
