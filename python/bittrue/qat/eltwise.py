"""The torch modules of element-by-element operations: values ``(..., N, *shape)``."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from bittrue.qat.module import LayerModule
from bittrue.qat.quantise import Grid, StraightThrough, codes, decode
from bittrue.spec import Add, Bitwise, BitwiseOr, Sub


class AddModule(LayerModule):
    """`Add` and `Sub`: the sum or the difference of the values, rounded once."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.result(added(self.layer, *inputs))


def added(layer: Add | Sub, first: Tensor, *others: Tensor) -> Tensor:
    """``x_0 + x_1 + ...``, or ``x_0 - (x_1 + ...)`` for `Sub`, of tensors of every type of number."""
    if isinstance(layer, Sub):
        return first - sum(others[1:], others[0])
    return sum(others, first)


class MulModule(LayerModule):
    """`Mul`: the product of the values, rounded once."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.result(a * b)


class ComplexMulModule(LayerModule):
    """`ComplexMul`: products of pairs of channels, rounded once."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.result(complex_product(a, b, len(self.given[0].shape)))


def complex_product(a: Tensor, b: Tensor, axes: int) -> Tensor:
    """``acc_I = a_I * b_I - a_Q * b_Q`` and ``acc_Q = a_I * b_Q + a_Q * b_I`` for tensors whose last axes are a sample.

    Channels lie first of these; they alternate I and Q.
    """
    index: list[Any] = [(..., slice(part, None, 2), *(slice(None),) * (axes - 1)) for part in (0, 1)]
    a_i, a_q, b_i, b_q = (x[part] for x in (a, b) for part in index)
    parts = torch.stack([a_i * b_i - a_q * b_q, a_i * b_q + a_q * b_i], dim=-axes)
    return parts.flatten(-axes - 1, -axes)


class BitwiseModule(LayerModule):
    """`Bitwise`: bits are those of codes, so operands are rounded to codes even where the layer is not quantised.

    The gradient goes straight through to every operand, as if the layer added them.
    """

    def forward(self, *inputs: Tensor) -> Tensor:
        fmt = self.given[0].format
        combined = combine(self.layer, *(codes(x.detach(), Grid.of(fmt)) for x in inputs))
        exact = decode(combined, fmt).to(inputs[0].dtype)
        if not any(x.requires_grad for x in inputs):
            return exact
        result: Tensor = StraightThrough.apply(sum(inputs[1:], inputs[0]), exact)  # type: ignore[no-untyped-call]
        return result


def combine(layer: Bitwise, *inputs: Tensor) -> Tensor:
    """All int64 codes or-ed or xor-ed."""
    operation: Callable[..., Any] = torch.bitwise_or if isinstance(layer, BitwiseOr) else torch.bitwise_xor
    result: Tensor = reduce(operation, inputs)
    return result
