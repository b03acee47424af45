"""The torch modules of the layers that slide along frames: values ``(..., N, channels, length)``."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bittrue.qat.activate import activate
from bittrue.qat.layers import module_of
from bittrue.qat.module import Biased, LayerModule
from bittrue.qat.quantise import StraightThrough
from bittrue.spec import AvgPool1d, Conv1d, Flatten, MaxPool1d

SINGLE = 1 << 24
"""float32 holds every integer below this magnitude."""
EXPONENT = 100
"""Most fractional bits of a product, either side of zero, that stay clear of the ends of float32."""


class Conv1dModule(Biased):
    """`Conv1d`: sums of products in float32 where they are exact there, the bias and the rounding in float64.

    No partial sum of products exceeds ``sum |weight| * |lo|``, with ``lo`` of the input's format; below ``2**24``
    float32 holds them all, and multiplies several times faster. It looks at the present weights, each time. A layer
    that is not quantised, of which nobody expects bits, always takes float32.
    """

    def forward(self, x: Tensor) -> Tensor:
        layer, weight = self.layer, self.parameter("weight")
        kind = torch.float32 if self.single(weight) else torch.float64
        frames = x.reshape(-1, *x.shape[-2:]).to(kind)
        sums = nn.functional.conv1d(
            frames, weight.to(kind), None, layer.stride, layer.padding, layer.dilation, layer.groups
        )
        acc = sums.to(torch.float64) + self.parameter("bias")[:, None]
        return activate(self, acc.reshape(*x.shape[:-2], *acc.shape[-2:]))

    @torch.no_grad()
    def single(self, weight: Tensor) -> bool:
        """Whether float32 will do for the products of these weights."""
        given, frac = self.given[0].format, self.layer.weight_format.frac
        if weight.device.type != "cpu":  # libraries for other devices choose ways to sum that are not plain sums
            return False
        if not self.quantised:
            return True
        largest = float(weight.abs().sum((1, 2)).max()) * 2.0**frac * -given.lo
        return bool(largest < SINGLE and abs(given.frac) + abs(frac) <= EXPONENT)


class MaxPool1dModule(LayerModule):
    """`MaxPool1d`: the gradient goes to the largest."""

    def forward(self, x: Tensor) -> Tensor:
        layer = self.layer
        frames = x.reshape(-1, *x.shape[-2:])
        pooled: Tensor = nn.functional.max_pool1d(frames, layer.size, layer.stride, dilation=layer.dilation)
        return pooled.reshape(*x.shape[:-2], *pooled.shape[-2:])


class AvgPool1dModule(LayerModule):
    """`AvgPool1d`: exact sums, cut off toward zero; the gradient is that of the mean.

    The quotient of two integers below ``2**53`` never rounds up to the next integer in float64, so its integer part is
    exact.
    """

    def forward(self, x: Tensor) -> Tensor:
        layer, frac = self.layer, self.given[0].format.frac
        last = x.shape[-1] - layer.axes[0].span + 1
        places = [x[..., k * layer.dilation : k * layer.dilation + last : layer.stride] for k in range(layer.size)]
        mean: Tensor = sum(places[1:], places[0]) / layer.size
        if not self.quantised:
            return mean
        exact: Tensor = (mean.detach() * 2.0**frac).trunc() * 2.0**-frac
        if not mean.requires_grad:
            return exact
        result: Tensor = StraightThrough.apply(mean, exact)  # type: ignore[no-untyped-call]
        return result


class FlattenModule(LayerModule):
    """`Flatten`: channel by channel."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(-2)


module_of.register(Conv1d, Conv1dModule)
module_of.register(MaxPool1d, MaxPool1dModule)
module_of.register(AvgPool1d, AvgPool1dModule)
module_of.register(Flatten, FlattenModule)
