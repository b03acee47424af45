"""Intervals: every small one, against all the elements in it; results hold every element and are the tightest."""

from __future__ import annotations

import itertools
import math

import pytest

from bittrue.errors import BadInput
from bittrue.num import Format, Interval

SMALL = [Interval(lo, hi) for lo in range(-4, 5) for hi in range(lo, 5)]
PAIRS = list(itertools.product(SMALL, SMALL))


def members(interval: Interval) -> range:
    return range(interval.lo, interval.hi + 1)


def tightest(results) -> Interval:
    found = list(results)
    return Interval(min(found), max(found))


def test_sum_and_product():
    for a, b in PAIRS:
        both = list(itertools.product(members(a), members(b)))
        assert a + b == tightest(x + y for x, y in both)
        assert a * b == tightest(x * y for x, y in both)


def test_hull():
    for a, b in PAIRS:
        assert a.hull(b) == tightest([*members(a), *members(b)])


def test_functions_of_one_operand():
    for a in SMALL:
        assert a.abs() == tightest(abs(x) for x in members(a))
        assert a.magnitude == max(abs(x) for x in members(a))
        for factor in range(-3, 4):
            assert a.scaled(factor) == tightest(factor * x for x in members(a))
        for exponent in range(1, 6):
            assert a.power(exponent) == tightest(x**exponent for x in members(a))


def test_isqrt():
    for lo in range(30):
        for hi in range(lo, 30):
            assert Interval(lo, hi).isqrt() == tightest(math.isqrt(x) for x in range(lo, hi + 1))


def test_requantised():
    intervals = [Interval(lo, hi) for lo in range(-9, 10) for hi in range(lo, 10)]
    for a, shift, bits in itertools.product(intervals, range(-3, 6), (1, 2, 3, 5)):
        lo, hi = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        exact = [math.floor(x * 2.0**-shift + 0.5) for x in members(a)]
        assert a.requantised(shift, Format(bits, 0)) == tightest(min(max(y, lo), hi) for y in exact)


def test_requantised_beyond_64_bits():
    huge = Interval(-(2**200), 2**200)
    assert huge.requantised(190, Format(63, 0)) == Interval(-(2**10), 2**10)
    assert huge.requantised(-5, Format(16, 0)) == Interval(-(2**15), 2**15 - 1)
    assert huge.requantised(201, Format(16, 0)) == Interval(0, 1)  # half rounds up


def test_bits():
    for a in [*SMALL, Interval(-129, 0), Interval(0, 128), Interval(-128, 127), Interval(-(2**62), 2**62)]:
        smallest = next(b for b in range(1, 80) if -(2 ** (b - 1)) <= a.lo and a.hi <= 2 ** (b - 1) - 1)
        assert a.bits == smallest


def test_membership_and_formats():
    for a in SMALL:
        assert [x for x in range(-9, 10) if x in a] == list(members(a))
    assert Interval.of(Format(8, 3)) == Interval(-128, 127)
    assert Interval.of(Format(8, 3)).bits == 8


def test_upside_down_is_refused():
    with pytest.raises(BadInput, match="not from 1 to 0"):
        Interval(1, 0)
