"""The 90 % interval of a pixel: samples pulled away from their mean until they hold as much of the truth."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data.png import Levels

UNIT = 16
"""A stretch of so many sixteenths leaves samples where they are."""
LARGEST = 16 * UNIT
WANTED = 0.9
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Interval:
    """Samples by pixel: how many, their sum, the smallest and the largest; int64 of any one shape."""

    count: int
    total: Whole
    least: Whole
    most: Whole

    @classmethod
    def of(cls, maps: Levels) -> Interval:
        """Of samples ``(K, ...)``."""
        ends = (maps.min(0).astype(np.int64), maps.max(0).astype(np.int64))
        return cls(len(maps), maps.sum(0, dtype=np.int64), *ends)

    def ends(self, stretch: int = UNIT) -> tuple[Whole, Whole]:
        """Ends in levels when every sample is as many sixteenths as far from the mean as it is.

        With K samples of sum S, ``floor((16 S - f (S - K least)) / 16 K)`` and
        ``ceil((16 S + f (K most - S)) / 16 K)``: at f = `UNIT` the smallest and the largest sample.
        """
        scaled, whole = UNIT * self.total, UNIT * self.count
        low = (scaled - stretch * (self.total - self.count * self.least)) // whole
        return low, -((-scaled - stretch * (self.count * self.most - self.total)) // whole)

    def held(self, truth: npt.NDArray[np.integer], stretch: int = UNIT) -> float:
        """Share of pixels whose truth, levels, lies within the ends."""
        low, high = self.ends(stretch)
        return float(((low <= truth) & (truth <= high)).mean())


Judged = Sequence[tuple[Interval, npt.NDArray[np.integer]]]
"""Intervals of the street pixels of each map, and the truth there."""


def coverage(judged: Judged, stretch: int = UNIT) -> float:
    """Mean over maps of `Interval.held`."""
    return float(np.mean([one.held(truth, stretch) for one, truth in judged]))


def calibrated(judged: Judged) -> int:
    """The smallest stretch, `UNIT` to `LARGEST`, with which `coverage` is `WANTED`; `LARGEST` where none is enough.

    Coverage grows with the stretch, so that it is found by halving.
    """
    tried = range(UNIT, LARGEST)
    return tried.start + bisect_left(tried, WANTED, key=lambda stretch: coverage(judged, stretch))
