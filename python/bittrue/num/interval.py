"""Exact interval arithmetic on Python integers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bittrue.errors import BadInput
from bittrue.num.format import Format


@dataclass(frozen=True)
class Interval:
    """All integers from ``lo`` to ``hi``, both included, of any size.

    Operations return the smallest interval that holds every result for independent operands.
    """

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise BadInput(f"an interval runs upwards, not from {self.lo} to {self.hi}; swap its ends")

    @classmethod
    def of(cls, fmt: Format) -> Interval:
        """Every code of a format."""
        return cls(fmt.lo, fmt.hi)

    @property
    def bits(self) -> int:
        """Smallest signed two's complement width that holds the interval."""
        return (
            max(
                (~self.lo if self.lo < 0 else self.lo).bit_length(), (~self.hi if self.hi < 0 else self.hi).bit_length()
            )
            + 1
        )

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(abs(self.lo), abs(self.hi))

    def __contains__(self, value: int) -> bool:
        return self.lo <= value <= self.hi

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        return Interval(min(ends), max(ends))

    def scaled(self, factor: int) -> Interval:
        """``factor * x``."""
        return self * Interval(factor, factor)

    def hull(self, other: Interval) -> Interval:
        """Smallest interval that holds both."""
        return Interval(min(self.lo, other.lo), max(self.hi, other.hi))

    def abs(self) -> Interval:
        """``|x|``."""
        low = 0 if 0 in self else min(abs(self.lo), abs(self.hi))
        return Interval(low, self.magnitude)

    def power(self, exponent: int) -> Interval:
        """``x**exponent`` for ``exponent >= 1`` (tighter than repeated multiplication: the operands are the same)."""
        base = self.abs() if exponent % 2 == 0 else self
        return Interval(base.lo**exponent, base.hi**exponent)

    def isqrt(self) -> Interval:
        """``floor(sqrt(x))`` for an interval of values >= 0."""
        return Interval(math.isqrt(self.lo), math.isqrt(self.hi))

    def requantised(self, shift: int, fmt: Format) -> Interval:
        """`bittrue.num.requantise` of every element: ``clamp(floor(x * 2**-shift + 1/2), fmt.lo, fmt.hi)``."""

        def rounded(x: int) -> int:
            y = (x + (1 << shift >> 1)) >> shift if shift > 0 else x << -shift
            return min(max(y, fmt.lo), fmt.hi)

        return Interval(rounded(self.lo), rounded(self.hi))
