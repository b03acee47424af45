"""Ranges of the layers on I/Q samples, and of tables."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.num import Format, Interval
from bittrue.ranges.range import Range
from bittrue.ranges.sums import Intervals, each, running_sum
from bittrue.spec import ComplexFIR, MemoryTaps, Table, TensorType


def envelope_interval(given: Intervals, power: int) -> Interval:
    """``|x|**power`` before its requantisation, for I/Q intervals; scale ``power * frac``."""
    squared = given[0].power(2) + given[1].power(2)
    return {1: squared.isqrt(), 2: squared, 3: squared.isqrt() * squared, 4: squared.power(2)}[power]


def memory_taps(layer: MemoryTaps, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `MemoryTaps`."""
    (source,), frac = given, types[0].format.frac

    def feature(tap: int, part: int | str) -> Interval:
        if isinstance(part, int):
            interval, scale = envelope_interval(source, part), part * frac
        else:
            interval, scale = source["IQ".index(part)], frac
        return interval.hull(Interval(0, 0)).requantised(scale - layer.output.frac, layer.output)

    return Range(tuple(feature(tap, part) for tap, part in layer.features))


def complex_fir(layer: ComplexFIR, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `ComplexFIR`."""
    (source,), frac, basis = given, types[0].format.frac, layer.basis
    real: list[Interval] = []
    imag: list[Interval] = []
    row = iter(layer.weight)
    for term in layer.terms:
        b_i, b_q = (basis_interval(x, source, term.power, frac, basis) for x in source)
        for _tap, (h_re, h_im) in zip(term.taps, row, strict=False):
            real += [b_i.scaled(int(h_re)), b_q.scaled(-int(h_im))]
            imag += [b_q.scaled(int(h_re)), b_i.scaled(int(h_im))]
    acc = (running_sum(0, real), running_sum(0, imag))
    shift = layer.shift
    return Range(tuple(a.requantised(shift, layer.output) for a in acc), acc)


def basis_interval(part: Interval, source: Intervals, power: int, frac: int, basis: Format) -> Interval:
    """One component of ``x * |x|**power`` in the basis format, zero history included."""
    part = part.hull(Interval(0, 0))
    if power == 0:
        return part.requantised(frac - basis.frac, basis)
    envelope = envelope_interval(source, power).requantised(power * frac - basis.frac, basis)
    return (part * envelope).requantised(frac, basis)


def table(layer: Table, types: Sequence[TensorType], given: Sequence[Intervals]) -> Range:
    """`Range` of `Table`."""
    (source,), lo = given, types[0].format.lo

    def looked_up(x: Interval) -> Interval:
        part = layer.values[x.lo - lo : x.hi - lo + 1]
        return Interval(int(part.min()), int(part.max()))

    return Range(each(looked_up, source))
