"""The net of a recipe in training: layers of `bittrue.qat.ai8x`, float at first, then quantised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.topology import Conv
from bittrue.kit.training.averaging import Average
from bittrue.qat import ai8x


class Network(nn.Module):
    """All layers of a recipe: float ``(B, channels, length)`` in [-1, 1) to scores ``(B, 5)``, the largest wins.

    A convolution is ``relu(clamp(bn(conv(pool(x))) / 4, -1, 127/128))`` until it is `quantised`: activations have the
    range of the integer net from the first step. The quarter is that of ai8x's fused layers: normalised values to four
    standard deviations fit in [-1, 1), and folding puts it into the weights.

    Parameters
    ----------
    recipe : Recipe
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.recipe, plan, inputs = recipe, recipe.net, len(recipe.input.channels)
        stages = []
        for layer in plan.conv:
            stages.append(_convolution(inputs, layer))
            inputs = layer.channels
        self.conv = nn.ModuleList(stages)
        kind = ai8x.AvgPool1d if plan.average else ai8x.MaxPool1d
        self.pool = kind(plan.pool) if plan.pool > 1 else None
        self.fc = ai8x.Linear(inputs * plan.lengths(recipe.input.length)[-1], len(CLASSES), wide=True)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes; where quantised, those of the integer net as ``acc * 2**-(6 + bits)``."""
        for stage in self.conv:
            x = stage(x)
        if self.pool is not None:
            x = self.pool(x)
        scores: Tensor = self.fc(x.flatten(1))
        return scores

    def logits(self, x: Tensor) -> Tensor:
        """Scores in the units of the float weights, quantised or not: what a loss needs.

        The integer net's last layer leaves its power of two away, since it does not change which score is largest.
        """
        logits: Tensor = self(x) * 2.0 ** self.fc.shift()
        return logits


def quantised(network: Network) -> Network:
    """The network with batch norm folded and every layer quantised as ``[quantise]`` says, in place.

    Parameters are new ones, so an optimiser has to be made anew.
    """
    ai8x.initiate_qat(network, network.recipe.quantise.policy())
    return network


def _convolution(inputs: int, plan: Conv) -> ai8x.Conv1d:
    kind: type[ai8x.Conv1d] = ai8x.FusedConv1dBNReLU
    options: dict[str, Any] = {"padding": plan.zeros}
    if plan.pool > 1:
        kind = ai8x.FusedAvgPoolConv1dBNReLU if plan.average else ai8x.FusedMaxPoolConv1dBNReLU
        options |= {"pool_size": plan.pool, "pool_stride": plan.pool}
    return kind(inputs, plan.channels, plan.kernel, **options)


def average(network: nn.Module, decay: float, values: Mapping[str, Tensor] | None = None) -> Average:
    """The warm average of parameters and of the statistics of batch norm.

    Counters, and what says how a layer is quantised, are copied: a layer's shift follows from the averaged parameters.
    """
    return Average(network, decay, values, warm=True, averaged=_averaged)


def _averaged(name: str, value: Tensor) -> bool:
    return value.is_floating_point() and (".op." in name or ".bn." in name)
