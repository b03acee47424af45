"""Eltwise: tensors of one shape, element by element; sums, differences and products are rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bittrue.errors import BadInput, listed, shown
from bittrue.num import Format
from bittrue.spec.layer import Layer, TensorType, register
from bittrue.spec.window import check_products

if TYPE_CHECKING:
    from bittrue.spec.net import Net


def one_shape(inputs: Sequence[TensorType], layer: str) -> tuple[int, ...]:
    """The shape that all inputs have; `BadInput` where there are fewer than two, or shapes differ."""
    shapes = [given.shape for given in inputs]
    if len(inputs) < 2 or len(set(shapes)) != 1:
        raise BadInput(f"{layer} takes two or more tensors of one shape, not {shown(shapes)}; match them")
    check_products(len(inputs) * inputs[0].elements, layer)
    return shapes[0]


@dataclass(frozen=True)
class Eltwise(Layer):
    """``y = requantise(acc, acc_frac - output.frac)``: the operands keep all their bits until the one rounding.

    They have one shape; their formats may differ. Raises `BadInput` for shapes that differ.
    """

    output: Format

    arity: ClassVar[int | None] = None

    def acc_frac(self, formats: Sequence[Format]) -> int:
        """Fractional bits of the accumulator for operands of these formats: the largest of theirs."""
        return max(fmt.frac for fmt in formats)

    def shift(self, formats: Sequence[Format]) -> int:
        """Fractional bits that the requantisation drops."""
        return self.acc_frac(formats) - self.output.frac

    def output_type(self, *inputs: TensorType) -> TensorType:
        return TensorType(one_shape(inputs, type(self).__name__), self.output)

    @classmethod
    def example(cls) -> Net:
        return _branches(cls.__name__.lower(), cls(Format.parse("Q1.7")))


@register
@dataclass(frozen=True)
class Add(Eltwise):
    """``acc = sum_k (x_k << (F - frac_k))`` with ``F`` the largest ``frac_k``."""

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.complex_fir import ComplexFIR, Term
        from bittrue.spec.net import Net, Node

        given, wide, narrow = Format.parse("Q1.9"), Format.parse("Q2.10"), Format.parse("Q3.7")
        fir = ComplexFIR((Term(0, (0,)),), np.array([[500, 77]]), given, given, wide)
        other = ComplexFIR((Term(0, (0, 2)),), np.array([[-511, 3], [9, 511]]), given, given, narrow)
        nodes = (
            Node("left", fir, ("input",)),
            Node("right", other, ("input",)),
            Node("sum", cls(Format.parse("Q1.7")), ("left", "right")),
        )
        return Net("add", TensorType((2,), given), nodes)


@register
@dataclass(frozen=True)
class Sub(Eltwise):
    """``acc = (x_0 << (F - frac_0)) - sum_{k > 0} (x_k << (F - frac_k))`` with ``F`` the largest ``frac_k``."""


@register
@dataclass(frozen=True)
class Mul(Eltwise):
    """``acc = x_0 * x_1``, with the fractional bits of both."""

    arity: ClassVar[int | None] = 2

    def acc_frac(self, formats: Sequence[Format]) -> int:
        """Fractional bits of the accumulator: those of both operands."""
        return sum(fmt.frac for fmt in formats)


@register
@dataclass(frozen=True)
class ComplexMul(Mul):
    """Products of complex numbers: channel ``2i`` holds the real parts (I), ``2i + 1`` the imaginary ones (Q).

    ``acc_I = a_I * b_I - a_Q * b_Q``, ``acc_Q = a_I * b_Q + a_Q * b_I``: a gain ``(2,)`` times a sample ``(2,)``.
    Raises `BadInput` for an odd number of channels.
    """

    def output_type(self, *inputs: TensorType) -> TensorType:
        result = super().output_type(*inputs)
        if result.shape[0] % 2:
            raise BadInput(
                f"ComplexMul takes pairs of channels (I, Q), not {result.shape[0]} channels; give an even number"
            )
        return result

    @classmethod
    def example(cls) -> Net:
        return _branches("complex_mul", cls(Format.parse("Q2.6")))


@dataclass(frozen=True)
class Bitwise(Layer):
    """An operation on the bits of two or more tensors of one shape and format, which the result has too.

    The codes are words in two's complement. Raises `BadInput` for shapes or formats that differ.
    """

    arity: ClassVar[int | None] = None

    def output_type(self, *inputs: TensorType) -> TensorType:
        name, formats = type(self).__name__, [given.format for given in inputs]
        shape = one_shape(inputs, name)
        if len(set(formats)) != 1:
            raise BadInput(f"{name} takes tensors of one format, not {listed(map(str, formats))}; match them")
        return TensorType(shape, formats[0])

    @classmethod
    def example(cls) -> Net:
        return _branches(cls.__name__.lower(), cls())


@register
@dataclass(frozen=True)
class BitwiseOr(Bitwise):
    """``y = x_0 | x_1 | ...``, bit by bit."""


@register
@dataclass(frozen=True)
class BitwiseXor(Bitwise):
    """``y = x_0 ^ x_1 ^ ...``, bit by bit."""


def _branches(name: str, layer: Layer) -> Net:
    """Two branches that meet in ``layer``."""
    from bittrue.spec.dense import Dense
    from bittrue.spec.net import Net, Node

    fmt = Format.parse("Q1.7")
    weight = (np.arange(4 * 4) * 101 % 256 + fmt.lo).reshape(4, 4)
    formats = [fmt] * 2 if isinstance(layer, Bitwise) else [Format.parse("Q2.8"), Format.parse("Q3.5")]
    nodes = (
        Node("left", Dense(weight, np.array([900, -7000, 0, 64]), fmt, formats[0]), ("input",)),
        Node("right", Dense(weight.T[::-1], np.array([0, 64, 5000, -1]), fmt, formats[1]), ("input",)),
        Node("both", layer, ("left", "right")),
    )
    return Net(name, TensorType((4,), fmt), nodes)
