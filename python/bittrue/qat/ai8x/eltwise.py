"""Branches that meet element by element, under the names that ai8x-training gives them."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from bittrue import spec
from bittrue.errors import BadInput
from bittrue.qat.ai8x.layer import Ai8xLayer, within
from bittrue.qat.ai8x.policy import LayerPolicy
from bittrue.qat.eltwise import AddModule, BitwiseModule
from bittrue.spec.stages import DATA, Join, Stage


class Eltwise(Ai8xLayer):
    """Two or more tensors of one shape, in full precision and clamped once: values in, values out.

    It has no parameters and is the same function before quantisation and after it, so a checkpoint holds nothing of it.
    """

    join: ClassVar[Join]
    meaning: ClassVar[spec.Layer]
    buffers_at_start: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__(self.meaning, Stage("layer", "none"))

    @property
    def quantised(self) -> bool:  # type: ignore[override]
        """Always: operands on the grid ``1/128`` give results on it."""
        return True

    def quantise(self, policy: LayerPolicy) -> None:
        """Nothing changes."""

    def result(self, values: Tensor) -> Tensor:
        return within(values)

    def forward(self, *operands: Tensor) -> Tensor:
        """Values ``(N, C, ...)`` of all operands to values. Raises `BadInput` where shapes differ."""
        if len(operands) < 2 or len({operand.shape for operand in operands}) > 1:
            shapes = ", ".join(str(tuple(operand.shape)) for operand in operands)
            raise BadInput(f"{type(self).__name__} takes two or more tensors of one shape, not {shapes}; match them")
        found: Tensor = super().forward(*operands)
        return found


class Add(Eltwise, AddModule):
    """``clamp(x_0 + x_1 + ...)``."""

    join, meaning = "add", spec.Add(DATA)


class Sub(Eltwise, AddModule):
    """``clamp(x_0 - x_1 - ...)``."""

    join, meaning = "sub", spec.Sub(DATA)


class Xor(Eltwise, BitwiseModule):
    """``x_0 ^ x_1 ^ ...`` of int8 codes, also before quantisation; the gradient goes straight through to all."""

    join, meaning = "xor", spec.BitwiseXor()


class Or(Eltwise, BitwiseModule):
    """``x_0 | x_1 | ...`` of int8 codes, as `Xor`."""

    join, meaning = "or", spec.BitwiseOr()
