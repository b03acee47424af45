"""The integer function of every layer, on arrays of codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import spec
from bittrue.ref import eltwise, pool, samples, weighted
from bittrue.ref.words import Words
from bittrue.spec import Layer, TensorType
from bittrue.spec.layer import rule

Codes = npt.NDArray[np.int64]

RULES: dict[type, Callable[..., Codes]] = {
    spec.MemoryTaps: samples.memory_taps,
    spec.ComplexFIR: samples.complex_fir,
    spec.Table: samples.table,
    spec.Dense: weighted.dense,
    spec.Conv: weighted.conv,
    spec.Pool: pool.pool,
    spec.Flatten: pool.flatten,
    spec.Reshape: pool.reshape,
    spec.Concat: pool.concat,
    spec.Upsample: pool.upsample,
    spec.Interleave: pool.interleave,
    spec.Constant: pool.constant,
    spec.Add: eltwise.add,
    spec.Sub: eltwise.add,
    spec.Mul: eltwise.mul,
    spec.ComplexMul: eltwise.complex_mul,
    spec.Bitwise: eltwise.bitwise,
}
"""``(layer, types, *inputs) -> codes`` by kind of layer."""


NARROW = (spec.Conv, spec.Dense, spec.Pool, spec.Flatten, spec.Reshape, spec.Concat, spec.Upsample, spec.Interleave)
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
