"""Corners of buildings on a grid: where a path along the streets may turn.

A free pixel beside a building has about half of its surroundings built up along a straight wall, less at an outer
corner: corners are the least values of that share.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

RADIUS = 4
"""Pixels around, whose share is looked at."""
SHARE = 0.37
"""Most of it at a corner: a right angle has a quarter, a wall nearly a half."""
APART = 5
"""Side of the square in which there is one corner at most."""
MOST = 4000
"""Most corners of a map; those of the sharpest are kept."""


def corners(buildings: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Row and column of free pixels at outer corners, int32 (N, 2), in raster order.

    Parameters
    ----------
    buildings : bool (H, W)
    """
    side = np.arange(-RADIUS, RADIUS + 1)
    disc = ((side[:, None] ** 2 + side[None, :] ** 2) <= RADIUS * RADIUS + 1).astype(np.float32)
    share = ndimage.convolve(buildings.astype(np.float32), disc / disc.sum(), mode="nearest")
    beside = ndimage.binary_dilation(buildings, np.ones((3, 3), np.bool_)) & ~buildings
    # equal shares in one neighbourhood: the first in raster order is taken
    order = np.arange(share.size, dtype=np.float32).reshape(share.shape) * (1e-3 / share.size)
    score = np.where(beside, share + order, 9.0).astype(np.float64)
    least = ndimage.minimum_filter(score, APART, mode="nearest")
    found = np.argwhere((score == least) & (score < SHARE))
    if len(found) > MOST:
        kept = np.sort(np.argsort(score[tuple(found.T)], kind="stable")[:MOST])
        found = found[kept]
    return found.astype(np.int32)
