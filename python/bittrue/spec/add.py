"""Add: the sum of parallel branches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.spec.frame import check_products
from bittrue.spec.layer import Layer, TensorType, register

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@register
@dataclass(frozen=True)
class Add(Layer):
    """``y = requantise(sum_k (x_k << (F - frac_k)), F - output.frac)`` with ``F`` the largest ``frac_k``.

    The operands keep all their bits until the one rounding. They have one shape; their formats may differ.
    """

    output: Format

    arity: ClassVar[int | None] = None

    def output_type(self, *inputs: TensorType) -> TensorType:
        shapes = {given.shape for given in inputs}
        if len(inputs) < 2 or len(shapes) != 1:
            raise BadInput(
                f"Add takes two or more tensors of one shape, not {shown([g.shape for g in inputs])}; match them"
            )
        check_products(len(inputs) * inputs[0].elements, "Add")
        return TensorType(inputs[0].shape, self.output)

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
