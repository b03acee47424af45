"""The integer functions of element-by-element operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from bittrue.num import requantise
from bittrue.spec import Bitwise, BitwiseOr, ComplexMul, Eltwise, Mul, Sub, TensorType

Codes = npt.NDArray[np.int64]


def add(layer: Eltwise, types: Sequence[TensorType], *inputs: Codes) -> Codes:
    """Of `bittrue.spec.Add` and `Sub`."""
    formats = [given.format for given in types]
    frac = layer.acc_frac(formats)
    first, *others = (x << (frac - fmt.frac) for x, fmt in zip(inputs, formats, strict=True))
    rest = sum(others, np.int64(0))
    return requantise(first - rest if isinstance(layer, Sub) else first + rest, layer.shift(formats), layer.output)


def mul(layer: Mul, types: Sequence[TensorType], a: Codes, b: Codes) -> Codes:
    """Codes of `Mul`."""
    return requantise(a * b, layer.shift([given.format for given in types]), layer.output)


def complex_mul(layer: ComplexMul, types: Sequence[TensorType], a: Codes, b: Codes) -> Codes:
    """Codes of `ComplexMul`."""
    acc = np.empty_like(a)
    acc[:, 0::2] = a[:, 0::2] * b[:, 0::2] - a[:, 1::2] * b[:, 1::2]
    acc[:, 1::2] = a[:, 0::2] * b[:, 1::2] + a[:, 1::2] * b[:, 0::2]
    return requantise(acc, layer.shift([given.format for given in types]), layer.output)


def bitwise(layer: Bitwise, types: Sequence[TensorType], *inputs: Codes) -> Codes:
    """Codes of `Bitwise`."""
    return reduce(np.bitwise_or if isinstance(layer, BitwiseOr) else np.bitwise_xor, inputs)
