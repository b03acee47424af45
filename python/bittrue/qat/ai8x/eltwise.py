"""Branches that meet element by element, under the names that ai8x-training gives them."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from bittrue.errors import BadInput
from bittrue.qat.ai8x.layer import Ai8xLayer
from bittrue.qat.ai8x.policy import LayerPolicy
from bittrue.qat.eltwise import combine
from bittrue.qat.quantise import Grid, StraightThrough, nearest
from bittrue.spec import Bitwise, BitwiseOr, BitwiseXor
from bittrue.spec.stages import DATA, Join


class Eltwise(Ai8xLayer):
    """Two or more tensors of one shape, in full precision and clamped once: values in, values out.

    It has no parameters and is the same function before quantisation and after it, so a checkpoint holds nothing of it.
    """

    join: ClassVar[Join]

    def __init__(self) -> None:
        super().__init__(None)
        del self.quantize_activation

    @property
    def quantised(self) -> bool:
        """Always: operands on the grid ``1/128`` give results on it."""
        return True

    def quantise(self, policy: LayerPolicy) -> None:
        """Nothing changes."""

    def forward(self, *operands: Tensor) -> Tensor:
        """Values ``(N, C, ...)`` of all operands to values. Raises `BadInput` where shapes differ."""
        if len(operands) < 2 or len({operand.shape for operand in operands}) > 1:
            shapes = ", ".join(str(tuple(operand.shape)) for operand in operands)
            raise BadInput(f"{type(self).__name__} takes two or more tensors of one shape, not {shapes}; match them")
        return self._joined(*operands)

    def _joined(self, *operands: Tensor) -> Tensor:
        raise NotImplementedError


class Add(Eltwise):
    """``clamp(x_0 + x_1 + ...)``."""

    join: ClassVar[Join] = "add"

    def _joined(self, *operands: Tensor) -> Tensor:
        return _clamped(sum(operands[1:], operands[0]))


class Sub(Eltwise):
    """``clamp(x_0 - x_1 - ...)``."""

    join: ClassVar[Join] = "sub"

    def _joined(self, *operands: Tensor) -> Tensor:
        return _clamped(operands[0] - sum(operands[2:], operands[1]))


class _Bits(Eltwise):
    """Bits are those of int8 codes, also before quantisation; the gradient goes straight through to every operand."""

    layer: ClassVar[Bitwise]

    def _joined(self, *operands: Tensor) -> Tensor:
        grid = Grid.of(DATA)
        codes = (nearest(x.detach(), grid.frac).clamp(grid.lo, grid.hi).long() for x in operands)
        exact = combine(self.layer, *codes).to(operands[0].dtype) * DATA.scale
        result: Tensor = StraightThrough.apply(sum(operands[1:], operands[0]), exact)  # type: ignore[no-untyped-call]
        return result


class Xor(_Bits):
    """``x_0 ^ x_1 ^ ...`` of int8 codes."""

    join: ClassVar[Join] = "xor"
    layer: ClassVar[Bitwise] = BitwiseXor()


class Or(_Bits):
    """``x_0 | x_1 | ...`` of int8 codes."""

    join: ClassVar[Join] = "or"
    layer: ClassVar[Bitwise] = BitwiseOr()


def _clamped(x: Tensor) -> Tensor:
    return x.clamp(DATA.lo * DATA.scale, DATA.hi * DATA.scale)
