"""Viewsheds: which pixels a point sees over a grid of obstacles, by rays in a polar table.

A ray of angle a hits at the first radius r = 1, 2, ... (in pixels) whose nearest pixel is blocked; a pixel at distance
d is seen where d does not exceed that radius on one of the three rays nearest to it (a wall drawn in pixels is jagged:
of rays along it every other one hits). One grid has all tables of its offsets once.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[np.bool_]
Reals = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]

RINGS = (40, 120)
"""Radii after which only the rays that have hit nothing are followed further: most hit soon."""


class Horizon:
    """Obstacles of one city, asked for viewsheds again and again.

    Parameters
    ----------
    blocked : bool (H, W)
        What no ray passes; neither does the edge of the map.
    rays : int
        Angles that are looked at.
    """

    def __init__(self, blocked: Grid, rays: int = 1440) -> None:
        self.shape = (blocked.shape[0], blocked.shape[1])
        self.reach = int(np.hypot(*self.shape)) + 2
        self.rays = rays
        padded = np.ones([side + 2 * self.reach for side in self.shape], np.bool_)
        padded[self.reach : -self.reach, self.reach : -self.reach] = blocked
        self._width = padded.shape[1]
        self._flat = padded.reshape(-1)
        self._offsets, self._least = self._table(self._width)

    def _table(self, width: int) -> tuple[Indices, int]:
        """Steps along the rays, as `_offsets` gives them."""
        return _offsets(self.rays, self.reach, width)

    def hits(self, row: int, column: int) -> Indices:
        """Radius at which each ray from a pixel hits, int32 (rays,)."""
        start = (row + self.reach) * self._width + column + self.reach
        seen = self._flat[start + self._least :]
        found = np.full(self.rays, self.reach, np.int32)
        active: npt.NDArray[np.intp] = np.arange(self.rays)
        for first, last in zip((0, *RINGS), (*RINGS, self.reach), strict=True):
            part = self._offsets[first:last] if len(active) == self.rays else self._offsets[first:last, active]
            walls = seen.take(part)
            where = walls.argmax(0)
            hit = walls[where, np.arange(len(active))]
            found[active[hit]] = first + where[hit] + 1
            active = active[~hit]
            if not len(active):
                break
        return found

    def seen(self, row: int, column: int) -> Grid:
        """What a pixel sees, bool (H, W); of what is blocked only the faces."""
        angle, distance = polar(self.shape, row, column, self.rays)
        hits = self.hits(row, column)
        farthest = np.maximum(hits, np.maximum(np.roll(hits, 1), np.roll(hits, -1)))
        return np.asarray(farthest[angle] > distance - 0.5)


def polar(shape: tuple[int, int], row: int, column: int, rays: int) -> tuple[npt.NDArray[np.int16], Reals]:
    """Nearest ray and distance in pixels of every pixel, seen from one: int16 and float32 (H, W)."""
    angle, distance = _polar(shape, rays)
    top, left = shape[0] - 1 - row, shape[1] - 1 - column
    window = np.s_[top : top + shape[0], left : left + shape[1]]
    return angle[window], distance[window]


@cache
def _polar(shape: tuple[int, int], rays: int) -> tuple[npt.NDArray[np.int16], Reals]:
    y, x = (np.arange(1 - side, side) for side in shape)
    turn = np.arctan2(y[:, None], x[None, :]) / (2 * np.pi) * rays
    nearest = np.floor(turn + 0.5).astype(np.int64) % rays
    return nearest.astype(np.int16), np.hypot(y[:, None], x[None, :]).astype(np.float32)


@cache
def _offsets(rays: int, reach: int, width: int) -> tuple[Indices, int]:
    """Steps in the flat padded grid from a pixel to those on its rays, int32 (radius, ray), less the least of them."""
    angle = np.arange(rays) * (2 * np.pi / rays)
    radius = np.arange(1, reach + 1)[:, None]
    rows = np.floor(radius * np.sin(angle) + 0.5).astype(np.int64)
    columns = np.floor(radius * np.cos(angle) + 0.5).astype(np.int64)
    steps = rows * width + columns
    return np.ascontiguousarray((steps - steps.min()).astype(np.int32)), int(steps.min())
