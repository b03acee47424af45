"""Layers that move codes, and constants."""

from __future__ import annotations

import numpy as np

from bittrue.targets.qonnx.exporting.carriers import DOUBLE, SINGLE, of_codes
from bittrue.targets.qonnx.exporting.sliding import reshaped
from bittrue.targets.qonnx.exporting.task import Task
from bittrue.targets.qonnx.graph import Graph, Tensor


def flatten(graph: Graph, task: Task) -> Tensor:
    """``Flatten``."""
    return graph.op("Flatten", task.operands, (task.shape, task.operands[0].kind), axis=1)


def reshape(graph: Graph, task: Task) -> Tensor:
    """``Reshape``."""
    return reshaped(graph, task.operands[0], task.shape)


def concat(graph: Graph, task: Task) -> Tensor:
    """``Concat`` of channels."""
    kind = DOUBLE if DOUBLE in {x.kind for x in task.operands} else SINGLE
    return graph.op("Concat", [graph.cast(x, kind) for x in task.operands], (task.shape, kind), axis=1)


def upsample(graph: Graph, task: Task) -> Tensor:
    """``Resize`` to the nearest, or ``Gather`` for float64."""
    (x,), factors = task.operands, task.layer.factors
    if x.kind == SINGLE:
        scales = graph.constant([1.0, 1.0, *factors], np.float32, "scales")
        how = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
        return graph.op("Resize", [x, graph.constant([], np.float32, "roi"), scales], (task.shape, x.kind), **how)
    for axis, factor in enumerate(factors, 2):
        index = graph.constant(np.arange(x.shape[axis]).repeat(factor), np.int64, "index")
        shape = (*x.shape[:axis], x.shape[axis] * factor, *x.shape[axis + 1 :])
        x = graph.op("Gather", [x, index], (shape, x.kind), axis=axis)
    return x


def interleave(graph: Graph, task: Task) -> Tensor:
    """Phases apart, between their samples, and together again."""
    (x,), factors = task.operands, task.layer.factors
    rank, (samples, channels, *_) = len(factors), task.shape
    apart = reshaped(graph, x, (samples, channels, *factors, *x.shape[2:]))
    order = [0, 1, *(axis for k in range(rank) for axis in (2 + rank + k, 2 + k))]
    moved = graph.op("Transpose", [apart], (tuple(apart.shape[k] for k in order), x.kind), perm=order)
    return reshaped(graph, moved, task.shape)


def constant(graph: Graph, task: Task) -> Tensor:
    """The values for every sample."""
    layer = task.layer
    kind = of_codes(layer.format, task.range.output, task.sums("a value"))
    values = np.ldexp(layer.values.astype(np.float64), -layer.format.frac)[np.newaxis]
    operands = [graph.constant(values, kind, "values"), graph.constant(task.shape, np.int64, "shape")]
    return graph.op("Expand", operands, (task.shape, kind))
