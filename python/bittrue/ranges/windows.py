"""Ranges of pools, and of layers that only move codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

from bittrue.num import Interval
from bittrue.ranges.range import Range
from bittrue.ranges.sums import Intervals, each, running_sum
from bittrue.spec import Concat, Constant, Flatten, Interleave, Pool, Reshape, TensorType, Upsample


def pool(layer: Pool, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """A mean lies between the smallest and the largest of its terms, and cutting it off does not leave them."""
    if layer.kind == "max":
        return Range(given[0])
    return Range(given[0], each(lambda x: running_sum(0, [x] * layer.places), given[0]))


def flatten(layer: Flatten, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Flatten`."""
    return Range(tuple(x for x in given[0] for _ in range(math.prod(types[0].shape[1:]))))


def reshape(layer: Reshape, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """Every new channel is a run of the elements: it holds what the old channels that it meets hold."""
    old, new = (math.prod(shape[1:]) for shape in (types[0].shape, layer.shape))
    runs = ((k * new // old, ((k + 1) * new - 1) // old + 1) for k in range(layer.shape[0]))
    return Range(tuple(reduce(Interval.hull, given[0][first:end]) for first, end in runs))


def concat(layer: Concat, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Concat`."""
    return Range(tuple(x for channels in given for x in channels))


def upsample(layer: Upsample, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Upsample`."""
    return Range(given[0])


def interleave(layer: Interleave, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Interleave`."""
    phases = math.prod(layer.factors)
    groups = (given[0][first : first + phases] for first in range(0, len(given[0]), phases))
    return Range(tuple(reduce(Interval.hull, group) for group in groups))


def constant(layer: Constant, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Constant`."""
    values = layer.values.reshape(len(layer.values), -1)
    return Range(tuple(Interval(int(row.min()), int(row.max())) for row in values))
