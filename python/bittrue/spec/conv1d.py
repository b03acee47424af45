"""Conv1d: filters that slide along a frame, one rounding a result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec.activation import Abs, Activation, Linear
from bittrue.spec.frame import check_products, frame_of, span, whole, windows
from bittrue.spec.layer import Layer, TensorType, frozen_codes, register

if TYPE_CHECKING:
    from bittrue.spec.net import Net


@register
@dataclass(frozen=True, eq=False)
class Conv1d(Layer):
    """``acc[o, n] = bias[o] + sum_{c, k} weight[o, c, k] * x[first + c, n * stride + k * dilation - padding]``.

    ``x`` is 0 outside the frame, and ``first = o // (O / groups) * (C / groups)`` is the first channel of the group of
    filter ``o``. Then the activation and one requantisation with ``s = x.frac + weight_format.frac - output.frac``, as
    in `Dense`.

    Parameters
    ----------
    weight : int64 array (O, C / groups, K)
        Codes of ``weight_format``. The sum is a correlation: weight ``k`` meets the ``k``-th sample of the window.
    bias : int64 array (O,)
        Codes at accumulator scale, ``x.frac + weight_format.frac`` fractional bits.
    weight_format : Format
        Its ``frac`` carries the layer's power-of-two exponent; 1-bit codes are -1 and 0.
    output : Format
    activation : Linear, ReLU, LeakyReLU or Abs
    padding : int
        Zeros on either side of the frame, 0 or more.
    dilation, stride : int
        Distance of neighbouring weights, and of neighbouring windows, in samples; 1 or more.
    groups : int
        Divides both ``C`` and ``O``; ``groups = C`` is a depthwise convolution.

    Raises
    ------
    BadInput
        For shapes that do not fit each other, a weight outside its format, or a frame that holds no window.
    """

    weight: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]
    weight_format: Format
    output: Format
    activation: Activation = field(default_factory=Linear)
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        weight = self.weight_format.check(self.weight, "Conv1d.weight")
        object.__setattr__(self, "weight", frozen_codes(weight, 3, "Conv1d.weight"))
        object.__setattr__(self, "bias", frozen_codes(self.bias, 1, "Conv1d.bias"))
        for name in ("padding", "dilation", "groups", "stride"):
            object.__setattr__(self, name, whole(getattr(self, name), int(name != "padding"), f"Conv1d {name}"))
        if len(self.bias) != len(self.weight):
            raise BadInput(f"Conv1d has {len(self.weight)} filters and {len(self.bias)} biases; give one a filter")
        if len(self.weight) % self.groups:
            raise BadInput(
                f"Conv1d has {len(self.weight)} filters in {self.groups} groups; the groups must divide them"
            )

    def output_type(self, *inputs: TensorType) -> TensorType:
        given = frame_of(inputs, "Conv1d")
        channels, length = given.shape
        if channels != self.weight.shape[1] * self.groups:
            raise BadInput(
                f"Conv1d weighs {self.weight.shape[1]} channels in each of {self.groups} groups, but is fed "
                f"{channels} channels; match them"
            )
        TensorType((channels, length + 2 * self.padding), given.format)  # what is summed, zeros included
        count = windows(length, self.weight.shape[2], self.stride, self.dilation, self.padding)
        check_products(self.weight.size * count, "Conv1d")
        return TensorType((len(self.weight), count), self.output)

    def shift(self, given: Format) -> int:
        """``s``: fractional bits that the requantisation drops, for inputs of format ``given``."""
        return given.frac + self.weight_format.frac - self.output.frac

    @property
    def span(self) -> int:
        """Samples from the first to the last of a window."""
        return span(self.weight.shape[2], self.dilation)

    @classmethod
    def example(cls) -> Net:
        from bittrue.spec.net import Net, Node

        fmt, narrow = Format.parse("Q1.7"), Format.parse("Q-2.4")
        weight = (np.arange(6 * 2 * 3) * 101 % 256 + fmt.lo).reshape(6, 2, 3)
        first = cls(weight, np.array([900, -7000, 0, 64, 5000, -1]), fmt, Format.parse("Q2.6"), Abs(), 2, 2, 2)
        signs = np.where(np.arange(3 * 6 * 2).reshape(3, 6, 2) * 5 % 7 < 3, -1, 1)
        second = cls(signs, np.array([0, -100, 33]), narrow, Format.parse("Q3.5"), Linear(), 1, stride=3)
        nodes = (Node("grouped", first, ("input",)), Node("signs", second, ("grouped",)))
        return Net("conv1d", TensorType((4, 9), fmt), nodes)
