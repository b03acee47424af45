"""The float net of a recipe, with the ranges of the integer net already in it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.topology import Conv

Values = dict[str, Tensor]
HIGHEST = 127 / 128
"""Largest activation: the code 127."""


class Stage(nn.Module):
    """Pooling, convolution, batch norm, ``/ 4``, ReLU, and no more than 127/128.

    The quarter is that of ai8x's fused layers: normalised values to four standard deviations fit in [-1, 1), and
    folding puts it into the weights.
    """

    def __init__(self, inputs: int, plan: Conv) -> None:
        super().__init__()
        self.plan = plan
        self.op = nn.Conv1d(inputs, plan.channels, plan.kernel, padding=plan.zeros)
        self.bn = nn.BatchNorm1d(plan.channels, momentum=0.05)

    def forward(self, x: Tensor) -> Tensor:
        """Float ``(B, inputs, L)`` in [-1, 1) to ``(B, channels, length)`` in [0, 1)."""
        normal: Tensor = self.bn(self.op(pooled(x, self.plan.pool, self.plan.average)))
        return (normal / 4).clamp(0.0, HIGHEST)


class Network(nn.Module):
    """All layers of a recipe: float ``(B, channels, length)`` in [-1, 1) to scores ``(B, 5)``, the largest wins."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.plan, inputs = recipe.net, len(recipe.input.channels)
        stages = []
        for layer in self.plan.conv:
            stages.append(Stage(inputs, layer))
            inputs = layer.channels
        self.conv = nn.ModuleList(stages)
        self.fc = nn.Linear(inputs * self.plan.lengths(recipe.input.length)[-1], len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        for stage in self.conv:
            x = stage(x)
        scores: Tensor = self.fc(pooled(x, self.plan.pool, self.plan.average).flatten(1))
        return scores


def pooled(x: Tensor, window: int, average: bool) -> Tensor:
    """Maximum or mean over windows side by side; what is left over at the end is dropped."""
    if window == 1:
        return x
    return functional.avg_pool1d(x, window) if average else functional.max_pool1d(x, window)


def copied(network: nn.Module) -> Values:
    """Parameters and buffers, detached from the module."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


class Average:
    """``a <- d * a + (1 - d) * p`` after every step, with ``d = min(decay, (1 + t) / (10 + t))`` after t steps.

    Counters, which are whole numbers, are copied.
    """

    def __init__(self, network: nn.Module, decay: float, values: Mapping[str, Tensor] | None = None) -> None:
        self.network, self.decay = network, decay
        self.values = {name: value.clone() for name, value in (values or copied(network)).items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """After step number ``step``."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)
            else:
                self.values[name].copy_(value)
