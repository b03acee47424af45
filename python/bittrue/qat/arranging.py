"""Layers that move values and compute nothing, on tensors of every type of number: ``(..., N, *shape)``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from bittrue.qat.module import LayerModule
from bittrue.spec import Concat, Constant, Flatten, Interleave, Reshape, TensorType, Upsample
from bittrue.spec.layer import rule


def flatten(layer: Flatten, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """All axes of a sample as one."""
    return x.flatten(-len(types[0].shape))


def reshape(layer: Reshape, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """The same elements in another shape."""
    return x.reshape(*x.shape[: -len(types[0].shape)], *layer.shape)


def concat(layer: Concat, types: Sequence[TensorType], *inputs: Tensor) -> Tensor:
    """All channels, one tensor after the other."""
    return torch.cat(inputs, -len(types[0].shape))


def upsample(layer: Upsample, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """Every sample as often as the factor of each axis says."""
    for k, factor in enumerate(layer.factors):
        x = x.repeat_interleave(factor, k - len(layer.factors))
    return x


def interleave(layer: Interleave, types: Sequence[TensorType], x: Tensor) -> Tensor:
    """The channels taken apart into ``(channels, *factors)``, and each factor moved behind its axis."""
    rank, (channels, *lengths) = len(layer.factors), layer.output_type(*types).shape
    batch = x.shape[: -rank - 1]
    apart = x.reshape(*batch, channels, *layer.factors, *x.shape[-rank:])
    before = len(batch) + 1
    order = [axis for k in range(rank) for axis in (before + rank + k, before + k)]
    return apart.permute(*range(before), *order).reshape(*batch, channels, *lengths)


RULES: dict[type, Callable[..., Tensor]] = {
    Flatten: flatten,
    Reshape: reshape,
    Concat: concat,
    Upsample: upsample,
    Interleave: interleave,
}
"""``(layer, types, *inputs) -> tensor`` by kind of layer."""


class MovingModule(LayerModule):
    """A layer that moves values; the gradient goes where they came from."""

    def forward(self, *inputs: Tensor) -> Tensor:
        result: Tensor = rule(RULES, self.layer, "the torch leg has no rule for")(self.layer, self.given, *inputs)
        return result


class ConstantModule(LayerModule):
    """`Constant`: its values ``(*shape)``, which are not trained, for every sample."""

    values: Tensor

    def __init__(self, layer: Constant, given: Sequence[TensorType]) -> None:
        super().__init__(layer, given)
        self.register_buffer("values", torch.from_numpy(layer.format.decode(layer.values)), persistent=False)

    def forward(self) -> Tensor:
        return self.values


def constant(layer: Constant, types: Sequence[TensorType]) -> Tensor:
    """The codes ``(*shape)`` of a constant."""
    return torch.tensor(layer.values)
