"""Intervals of sums, and rules applied to every channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.num import Interval

Intervals = tuple[Interval, ...]


def each(rule: Callable[..., Interval], *channels: Intervals) -> Intervals:
    """``rule`` of every channel, computed once for channels that share their intervals, as wide tensors do."""
    if all(intervals == intervals[:1] * len(intervals) for intervals in channels):
        return (rule(*(intervals[0] for intervals in channels)),) * len(channels[0])
    keys = list(zip(*(map(id, intervals) for intervals in channels), strict=True))
    distinct = dict(zip(keys, zip(*channels, strict=True), strict=True))
    known = {key: rule(*channel) for key, channel in distinct.items()}
    return tuple(known[key] for key in keys)


def running_sum(start: int, terms: Sequence[Interval]) -> Interval:
    """Holds every partial sum of ``start + terms`` in any order: each term may still be missing, so it may be 0."""
    lo = start + sum(min(0, term.lo) for term in terms)
    hi = start + sum(max(0, term.hi) for term in terms)
    return Interval(lo, hi)


def weighted_sums(weight: npt.NDArray[np.int64], bias: npt.NDArray[np.int64], source: Sequence[Interval]) -> Intervals:
    """`running_sum` of ``bias[o]`` and every ``weight[o, i] * source[i]``, for every row at once.

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
