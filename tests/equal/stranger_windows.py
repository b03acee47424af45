"""Layers of `stranger` on frames and images, and those that move codes, written from docs/net-format.md alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from stranger_numbers import (
    Format,
    Node,
    Result,
    Sample,
    Shape,
    Stream,
    Tensors,
    activate,
    demand,
    flat,
    parse_format,
    places,
)


def per_axis(value: Any) -> list[Any]:
    """A parameter, one an axis: a layer of frames has it alone."""
    return value if isinstance(value, list) else [value]


def window_count(padded: int, size: int, dilation: int, stride: int) -> int:
    """Windows along an axis."""
    found = (padded - (size - 1) * dilation - 1) // stride + 1
    demand(found >= 1, "no window fits")
    return found


def weighted(
    node: Node, tensors: Tensors, x: Stream, output: Format, counts: Shape, at: Callable[..., Sequence[int] | None]
) -> Result:
    """Weighted sums over windows; ``at(n, k)`` says which input meets weight ``k`` in window ``n``, if any does."""
    (filters, inner, *sizes), (_, *lengths) = tensors["weight"].shape, x.shape
    weight, bias, area, kernel = tensors["weight"].values, tensors["bias"].values, math.prod(lengths), math.prod(sizes)
    s = x.format.frac + parse_format(node["weight_format"]).frac - output.frac
    meetings = []
    for n in places(counts):
        inputs = [(k, at(n, place)) for k, place in enumerate(places(sizes))]
        meetings.append([(k, flat(lengths, where)) for k, where in inputs if where is not None])

    def acc(sample: Sample, o: int, meeting: list[tuple[int, int]]) -> int:
        first, total = o // (filters // node["groups"]) * inner, bias[o]
        for c in range(inner):
            total += sum(
                weight[(o * inner + c) * kernel + k] * sample[(first + c) * area + where] for k, where in meeting
            )
        return total

    def filtered(sample: Sample) -> Sample:
        sums = (acc(sample, o, meeting) for o in range(filters) for meeting in meetings)
        return tuple(activate(total, s, node["activation"], output) for total in sums)

    return [filters, *counts], map(filtered, x.samples)


def conv(node: Node, tensors: Tensors, inputs: list[Stream], output: Format) -> Result:
    """Filters along the axes of a group of channels, with zeros beyond the ends."""
    (x,), sizes = inputs, tensors["weight"].shape[2:]
    paddings = [node["padding"]] if len(sizes) == 1 else node["padding"]
    ends = [pad if isinstance(pad, list) else [pad, pad] for pad in paddings]
    strides, dilations = per_axis(node["stride"]), per_axis(node["dilation"])
    counts = [
        window_count(length + sum(pads), size, dilation, stride)
        for length, pads, size, dilation, stride in zip(x.shape[1:], ends, sizes, dilations, strides, strict=True)
    ]

    def at(n: Sample, k: Sample) -> list[int] | None:
        found = [
            window * stride + place * dilation - before
            for window, place, stride, dilation, (before, _) in zip(n, k, strides, dilations, ends, strict=True)
        ]
        inside = all(0 <= where < length for where, length in zip(found, x.shape[1:], strict=True))
        return found if inside else None

    return weighted(node, tensors, x, output, counts, at)


def conv_transpose(node: Node, tensors: Tensors, inputs: list[Stream], output: Format) -> Result:
    """The same where windows lie over the inputs with zeros between them."""
    (x,), sizes = inputs, tensors["weight"].shape[2:]
    keys = ("stride", "padding", "dilation", "output_padding")
    axes = list(zip(x.shape[1:], sizes, *(per_axis(node[key]) for key in keys), strict=True))
    demand(all(more < max(stride, dilation) for *_, stride, _, dilation, more in axes), "too much output padding")
    counts = [
        (length - 1) * stride - 2 * padding + (size - 1) * dilation + more + 1
        for length, size, stride, padding, dilation, more in axes
    ]

    def at(n: Sample, k: Sample) -> list[int] | None:
        found = []
        for window, place, (length, size, stride, padding, dilation, _) in zip(n, k, axes, strict=True):
            where = window + place * dilation - ((size - 1) * dilation - padding)
            if where % stride or not 0 <= where // stride < length:
                return None
            found.append(where // stride)
        return found

    return weighted(node, tensors, x, output, counts, at)


def pooled(node: Node, x: Stream, of: Callable[[list[int]], int]) -> Result:
    """``of`` every window of every channel."""
    sizes, strides, dilations = (per_axis(node[key]) for key in ("size", "stride", "dilation"))
    channels, *lengths = x.shape
    counts = [window_count(*axis) for axis in zip(lengths, sizes, dilations, strides, strict=True)]
    windows = []
    for c, *n in places([channels, *counts]):
        starts = [window * stride for window, stride in zip(n, strides, strict=True)]
        spots = (map(int.__mul__, k, dilations) for k in places(sizes))
        windows.append([flat(x.shape, [c, *map(int.__add__, starts, spot)]) for spot in spots])
    return [channels, *counts], (tuple(of([sample[k] for k in window]) for window in windows) for sample in x.samples)


def max_pool(node: Node, _: Tensors, inputs: list[Stream], __: Format) -> Result:
    """The largest."""
    return pooled(node, inputs[0], max)


def avg_pool(node: Node, _: Tensors, inputs: list[Stream], __: Format) -> Result:
    """The mean without its fraction."""

    def mean(window: list[int]) -> int:
        total = sum(window)
        return abs(total) // len(window) * (1 if total > 0 else -1)

    return pooled(node, inputs[0], mean)


def flatten(_: Node, __: Tensors, inputs: list[Stream], ___: Format) -> Result:
    """What stood in C order already."""
    (x,) = inputs
    demand(len(x.shape) > 1, "flat already")
    return [math.prod(x.shape)], iter(x.samples)


def reshape(node: Node, _: Tensors, inputs: list[Stream], __: Format) -> Result:
    """The same in C order."""
    (x,) = inputs
    demand(math.prod(node["shape"]) == math.prod(x.shape), "another number of elements")
    return node["shape"], iter(x.samples)


def concat(_: Node, __: Tensors, inputs: list[Stream], ___: Format) -> Result:
    """The channels of all inputs, which is one after the other in C order."""
    demand(len({(x.format, *x.shape[1:]) for x in inputs}) == 1, "inputs of one format and size are needed")
    rows = zip(*(x.samples for x in inputs), strict=True)
    shape = [sum(x.shape[0] for x in inputs), *inputs[0].shape[1:]]
    return shape, (tuple(itertools.chain.from_iterable(samples)) for samples in rows)


def moved(x: Stream, shape: Shape, origin: Callable[..., Sequence[int]]) -> Result:
    """What stands at ``origin(place)``, for every place of the output."""
    order = [flat(x.shape, origin(*place)) for place in places(shape)]
    return shape, (tuple(sample[k] for k in order) for sample in x.samples)


def upsample(node: Node, _: Tensors, inputs: list[Stream], __: Format) -> Result:
    """Every element several times along each axis."""
    (x,), factors = inputs, node["factors"]
    shape = [x.shape[0], *map(int.__mul__, x.shape[1:], factors)]
    return moved(x, shape, lambda c, *n: [c, *map(int.__floordiv__, n, factors)])


def interleave(node: Node, _: Tensors, inputs: list[Stream], __: Format) -> Result:
    """Neighbouring channels as neighbouring elements."""
    (x,), factors = inputs, node["factors"]
    demand(x.shape[0] % math.prod(factors) == 0, "the factors do not divide the channels")
    shape = [x.shape[0] // math.prod(factors), *map(int.__mul__, x.shape[1:], factors)]
    if len(factors) == 1:
        (r,) = factors
        return moved(x, shape, lambda c, n: [c * r + n % r, n // r])
    r, s = factors
    return moved(x, shape, lambda c, h, w: [(c * r + h % r) * s + w % s, h // r, w // s])


def constant(_: Node, tensors: Tensors, __: list[Stream], ___: Format) -> Result:
    """The same for every sample."""
    return tensors["values"].shape, itertools.repeat(tensors["values"].values)
