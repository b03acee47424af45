"""Line of sight in integers: the same pixels on every machine.

A ray ends at one of the pixels of the border of a square of radius ``R`` around the transmitter; at step ``k`` along
its longer axis it passes the pixel ``floor((2 k m + R) / 2 R)`` along the other one, with ``m`` from ``-R`` to
``R - 1`` its number on its side. It hits at the first step whose pixel is blocked. A pixel ``n`` steps away is seen
where its nearest ray, or one of the two beside that, hits at ``n`` or later: a wall drawn in pixels is jagged.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.propagation.viewshed import Grid, Horizon, Indices


class IntegerHorizon(Horizon):
    """A `Horizon` whose rays are defined in integers, 8 for every pixel of the map's side."""

    def __init__(self, blocked: Grid) -> None:
        super().__init__(blocked, 8 * max(blocked.shape))

    def _table(self, width: int) -> tuple[Indices, int]:
        return _steps(self.rays // 8, self.reach, width)

    def seen(self, row: int, column: int) -> Grid:
        """What a pixel sees, bool (H, W); of what is blocked only the faces."""
        hits = self.hits(row, column)
        farthest = np.maximum(hits, np.maximum(np.roll(hits, 1), np.roll(hits, -1)))
        ray, step = _nearest(self.shape, self.rays // 8)
        top, left = self.shape[0] - 1 - row, self.shape[1] - 1 - column
        window = np.s_[top : top + self.shape[0], left : left + self.shape[1]]
        return np.asarray(farthest[ray[window]] >= step[window])


@cache
def _steps(radius: int, reach: int, width: int) -> tuple[Indices, int]:
    """As `bittrue.apps.radio.propagation.viewshed` has them: int32 (step, ray), and the least step before a shift."""
    k = np.arange(1, reach + 1, dtype=np.int64)[:, None]
    minor = (2 * k * np.arange(-radius, radius) + radius) // (2 * radius)
    rows = np.concatenate([minor, k + 0 * minor, -minor, -k + 0 * minor], 1)
    columns = np.concatenate([k + 0 * minor, -minor, -k + 0 * minor, minor], 1)
    flat = rows * width + columns
    return np.ascontiguousarray((flat - flat.min()).astype(np.int32)), int(flat.min())


@cache
def _nearest(shape: tuple[int, int], radius: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Ray and step of every offset from ``1 - side`` to ``side - 1``, int16 each."""
    y, x = np.meshgrid(*(np.arange(1 - side, side) for side in shape), indexing="ij")
    step = np.maximum(abs(y), abs(x))
    sides = [(x, y), (y, -x), (-x, -y), (-y, x)]  # along and across each of the four sides, as in _steps
    ray = np.zeros(y.shape, np.int64)
    for number, (along, across) in reversed(list(enumerate(sides))):
        mine = (along == step) & (step > 0)
        place = (2 * across * radius + step) // np.maximum(2 * step, 1) + radius
        ray[mine] = (number * 2 * radius + place[mine]) % (8 * radius)
    return ray.astype(np.int16), step.astype(np.int16)
