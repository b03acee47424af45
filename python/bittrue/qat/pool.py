"""The torch modules of pools: values ``(..., N, channels, *lengths)``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from bittrue.qat.module import LayerModule
from bittrue.qat.quantise import StraightThrough
from bittrue.qat.sums import places
from bittrue.spec import Axis, Pool, TensorType


class PoolModule(LayerModule):
    """`Pool`: the gradient of a maximum goes to the first of the largest, that of a mean is the mean's.

    A mean is the exact sum, cut off toward zero. The quotient of two integers below ``2**53`` never rounds up to the
    next integer in float64, so its integer part is exact.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.layer.kind == "avg":
            return self._mean(x)
        batch, shape = x.shape[: -self.layer.rank - 1], x.shape[-self.layer.rank - 1 :]
        pooled = largest(x.reshape(-1, *shape), self.layer.axes)
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


def largest(x: Tensor, axes: Sequence[Axis]) -> Tensor:
    """The largest of all windows of float ``x``, ``(N, channels, *lengths)``."""
    pool = (nn.functional.max_pool1d, nn.functional.max_pool2d)[len(axes) - 1]
    size, stride, dilation = ([getattr(axis, name) for axis in axes] for name in ("size", "stride", "dilation"))
    pooled: Tensor = pool(x, size, stride, dilation=dilation)
    return pooled


def summed(layer: Pool, x: Tensor) -> Tensor:
    """The sums of all windows of ``x``, axis by axis."""
    for k, axis in enumerate(layer.axes):
        first, *others = places(x, axis, k - layer.rank)
        x = sum(others, first)
    return x


def exact(layer: Pool, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """The integer function of a pool on int64 codes ``(N, channels, *lengths)``."""
    if layer.kind == "avg":
        return torch.div(summed(layer, x), layer.places, rounding_mode="trunc")
    for k, axis in enumerate(layer.axes):
        x = reduce(torch.maximum, places(x, axis, k - layer.rank))
    return x
