"""Exact ranges of every tensor and accumulator of a net, from its actual weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format, Interval
from bittrue.spec import (
    Abs,
    Activation,
    Add,
    AvgPool1d,
    ComplexFIR,
    Conv1d,
    Dense,
    Flatten,
    Layer,
    MaxPool1d,
    MemoryTaps,
    Net,
    ReLU,
    Table,
    TensorType,
)
from bittrue.spec.net import INPUT

Intervals = tuple[Interval, ...]


@dataclass(frozen=True)
class Range:
    """What a node can produce.

    Parameters
    ----------
    output : tuple of Interval
        One a channel: every reachable output code lies inside.
    acc : tuple of Interval
        One a channel, at accumulator scale: the running sum, started at the bias, stays inside whatever the order of
        the terms. Empty for layers without an accumulator.
    """

    output: Intervals
    acc: Intervals = ()

    @property
    def acc_bits(self) -> int:
        """Accumulator width in bits that never overflows; 0 without an accumulator."""
        alike = self.acc == self.acc[:1] * len(self.acc)  # quick to see where they are one object, as in wide tensors
        return max((interval.bits for interval in (self.acc[:1] if alike else self.acc)), default=0)


def ranges(net: Net) -> dict[str, Range]:
    """`Range` of every node of ``net`` by name, computed once a net.

    Raises `BadInput` where an accumulator needs more than 63 bits.
    """
    if net not in _KNOWN:
        _KNOWN[net] = _ranges(net)
    return dict(_KNOWN[net])


_KNOWN: WeakKeyDictionary[Net, dict[str, Range]] = WeakKeyDictionary()
"""A net does not change, so neither do its ranges."""


def _ranges(net: Net) -> dict[str, Range]:
    known: dict[str, Range] = {INPUT: Range((Interval.of(net.input.format),) * net.input.shape[0])}
    for node in net.nodes:
        given = [known[source].output for source in node.inputs]
        found = node_range(node.layer, net.input_types(node), given)
        if found.acc_bits > 63:
            raise BadInput(
                f"net {net.name}, node {node.name}: the accumulator needs {found.acc_bits} bits, more than 63; "
                f"narrow the weights or the inputs"
            )
        known[node.name] = found
    del known[INPUT]
    return known


@singledispatch
def node_range(layer: Layer, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """Range of one layer for inputs of the given types and channel intervals."""
    raise BadInput(f"bittrue.ranges has no rule for layer {type(layer).__name__}; register one")


def envelope_interval(given: Intervals, power: int) -> Interval:
    """``|x|**power`` before its requantisation, for I/Q intervals; scale ``power * frac``."""
    squared = given[0].power(2) + given[1].power(2)
    return {1: squared.isqrt(), 2: squared, 3: squared.isqrt() * squared, 4: squared.power(2)}[power]


@node_range.register
def _(layer: MemoryTaps, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    (source,), frac = given, types[0].format.frac

    def feature(tap: int, part: int | str) -> Interval:
        if isinstance(part, int):
            interval, scale = envelope_interval(source, part), part * frac
        else:
            interval, scale = source["IQ".index(part)], frac
        return interval.hull(Interval(0, 0)).requantised(scale - layer.output.frac, layer.output)

    return Range(tuple(feature(tap, part) for tap, part in layer.features))


@node_range.register
def _(layer: Dense, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    acc = _weighted_sums(layer.weight, layer.bias, given[0])
    return Range(_activated(acc, layer.shift(types[0].format), layer.activation, layer.output), acc)


@node_range.register
def _(layer: Conv1d, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """Of every position at once: where a window reaches into the padding, terms are missing, as in a partial sum."""
    (source,), filters = given, len(layer.weight) // layer.groups
    acc: Intervals = ()
    for g in range(layer.groups):
        rows, channels = slice(g * filters, (g + 1) * filters), layer.weight.shape[1]
        part = [x for x in source[g * channels : (g + 1) * channels] for _ in range(layer.weight.shape[2])]
        acc += _weighted_sums(layer.weight[rows].reshape(filters, -1), layer.bias[rows], part)
    return Range(_activated(acc, layer.shift(types[0].format), layer.activation, layer.output), acc)


def _activated(acc: Intervals, shift: int, activation: Activation, output: Format) -> Intervals:
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


@node_range.register
def _(layer: MaxPool1d, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    return Range(given[0])


@node_range.register
def _(layer: AvgPool1d, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """A mean lies between the smallest and the largest of its terms, and cutting it off does not leave them."""
    return Range(given[0], _each(lambda x: _running_sum(0, [x] * layer.size), given[0]))


@node_range.register
def _(layer: Flatten, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    return Range(tuple(x for x in given[0] for _ in range(types[0].shape[1])))


@node_range.register
def _(layer: ComplexFIR, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    (source,), frac, basis = given, types[0].format.frac, layer.basis
    real: list[Interval] = []
    imag: list[Interval] = []
    row = iter(layer.weight)
    for term in layer.terms:
        b_i, b_q = (basis_interval(x, source, term.power, frac, basis) for x in source)
        for _tap, (h_re, h_im) in zip(term.taps, row, strict=False):
            real += [b_i.scaled(int(h_re)), b_q.scaled(-int(h_im))]
            imag += [b_q.scaled(int(h_re)), b_i.scaled(int(h_im))]
    acc = (_running_sum(0, real), _running_sum(0, imag))
    shift = basis.frac + layer.weight_format.frac - layer.output.frac
    return Range(tuple(a.requantised(shift, layer.output) for a in acc), acc)


def basis_interval(part: Interval, source: Intervals, power: int, frac: int, basis: Format) -> Interval:
    """One component of ``x * |x|**power`` in the basis format, zero history included."""
    part = part.hull(Interval(0, 0))
    if power == 0:
        return part.requantised(frac - basis.frac, basis)
    envelope = envelope_interval(source, power).requantised(power * frac - basis.frac, basis)
    return (part * envelope).requantised(frac, basis)


@node_range.register
def _(layer: Table, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    (source,), lo = given, types[0].format.lo

    def looked_up(x: Interval) -> Interval:
        part = layer.values[x.lo - lo : x.hi - lo + 1]
        return Interval(int(part.min()), int(part.max()))

    return Range(_each(looked_up, source))


@node_range.register
def _(layer: Add, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    frac = max(t.format.frac for t in types)
    left = [1 << frac - t.format.frac for t in types]

    def summed(*channel: Interval) -> Interval:
        return _running_sum(0, [x.scaled(factor) for x, factor in zip(channel, left, strict=True)])

    acc = _each(summed, *given)
    return Range(_each(lambda a: a.requantised(frac - layer.output.frac, layer.output), acc), acc)


def _each(rule: Callable[..., Interval], *channels: Intervals) -> Intervals:
    """``rule`` of every channel, computed once for channels that share their intervals, as wide tensors do."""
    if all(intervals == intervals[:1] * len(intervals) for intervals in channels):
        return (rule(*(intervals[0] for intervals in channels)),) * len(channels[0])
    keys = list(zip(*(map(id, intervals) for intervals in channels), strict=True))
    distinct = dict(zip(keys, zip(*channels, strict=True), strict=True))
    known = {key: rule(*channel) for key, channel in distinct.items()}
    return tuple(known[key] for key in keys)


def _running_sum(start: int, terms: Sequence[Interval]) -> Interval:
    """Holds every partial sum of ``start + terms`` in any order: each term may still be missing, so it may be 0."""
    lo = start + sum(min(0, term.lo) for term in terms)
    hi = start + sum(max(0, term.hi) for term in terms)
    return Interval(lo, hi)


def _weighted_sums(weight: npt.NDArray[np.int64], bias: npt.NDArray[np.int64], source: Sequence[Interval]) -> Intervals:
    """`_running_sum` of ``bias[o]`` and every ``weight[o, i] * source[i]``, for every row at once.

    A term that may be missing lies between ``min(0, w * x)`` and ``max(0, w * x)``, so positive weights meet the ends
    of ``x`` as they are, and negative ones the opposite ends. In Python integers where int64 could overflow.
    """
    lo, hi = [min(x.lo, 0) for x in source], [max(x.hi, 0) for x in source]
    largest = max(max(hi), -min(lo)) * max(-int(weight.min()), int(weight.max()), 1) * len(source)
    kind: type = np.int64 if largest < 1 << 62 else object
    low: npt.NDArray[Any] = np.array(lo, kind)
    high: npt.NDArray[Any] = np.array(hi, kind)
    positive: npt.NDArray[Any] = np.maximum(weight, 0).astype(kind)
    negative: npt.NDArray[Any] = np.minimum(weight, 0).astype(kind)
    below, above = positive @ low + negative @ high, positive @ high + negative @ low
    return tuple(
        Interval(int(start) + int(down), int(start) + int(up))
        for start, down, up in zip(bias, below, above, strict=True)
    )
