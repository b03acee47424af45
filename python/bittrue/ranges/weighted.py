"""Ranges of weighted sums: matrices and convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from bittrue.num import Format, Interval
from bittrue.ranges.range import Range
from bittrue.ranges.sums import Intervals, weighted_sums
from bittrue.spec import Abs, Activation, Conv, Dense, ReLU, TensorType


def dense(layer: Dense, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Dense`."""
    acc = weighted_sums(layer.weight, layer.bias, given[0])
    return Range(activated(acc, layer.shift(types[0].format), layer.activation, layer.output), acc)


def conv(layer: Conv, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """Of every window at once: where one reaches into the padding, terms are missing, as in a partial sum.

    Where zeros lie between the inputs, a window meets the weights of one phase (`bittrue.spec.Axis.phases`) only.
    """
    filters, channels = len(layer.weight) // layer.groups, layer.weight.shape[1]
    phases = [axis.phases(length) for axis, length in zip(layer.axes, types[0].shape[1:], strict=True)]
    acc: Intervals = ()
    for g in range(layer.groups):
        rows, source = slice(g * filters, (g + 1) * filters), given[0][g * channels : (g + 1) * channels]
        found = tuple(Interval(int(b), int(b)) for b in layer.bias[rows])
        for phase in product(*phases):
            weight = layer.weight[(rows, slice(None), *(along.weights for along in phase))].reshape(
                filters, channels, -1
            )
            terms = [x for x in source for _ in range(weight.shape[2])]
            sums = weighted_sums(weight.reshape(filters, -1), layer.bias[rows], terms)
            found = tuple(one.hull(two) for one, two in zip(found, sums, strict=True))
        acc += found
    return Range(activated(acc, layer.shift(types[0].format), layer.activation, layer.output), acc)


def activated(acc: Intervals, shift: int, activation: Activation, output: Format) -> Intervals:
    """What an activation makes of accumulators, in the output format."""
    slope = activation.negative_shift

    def of(interval: Interval) -> Interval:
        if isinstance(activation, Abs):
            found = interval.requantised(shift, output).abs()
            return Interval(min(found.lo, output.hi), min(found.hi, output.hi))
        positive = Interval(max(interval.lo, 0), max(interval.hi, 0)).requantised(shift, output)
        if interval.lo >= 0 or isinstance(activation, ReLU):
            return positive
        negative = Interval(interval.lo, min(interval.hi, -1)).requantised(shift + (slope or 0), output)
        return negative if interval.hi < 0 else positive.hull(negative)

    return tuple(map(of, acc))
