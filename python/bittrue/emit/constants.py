"""The constant tensors of a layer, as memories hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import spec
from bittrue.spec import (
    Bitwise,
    ComplexFIR,
    Concat,
    Eltwise,
    Flatten,
    Interleave,
    Layer,
    MemoryTaps,
    Pool,
    Reshape,
    Table,
    TensorType,
    Upsample,
    Weighted,
)
from bittrue.spec.layer import rule


@dataclass(frozen=True)
class Constant:
    """A constant tensor of a layer.

    Parameters
    ----------
    name : str
        Its name in the layer, as in the net's weight file.
    codes : int64 array
    frac : int
        Fractional bits.
    bits : int or None
        Word width; ``None`` for a bias, whose width is common to the net.
    """

    name: str
    codes: npt.NDArray[np.int64]
    frac: int
    bits: int | None


def constants(layer: Layer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    """The constant tensors of a layer that takes tensors of the given types.

    Raises `BadInput` for a kind of layer without a rule.
    """
    found: Any = rule(RULES, layer, "the export of constants has no rule for")
    result: tuple[Constant, ...] = found(layer, types)
    return result


def _none(layer: Layer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return ()


def _weighted(layer: Weighted, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    weight = Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits)
    return weight, Constant("bias", layer.bias, layer.acc_frac(types[0].format), None)


def _complex_fir(layer: ComplexFIR, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits),)


def _table(layer: Table, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("values", layer.values, layer.output.frac, layer.output.bits),)


def _constant(layer: spec.Constant, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("values", layer.values, layer.format.frac, layer.format.bits),)


RULES: dict[type, Callable[..., tuple[Constant, ...]]] = {
    Weighted: _weighted,
    ComplexFIR: _complex_fir,
    Table: _table,
    spec.Constant: _constant,
    **dict.fromkeys((MemoryTaps, Eltwise, Bitwise, Pool, Flatten, Reshape, Concat, Upsample, Interleave), _none),
}
"""``(layer, types) -> constants`` by kind of layer."""
