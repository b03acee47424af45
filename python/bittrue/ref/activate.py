"""From accumulators to output codes: the activation and the one rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.num import Format, requantise
from bittrue.spec import Abs, Activation, LeakyReLU, ReLU

Codes = npt.NDArray[np.int64]


def activate(acc: Codes, shift: int, activation: Activation, output: Format) -> Codes:
    """Output codes of accumulators of any shape, ``shift`` fractional bits finer than ``output``."""
    if isinstance(activation, ReLU):
        acc = np.maximum(acc, 0)
    y = requantise(acc, shift, output)
    if isinstance(activation, LeakyReLU):
        y = np.where(acc < 0, requantise(acc, shift + activation.shift, output), y)
    if isinstance(activation, Abs):
        y = np.minimum(np.abs(y), output.hi)
    return y
