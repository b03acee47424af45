"""Dense: matrix times vector plus bias, one rounding a neuron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec.activation import LeakyReLU
from bittrue.spec.layer import TensorType, register
from bittrue.spec.weighted import Weighted

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@register
@dataclass(frozen=True, eq=False)
class Dense(Weighted):
    """``acc[o] = bias[o] + sum_i weight[o, i] * x[i]``, then the activation and one requantisation.

    With ``F = x.frac + weight_format.frac`` fractional bits in the accumulator and ``s = F - output.frac``:
    ``y = requantise(acc, s)`` for the linear activation; see `bittrue.spec.activation` for the others.

    Parameters
    ----------
    weight : int64 array (outputs, inputs)
        Codes of ``weight_format``.
    bias : int64 array (outputs,)
        Codes at accumulator scale, ``F`` fractional bits.
    weight_format : Format
        Its ``frac`` carries the layer's power-of-two exponent.
    output : Format
    activation : Linear, ReLU, LeakyReLU or Abs

    Raises
    ------
    BadInput
        For shapes that do not fit each other, a weight outside its format, or a net that feeds another width.
    """

    def output_type(self, *inputs: TensorType) -> TensorType:
        (given,) = inputs
        if given.shape != (self.weight.shape[1],):
            raise BadInput(
                f"Dense weighs {self.weight.shape[1]} inputs, but is fed shape {given.shape}; match the widths"
            )
        return TensorType((len(self.weight),), self.output)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q2.6")
        weight = (np.arange(15) * 101 % 256 + fmt.lo).reshape(3, 5)
        weight[0] = fmt.lo
        bias = np.array([1 << 14, -(1 << 14) + 1, 77])
        layer = cls(weight, bias, fmt, Format.parse("Q3.5"), LeakyReLU(2))
        return Net("dense", TensorType((5,), Format.parse("Q1.7")), (Node("fc", layer, ("input",)),))
