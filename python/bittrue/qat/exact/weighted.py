"""The integer functions of weighted sums on int64 tensors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from bittrue.qat.features import requantise
from bittrue.qat.sums import convolve, products
from bittrue.spec import Abs, Conv, Dense, LeakyReLU, ReLU, TensorType


def dense(layer: Dense, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """Of `bittrue.spec.Dense`."""
    acc = x @ torch.tensor(layer.weight).T + torch.tensor(layer.bias)
    return activated(layer, types[0], acc)


def conv(layer: Conv, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """Of `bittrue.spec.Conv`: one matrix product a group and phase."""
    acc = convolve(x, torch.tensor(layer.weight), layer.axes, layer.groups, products)
    return activated(layer, types[0], acc + torch.tensor(layer.bias).reshape(-1, *(1 for _ in layer.axes)))


def activated(layer: Dense | Conv, given: TensorType, acc: Tensor) -> Tensor:
    """The output codes of a layer for its accumulators."""
    shift, fmt, activation = layer.shift(given.format), layer.output, layer.activation
    y = requantise(acc.clamp(min=0) if isinstance(activation, ReLU) else acc, shift, fmt)
    if isinstance(activation, LeakyReLU):
        return torch.where(acc < 0, requantise(acc, shift + activation.shift, fmt), y)
    return y.abs().clamp(max=fmt.hi) if isinstance(activation, Abs) else y
