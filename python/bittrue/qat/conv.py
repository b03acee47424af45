"""The torch modules of weighted sums: matrices, and convolutions along any number of axes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bittrue.qat.activate import activate
from bittrue.qat.module import Biased
from bittrue.qat.sums import convolve, float32_holds, library, plain_on


class DenseModule(Biased):
    """`Dense`: ``acc = x @ weight.T + bias``, the activation, one rounding."""

    def forward(self, x: Tensor) -> Tensor:
        return activate(self, nn.functional.linear(x, self.parameter("weight"), self.parameter("bias")))


class ConvModule(Biased):
    """Every `Conv`: sums of products in float32 where they are exact there, the bias and the rounding in float64.

    float32 multiplies several times faster; whether it holds the sums is seen from the present weights, each time. On
    devices other than the CPU the sums are products of float64 matrices. A layer that is not quantised, of which nobody
    expects bits, always takes float32, and PyTorch's own convolution.
    """

    def forward(self, x: Tensor) -> Tensor:
        layer, weight = self.layer, self.parameter("weight")
        kind = torch.float32 if self.single(weight) else torch.float64
        plain = plain_on(weight.device) if self.quantised else library
        batch, shape = x.shape[: -layer.rank - 1], x.shape[-layer.rank - 1 :]
        sums = convolve(x.reshape(-1, *shape).to(kind), weight.to(kind), layer.axes, layer.groups, plain)
        acc = sums.to(torch.float64) + self.parameter("bias").reshape(-1, *(1 for _ in layer.axes))
        return activate(self, acc.reshape(*batch, *acc.shape[1:]))

    def single(self, weight: Tensor) -> bool:
        """Whether float32 will do for the products of these weights."""
        if not self.quantised:
            return True
        if weight.device.type != "cpu":  # libraries for other devices may take fewer bits of float32
            return False
        return float32_holds(weight.detach(), self.layer.weight_format.frac, self.given[0].format)
