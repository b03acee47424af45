"""The integer function of every layer, on arrays of codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.ref import eltwise, pool, samples, weighted
from bittrue.ref.words import Words
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


NARROW = (Conv, Dense, Pool, Flatten, Reshape, Concat, Upsample, Interleave)
"""Kinds of layers whose rules take words of any width; the others compute in the words that they are given: int64."""


def evaluate(layer: Layer, types: Sequence[TensorType], *inputs: Words) -> Codes:
    """Output codes ``(N, ...)`` of one layer for input codes ``(N, ...)`` of the given types.

    A layer without inputs gives one sample. Raises `BadInput` for a kind of layer without a rule.
    """
    return evaluate_words(layer, types, *inputs).astype(np.int64, copy=False)


def evaluate_words(layer: Layer, types: Sequence[TensorType], *inputs: Words) -> Words:
    """What `evaluate` gives, in words of any width that holds it."""
    found: Any = rule(RULES, layer, "the reference leg has no rule for")
    if not isinstance(layer, NARROW):
        inputs = tuple(x.astype(np.int64, copy=False) for x in inputs)
    result: Words = found(layer, types, *inputs)
    return result
