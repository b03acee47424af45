"""A traced module in float, operation by operation: what integers are measured against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from bittrue.qat.layers import module_of
from bittrue.qat.module import LayerModule
from bittrue.qat.tracing.graph import PLAIN, Graph
from bittrue.qat.tracing.operations import Pointwise, Real, Sum
from bittrue.spec import TensorType

BLOCK = 64
"""Samples that are computed together."""
KEPT = 1 << 14
"""Most values of a tensor that errors of formats are measured on."""


@torch.no_grad()
def put_parameters(module: LayerModule, operation: Sum) -> None:
    """Give the module of a weighted layer the float parameters of an operation; hold those that are not trained."""
    for name in ("weight", "bias"):
        parameter: nn.Parameter = getattr(module, name)
        parameter.copy_(torch.from_numpy(np.array(getattr(operation, name), order="C")))
        parameter.requires_grad_(name not in operation.frozen)


class FloatNet:
    """The float function of every operation of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self._functions = graph, dict[str, nn.Module | Pointwise]()
        for part in graph.parts:
            if isinstance(part.operation, Pointwise):
                self._functions[part.name] = part.operation
                continue
            types = [TensorType(graph.shapes[source], PLAIN.output) for source in part.inputs]
            module = module_of(part.operation.layer(types, PLAIN), types)
            module.quantised = False
            if isinstance(part.operation, Sum):
                put_parameters(module, part.operation)
            self._functions[part.name] = module

    @torch.no_grad()
    def __call__(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Every tensor by name, float64 ``(N, *shape)``, for samples of every input."""
        values = {name: tensor.to("cpu", torch.float64) for name, tensor in inputs.items()}
        count = len(next(iter(values.values())))
        for part in self.graph.parts:
            function = self._functions[part.name]
            if isinstance(function, Pointwise):
                values[part.name] = function.function(values[part.inputs[0]]).to(torch.float64)
            else:
                found: Tensor = function(*(values[source] for source in part.inputs))
                values[part.name] = (found if part.inputs else found.expand(count, *found.shape)).to(torch.float64)
        return values

    def blocks(self, inputs: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        """The same, `BLOCK` samples at a time."""
        count = len(next(iter(inputs.values())))
        for first in range(0, count, BLOCK):
            yield self({name: tensor[first : first + BLOCK] for name, tensor in inputs.items()})


@dataclass
class Seen:
    """What values of a tensor are like: the smallest, the largest, and some of them at equal distances."""

    low: float
    high: float
    values: Real

    def with_other(self, other: Seen) -> Seen:
        """What both are like."""
        return Seen(min(self.low, other.low), max(self.high, other.high), np.concatenate([self.values, other.values]))


def measured(net: FloatNet, inputs: Mapping[str, Tensor]) -> dict[str, Seen]:
    """Every tensor on samples of all inputs."""
    found: dict[str, Seen] = {}
    blocks = -(-len(next(iter(inputs.values()))) // BLOCK)
    for values in net.blocks(inputs):
        for name, tensor in values.items():
            flat = tensor.reshape(-1)
            step = max(1, len(flat) * blocks // KEPT)
            seen = Seen(float(flat.min()), float(flat.max()), flat[::step].numpy().copy())
            found[name] = found[name].with_other(seen) if name in found else seen
    return found
