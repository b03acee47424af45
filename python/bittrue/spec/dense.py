"""Dense: matrix times vector plus bias, one rounding a neuron."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec.activation import Activation, LeakyReLU, Linear
from bittrue.spec.layer import Layer, TensorType, frozen_codes, register

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@register
@dataclass(frozen=True, eq=False)
class Dense(Layer):
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

    weight: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]
    weight_format: Format
    output: Format
    activation: Activation = field(default_factory=Linear)

    def __post_init__(self) -> None:
        super().__post_init__()
        weight = self.weight_format.check(self.weight, "Dense.weight")
        object.__setattr__(self, "weight", frozen_codes(weight, 2, "Dense.weight"))
        object.__setattr__(self, "bias", frozen_codes(self.bias, 1, "Dense.bias"))
        if len(self.bias) != len(self.weight):
            raise BadInput(f"Dense has {len(self.weight)} rows of weights and {len(self.bias)} biases; give one a row")

    def output_type(self, *inputs: TensorType) -> TensorType:
        (given,) = inputs
        if given.shape != (self.weight.shape[1],):
            raise BadInput(
                f"Dense weighs {self.weight.shape[1]} inputs, but is fed shape {given.shape}; match the widths"
            )
        return TensorType((len(self.weight),), self.output)

    def shift(self, given: Format) -> int:
        """``s``: fractional bits that the requantisation drops, for inputs of format ``given``."""
        return given.frac + self.weight_format.frac - self.output.frac

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt = Format.parse("Q2.6")
        weight = (np.arange(15) * 101 % 256 + fmt.lo).reshape(3, 5)
        weight[0] = fmt.lo
        bias = np.array([1 << 14, -(1 << 14) + 1, 77])
        layer = cls(weight, bias, fmt, Format.parse("Q3.5"), LeakyReLU(2))
        return Net("dense", TensorType((5,), Format.parse("Q1.7")), (Node("fc", layer, ("input",)),))
