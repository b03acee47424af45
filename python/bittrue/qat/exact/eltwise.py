"""The integer functions of element-by-element operations on int64 tensors."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from bittrue.qat.eltwise import added, combine, complex_product
from bittrue.qat.features import requantise
from bittrue.spec import Add, Bitwise, ComplexMul, Mul, Sub, TensorType


def add(layer: Add | Sub, types: Sequence[TensorType], *inputs: Tensor) -> Tensor:
    """Of `bittrue.spec.Add` and `Sub`."""
    formats = [given.format for given in types]
    frac = layer.acc_frac(formats)
    # further than 62 bits the operand is 0, or the sum would not fit
    aligned = (x << min(frac - fmt.frac, 62) for x, fmt in zip(inputs, formats, strict=True))
    return requantise(added(layer, *aligned), layer.shift(formats), layer.output)


def mul(layer: Mul, types: Sequence[TensorType], a: Tensor, b: Tensor) -> Tensor:
    """Of `bittrue.spec.Mul`."""
    return requantise(a * b, layer.shift([given.format for given in types]), layer.output)


def complex_mul(layer: ComplexMul, types: Sequence[TensorType], a: Tensor, b: Tensor) -> Tensor:
    """Of `bittrue.spec.ComplexMul`."""
    acc = complex_product(a, b, len(types[0].shape))
    return requantise(acc, layer.shift([given.format for given in types]), layer.output)


def bitwise(layer: Bitwise, types: Sequence[TensorType], *inputs: Tensor) -> Tensor:
    """Of `bittrue.spec.Bitwise`."""
    return combine(layer, *inputs)
