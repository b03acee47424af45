"""A layer of the chip in training: a module of `bittrue.qat` with a stage to export, and the vendor's checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from bittrue.qat.ai8x.policy import LayerPolicy
from bittrue.qat.module import LayerModule
from bittrue.spec import Activation, Layer, TensorType
from bittrue.spec.stages import DATA, Pool, Stage, node_name


class Ai8xLayer(LayerModule):
    """One stage of the chip (`bittrue.spec.stages.Stage`), trained by the rules of ai8x-training.

    Parameters
    ----------
    layer : Layer
        What it computes, of `bittrue.spec`.
    stage : Stage
        What it is on the chip, without a name, a place in a graph, and parameters.

    Attributes
    ----------
    op : module of PyTorch's, or None
        Float parameters ``op.weight`` and ``op.bias``.
    bn : BatchNorm1d, BatchNorm2d or None
    quantize_activation : Tensor (1,)
        As ai8x checkpoints name it.
    """

    rank: ClassVar[int] = 1
    """Axes behind the channels that a pool or a convolution walks along."""
    buffers_at_start: ClassVar[dict[str, Any]] = {"quantize_activation": [False]}
    """What a checkpoint holds besides parameters, in its order."""

    quantize_activation: Tensor

    def __init__(self, layer: Layer, stage: Stage) -> None:
        super().__init__(layer, (TensorType((1,), DATA),))
        self.stage = stage
        self.op: nn.Module | None = None
        self.bn: nn.BatchNorm1d | nn.BatchNorm2d | None = None
        for name, value in self.buffers_at_start.items():
            self.register_buffer(name, torch.tensor(value))

    @property
    def pool(self) -> Pool | None:
        """What is pooled in front of the sum, if anything is."""
        return self.stage.pool

    @property
    def activation(self) -> Activation:
        """What is done to a rounded sum."""
        return self.stage.activation

    @property
    def wide(self) -> bool:
        """Whether the accumulator is the result."""
        return self.stage.wide

    @property
    def quantised(self) -> bool:  # type: ignore[override]
        """Whether `quantise` has been called, here or before the checkpoint was saved."""
        return bool(self.quantize_activation)

    def quantise(self, policy: LayerPolicy) -> None:
        """Quantise from now on. Raises `BadInput` where batch norm is not folded."""
        self.quantize_activation.fill_(True)

    def to_stage(self, name: str, **moves: Any) -> Stage:
        """The stage of the layer ``name``, with the present parameters in integers; ``moves`` are sources and shape."""
        return replace(self.stage, name=node_name(name), **moves)


def within(values: Tensor) -> Tensor:
    """Values clamped to what a word of the chip can hold."""
    return values.clamp(DATA.lo * DATA.scale, DATA.hi * DATA.scale)
