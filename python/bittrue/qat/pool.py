"""The torch modules of pools: values ``(..., N, channels, *lengths)``."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn

from bittrue.qat.module import LayerModule
from bittrue.qat.quantise import StraightThrough
from bittrue.qat.sums import places
from bittrue.spec import Pool, TensorType


class PoolModule(LayerModule):
    """`Pool`: the gradient of a maximum goes to the first of the largest, that of a mean is the mean's.

    A mean is the exact sum, cut off toward zero. The quotient of two integers below ``2**53`` never rounds up to the
    next integer in float64, so its integer part is exact.
    """

    def forward(self, x: Tensor) -> Tensor:
        return self._largest(x) if self.layer.kind == "max" else self._mean(x)

    def _largest(self, x: Tensor) -> Tensor:
        layer: Pool = self.layer
        batch, shape = x.shape[: -layer.rank - 1], x.shape[-layer.rank - 1 :]
        pool = (nn.functional.max_pool1d, nn.functional.max_pool2d)[layer.rank - 1]
        numbers = ([getattr(axis, name) for axis in layer.axes] for name in ("size", "stride", "dilation"))
        size, stride, dilation = numbers
        pooled: Tensor = pool(x.reshape(-1, *shape), size, stride, dilation=dilation)
        return pooled.reshape(*batch, *pooled.shape[1:])

    def _mean(self, x: Tensor) -> Tensor:
        layer, frac = self.layer, self.given[0].format.frac
        mean: Tensor = summed(layer, x) / layer.places
        if not self.quantised:
            return mean
        exact: Tensor = (mean.detach() * 2.0**frac).trunc() * 2.0**-frac
        if not mean.requires_grad:
            return exact
        result: Tensor = StraightThrough.apply(mean, exact)  # type: ignore[no-untyped-call]
        return result


def summed(layer: Pool, x: Tensor) -> Tensor:
    """The sums of all windows of ``x``, axis by axis."""
    for k, axis in enumerate(layer.axes):
        first, *others = places(x, axis, k - layer.rank)
        x = sum(others, first)
    return x


def exact(layer: Pool, types: tuple[TensorType, ...], x: Tensor) -> Tensor:
    """The integer function of a pool on int64 codes ``(N, channels, *lengths)``."""
    if layer.kind == "avg":
        return torch.div(summed(layer, x), layer.places, rounding_mode="trunc")
    for k, axis in enumerate(layer.axes):
        x = reduce(torch.maximum, places(x, axis, k - layer.rank))
    return x
