"""Windows of plain operators, in any number type: a strided slice for each place of the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

import numpy as np

from bittrue.errors import BadInput
from bittrue.spec import Axis, Conv
from bittrue.targets.qonnx.graph import Graph, Tensor

PLACES = 4096
"""Most places of a window that are written out one by one."""


def check_places(axes: Sequence[Axis]) -> None:
    """Raise `BadInput` for a window of more than `PLACES` places."""
    if (places := prod(axis.size for axis in axes)) > PLACES:
        raise BadInput(
            f"a window of {places:,} places is written out in slices, {PLACES:,} at most; make it smaller, or its "
            f"words so narrow that float32 holds the sums"
        )


def products(graph: Graph, x: Tensor, layer: Conv, shape: tuple[int, ...]) -> Tensor:
    """``sum_{c, k} weight[o, c, k] * x[c, at(n, k)]`` of shape ``shape`` in float64: a matrix product for each ``k``.

    Raises `BadInput` for a window of more than `PLACES` places.
    """
    check_places(layer.axes)
    samples, filters, *counts = shape
    for axis, along in enumerate(layer.axes):
        x = _padded(graph, _spread(graph, x, axis + 2, along.upsampling), axis + 2, along)
    total: Tensor | None = None
    values = np.ldexp(_dense(layer).astype(np.float64), -layer.weight_format.frac)
    matrices = np.moveaxis(values, (0, 1), (-2, -1))
    for places, part in slices(graph, x, layer.axes, counts):
        flat = reshaped(graph, part, (samples, part.shape[1], int(np.prod(counts))))
        where = ",".join(map(str, places))
        matrix = graph.constant(matrices[places], x.kind, f"weight[{where}]")
        term = graph.op("MatMul", [matrix, flat], ((samples, filters, flat.shape[2]), x.kind))
        total = term if total is None else graph.op("Add", [total, term], term)
    assert total is not None
    return reshaped(graph, total, shape)


def slices(
    graph: Graph, x: Tensor, axes: Sequence[Axis], counts: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], Tensor]]:
    """For every place of the window its index and ``x[.., n * stride + place * dilation]`` for all ``n``."""
    for places in product(*(range(axis.size) for axis in axes)):
        starts = [place * axis.dilation for place, axis in zip(places, axes, strict=True)]
        ends = [start + (count - 1) * axis.stride + 1 for start, count, axis in zip(starts, counts, axes, strict=True)]
        bounds = [starts, ends, list(range(2, 2 + len(axes))), [axis.stride for axis in axes]]
        numbers = [graph.constant(each, np.int64, "slice") for each in bounds]
        yield places, graph.op("Slice", [x, *numbers], ((*x.shape[:2], *counts), x.kind))


def _dense(layer: Conv) -> np.ndarray:
    """The weight ``(O, C, *K)`` with zeros where groups do not meet."""
    filters, channels = len(layer.weight) // layer.groups, layer.weight.shape[1]
    found = np.zeros((len(layer.weight), channels * layer.groups, *layer.weight.shape[2:]), np.int64)
    for group in range(layer.groups):
        rows = slice(group * filters, (group + 1) * filters)
        found[rows, group * channels : (group + 1) * channels] = layer.weight[rows]
    return found


def _spread(graph: Graph, x: Tensor, axis: int, factor: int) -> Tensor:
    """``factor - 1`` zeros between neighbours along an axis, and behind the last."""
    if factor == 1:
        return x
    shape = x.shape
    apart = reshaped(graph, x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
    apart = _pad(graph, apart, axis + 1, 0, factor - 1)
    return reshaped(graph, apart, (*shape[:axis], shape[axis] * factor, *shape[axis + 1 :]))


def _padded(graph: Graph, x: Tensor, axis: int, along: Axis) -> Tensor:
    """Zeros at the ends; what upsampling put behind the last input is cut off, as negative numbers cut."""
    return _pad(graph, x, axis, along.before, along.after - (along.upsampling - 1))


def _pad(graph: Graph, x: Tensor, axis: int, before: int, after: int) -> Tensor:
    if not before and not after:
        return x
    pads = [0] * (2 * len(x.shape))
    pads[axis], pads[axis + len(x.shape)] = before, after
    shape = (*x.shape[:axis], x.shape[axis] + before + after, *x.shape[axis + 1 :])
    operands = [x, graph.constant(pads, np.int64, "pads"), graph.constant(0, x.kind)]
    return graph.op("Pad", operands, (shape, x.kind))


def reshaped(graph: Graph, x: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements under another shape."""
    return graph.op("Reshape", [x, graph.constant(shape, np.int64, "shape")], (tuple(shape), x.kind))
