"""Pools."""

from __future__ import annotations

import numpy as np

from bittrue.targets.qonnx.exporting import quant
from bittrue.targets.qonnx.exporting.carriers import DOUBLE, SINGLE, carrier
from bittrue.targets.qonnx.exporting.sliding import check_places
from bittrue.targets.qonnx.exporting.task import Task
from bittrue.targets.qonnx.graph import Graph, Tensor


def pool(graph: Graph, task: Task) -> Tensor:
    """``MaxPool``, or the mean cut off toward zero: a Quant node that rounds ``DOWN``."""
    layer, (x,) = task.layer, task.operands
    axes = layer.axes
    window = {"kernel_shape": [axis.size for axis in axes], "strides": [axis.stride for axis in axes]}
    dilations = [axis.dilation for axis in axes]
    if layer.kind == "max":
        return graph.op("MaxPool", [x], (task.shape, x.kind), dilations=dilations, **window)
    largest = task.largest(0) * layer.places
    kind = carrier(largest + layer.places, [task.types[0].format.frac], task.sums("the sum of a window"))
    kind = DOUBLE if DOUBLE in (kind, x.kind) else SINGLE
    if kind == SINGLE and set(dilations) == {1} and not layer.places & (layer.places - 1):
        mean = graph.op("AveragePool", [x], (task.shape, kind), **window)
    else:  # the quotient of two integers of this size is never rounded up to the next one
        check_places(axes)
        total = _sum(graph, graph.cast(x, kind), task)
        mean = graph.op("Div", [total, graph.constant(layer.places, kind)], total)
    return quant.quantised(graph, mean, task.types[0].format, task.range.output, "DOWN")


def _sum(graph: Graph, x: Tensor, task: Task) -> Tensor:
    """Sums of all windows, axis by axis."""
    for number, axis in enumerate(task.layer.axes):
        count = task.shape[number + 2]
        total: Tensor | None = None
        for place in range(axis.size):
            start = place * axis.dilation
            bounds = [start], [start + (count - 1) * axis.stride + 1], [number + 2], [axis.stride]
            shape = (*x.shape[: number + 2], count, *x.shape[number + 3 :])
            part = graph.op("Slice", [x, *(graph.constant(b, np.int64, "slice") for b in bounds)], (shape, x.kind))
            total = part if total is None else graph.op("Add", [total, part], part)
        assert total is not None
        x = total
    return x
