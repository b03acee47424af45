"""What a node can produce, and its accumulator."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.ranges.sums import Intervals


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
