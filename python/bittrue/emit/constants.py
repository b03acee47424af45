"""The constant tensors of a layer, as memories hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
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
from bittrue.spec import (
    Constant as ConstantLayer,
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
@constants.register(Eltwise)
@constants.register(Bitwise)
@constants.register(Pool)
@constants.register(Flatten)
@constants.register(Reshape)
@constants.register(Concat)
@constants.register(Upsample)
@constants.register(Interleave)
def _none(layer: Layer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return ()


@constants.register
def _(layer: Weighted, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    weight = Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits)
    return weight, Constant("bias", layer.bias, layer.acc_frac(types[0].format), None)


@constants.register
def _(layer: ComplexFIR, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("weight", layer.weight, layer.weight_format.frac, layer.weight_format.bits),)


@constants.register
def _(layer: Table, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("values", layer.values, layer.output.frac, layer.output.bits),)


@constants.register
def _(layer: ConstantLayer, types: Sequence[TensorType]) -> tuple[Constant, ...]:
    return (Constant("values", layer.values, layer.format.frac, layer.format.bits),)
