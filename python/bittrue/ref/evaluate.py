"""The integer function of every layer, on arrays of codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.ref import eltwise, pool, samples, weighted
from bittrue.spec import (
    Add,
    Bitwise,
    ComplexFIR,
    ComplexMul,
    Concat,
    Constant,
    Conv,
    Dense,
    Flatten,
    Interleave,
    Layer,
    MemoryTaps,
    Mul,
    Pool,
    Reshape,
    Sub,
    Table,
    TensorType,
    Upsample,
)
from bittrue.spec.layer import rule

Codes = npt.NDArray[np.int64]

RULES: dict[type, Callable[..., Codes]] = {
    MemoryTaps: samples.memory_taps,
    ComplexFIR: samples.complex_fir,
    Table: samples.table,
    Dense: weighted.dense,
    Conv: weighted.conv,
    Pool: pool.pool,
    Flatten: pool.flatten,
    Reshape: pool.reshape,
    Concat: pool.concat,
    Upsample: pool.upsample,
    Interleave: pool.interleave,
    Constant: pool.constant,
    Add: eltwise.add,
    Sub: eltwise.add,
    Mul: eltwise.mul,
    ComplexMul: eltwise.complex_mul,
    Bitwise: eltwise.bitwise,
}
"""``(layer, types, *inputs) -> codes`` by kind of layer."""


def evaluate(layer: Layer, types: Sequence[TensorType], *inputs: Codes) -> Codes:
    """Output codes ``(N, ...)`` of one layer for input codes ``(N, ...)`` of the given types.

    A layer without inputs gives one sample. Raises `BadInput` for a kind of layer without a rule.
    """
    found: Any = rule(RULES, layer, "the reference leg has no rule for")
    result: Codes = found(layer, types, *inputs)
    return result
