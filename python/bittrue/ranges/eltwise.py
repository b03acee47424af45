"""Ranges of element-by-element operations."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.num import Interval
from bittrue.ranges.range import Range
from bittrue.ranges.sums import Intervals, each, running_sum
from bittrue.spec import Bitwise, ComplexMul, Eltwise, Mul, Sub, TensorType


def rounded(layer: Eltwise, types: Sequence[TensorType], acc: Intervals) -> Range:
    """`Range` of `Eltwise`."""
    shift = layer.shift([given.format for given in types])
    return Range(each(lambda a: a.requantised(shift, layer.output), acc), acc)


def add(layer: Eltwise, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """Of `bittrue.spec.Add` and `Sub`."""
    frac = layer.acc_frac([t.format for t in types])
    factors = [1 << frac - t.format.frac for t in types]
    if isinstance(layer, Sub):
        factors[1:] = [-factor for factor in factors[1:]]

    def summed(*channel: Interval) -> Interval:
        return running_sum(0, [x.scaled(factor) for x, factor in zip(channel, factors, strict=True)])

    return rounded(layer, types, each(summed, *given))


def mul(layer: Mul, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Mul`."""
    return rounded(layer, types, each(lambda a, b: a * b, *given))


def complex_mul(layer: ComplexMul, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `ComplexMul`."""
    a, b = given

    def summed(x: Interval, y: Interval, u: Interval, v: Interval) -> Interval:
        return running_sum(0, [x * y, u * v])

    minus = tuple(q.scaled(-1) for q in a[1::2])
    real = each(summed, a[0::2], b[0::2], minus, b[1::2])
    imag = each(summed, a[0::2], b[1::2], a[1::2], b[0::2])
    return rounded(layer, types, tuple(part for pair in zip(real, imag, strict=True) for part in pair))


def bitwise(layer: Bitwise, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """All codes of as many bits as the widest operand needs; or-ing and xor-ing codes >= 0 gives one again."""

    def combined(*channel: Interval) -> Interval:
        bits = max(x.bits for x in channel)
        low = 0 if min(x.lo for x in channel) >= 0 else -(1 << bits - 1)
        return Interval(low, (1 << bits - 1) - 1)

    return Range(each(combined, *given))
