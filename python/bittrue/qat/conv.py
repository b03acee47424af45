"""The torch modules of weighted sums: matrices, and convolutions along any number of axes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bittrue.qat.module import LayerModule
from bittrue.qat.sums import convolve, float32_holds, library, plain_on
from bittrue.qat.trained import Biased
from bittrue.spec import Abs, LeakyReLU, ReLU


class Sum(LayerModule):
    """Sums of products, a bias, an activation, one rounding: what every weighted layer does in training.

    Who trains says what the parameters are (`rounded`), when the sums must be the integers' and in which type of number
    they are (`exact`, `carrier`), and what comes of them (`result`, `finish`). A kind of layer is its `total`.
    """

    @property
    def exact(self) -> bool:
        """Whether every sum is that of the integers."""
        return self.quantised

    def rounded(self) -> tuple[Tensor, Tensor | None]:
        """Weight and bias as the forward pass sees them."""
        raise NotImplementedError

    def carrier(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> torch.dtype:
        """The type of number that products of these are summed in."""
        return torch.float64

    def total(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The accumulators of values and weights of one type of number."""
        raise NotImplementedError

    def finish(self, acc: Tensor) -> Tensor:
        """The output for values of accumulators: a slope on the sum, one rounding, a magnitude of the word."""
        activation, output = self.layer.activation, self.layer.output
        if isinstance(activation, ReLU):
            acc = acc.clamp(min=0.0)
        elif isinstance(activation, LeakyReLU):
            acc = torch.where(acc < 0, acc * 2.0**-activation.shift, acc)
        y = self.result(acc)
        if isinstance(activation, Abs):
            y = y.abs().clamp(max=output.hi * output.scale) if self.quantised else y.abs()
        return y

    def forward(self, x: Tensor) -> Tensor:
        """``finish(total(x, *rounded()))``."""
        weight, bias = self.rounded()
        kind = self.carrier(x, weight, bias)
        return self.finish(self.total(x.to(kind), weight.to(kind), bias))


class DenseSum(Sum):
    """``acc = x @ weight.T + bias``, values ``(..., inputs)``."""

    def total(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return nn.functional.linear(x, weight, None if bias is None else bias.to(x.dtype))


class ConvSum(Sum):
    """A convolution, values ``(..., channels, *lengths)``; the bias is added in its own type where that holds more."""

    def total(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        layer: Any = self.layer
        plain = plain_on(weight.device) if self.exact else library
        batch, shape = x.shape[: -layer.rank - 1], x.shape[-layer.rank - 1 :]
        acc = convolve(x.reshape(-1, *shape), weight, layer.axes, layer.groups, plain)
        if bias is not None:
            acc = acc + bias.reshape(-1, *(1 for _ in layer.axes))
        return acc.reshape(*batch, *acc.shape[1:])


class DenseModule(Biased, DenseSum):
    """`Dense`: summed in float64."""


class ConvModule(Biased, ConvSum):
    """Every `Conv`: sums of products in float32 where they are exact there, the bias and the rounding in float64.

    float32 multiplies several times faster; whether it holds the sums is seen from the present weights, each time. On
    devices other than the CPU the sums are products of float64 matrices. A layer that is not quantised, of which nobody
    expects bits, always takes float32, and PyTorch's own convolution.
    """

    def carrier(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> torch.dtype:
        return torch.float32 if self.single(weight) else torch.float64

    def single(self, weight: Tensor) -> bool:
        """Whether float32 will do for the products of these weights."""
        frac, given = self.layer.weight_format.frac, self.given[0].format
        return not self.exact or float32_holds(weight, frac, given)
