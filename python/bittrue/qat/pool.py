"""The torch modules of pools: values ``(..., N, channels, *lengths)``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from bittrue.qat.module import LayerModule
from bittrue.qat.quantise import StraightThrough
from bittrue.qat.sums import places, unfolded
from bittrue.spec import Pool, TensorType


class PoolModule(LayerModule):
    """`Pool`: see `pooled`."""

    def forward(self, x: Tensor) -> Tensor:
        return pooled(self.layer, x, self.given[0].format.frac if self.quantised else None)


def pooled(layer: Any, x: Tensor, frac: int | None) -> Tensor:
    """A pool of values: the gradient of a maximum goes to the first of the largest, that of a mean is the mean's.

    Where ``frac`` is given the values are multiples of ``2**-frac``, and a mean is the exact sum, divided and cut off
    toward zero. A quotient of integers that is no whole number is so far from one that no type of float rounds it there
    whose bits hold the sum, so its integer part is exact.
    """
    if layer.kind == "max":
        batch, shape = x.shape[: -layer.rank - 1], x.shape[-layer.rank - 1 :]
        found = largest(layer, x.reshape(-1, *shape))
        return found.reshape(*batch, *found.shape[1:])
    if frac is None:
        return mean(layer, x)
    exact: Tensor = (summed(layer, x.detach()) * 2.0**frac / layer.places).trunc() * 2.0**-frac
    if not x.requires_grad:
        return exact
    result: Tensor = StraightThrough.apply(mean(layer, x), exact)  # type: ignore[no-untyped-call]
    return result


def largest(layer: Pool, x: Tensor) -> Tensor:
    """The largest of all windows of float ``x``, ``(N, channels, *lengths)``."""
    pool = (nn.functional.max_pool1d, nn.functional.max_pool2d)[layer.rank - 1]
    size, stride, dilation = ([getattr(axis, name) for axis in layer.axes] for name in ("size", "stride", "dilation"))
    found: Tensor = pool(x, size, stride, dilation=dilation)
    return found


def mean(layer: Pool, x: Tensor) -> Tensor:
    """The mean of all windows of float ``x``."""
    return unfolded(x, layer.axes).mean(tuple(range(-layer.rank, 0)))


def summed(layer: Pool, x: Tensor) -> Tensor:
    """The sums of all windows of ``x``, axis by axis."""
    for k, axis in enumerate(layer.axes):
        total: Any = sum(places(x, axis, k - layer.rank))
        x = total
    return x


def exact(layer: Pool, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """The integer function of a pool on int64 codes ``(N, channels, *lengths)``."""
    if layer.kind == "avg":
        return torch.div(summed(layer, x), layer.places, rounding_mode="trunc")
    for k, axis in enumerate(layer.axes):
        x = reduce(torch.maximum, places(x, axis, k - layer.rank))
    return x
