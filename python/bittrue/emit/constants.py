"""The constant tensors of a layer, as memories hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.spec import (
    Add,
    AvgPool1d,
    ComplexFIR,
    Conv1d,
    Dense,
    Flatten,
    Layer,
    MaxPool1d,
    MemoryTaps,
    Table,
    TensorType,
)


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


@singledispatch
def constants(layer: Layer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    """The constant tensors of a layer that takes tensors of the given types."""
    raise BadInput(f"{type(layer).__name__}: no ROM export; register one in bittrue.emit.constants")


@constants.register(MemoryTaps)
@constants.register(Add)
@constants.register(MaxPool1d)
@constants.register(AvgPool1d)
@constants.register(Flatten)
def _none(layer: Layer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return ()


@constants.register(Dense)
@constants.register(Conv1d)
def _weighted(layer: Dense | Conv1d, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    weight = Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits)
    return weight, Constant("bias", layer.bias, types[0].format.frac + layer.weight_format.frac, None)


@constants.register
def _(layer: ComplexFIR, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits),)


@constants.register
def _(layer: Table, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("values", layer.values, layer.output.frac, layer.output.bits),)
