"""Reflections: rays from the transmitter that walls mirror, each carrying the distance to its image source.

A ray leaves its image source straight: after n mirrors the received power at a pixel is that of free space over the
unfolded distance, less ``LOSS`` dB a mirror. Rays of one order that meet in a pixel are neighbours of one beam, so
their mean counts once; orders add as powers. What the data set calls IRT2 and IRT4 has up to 2 and 4 interactions.

``LOSS`` is what concrete takes at oblique incidence near 6 GHz (ITU-R P.2040); no real map of this kind was at hand to
fit it. Normals come from the slope of the smoothed buildings, turned to the nearest wall direction where that is known.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from bittrue.apps.radio.propagation.grey import decibel, from_decibel
from bittrue.apps.radio.propagation.law import Law
from bittrue.apps.radio.propagation.viewshed import Grid

LOSS = 7.0
"""dB a mirror."""
RAYS = 2880
"""Rays of a transmitter: at 256 pixels neighbours are half a pixel apart."""
STEP = 0.75
"""Pixels between two looks at a ray."""
Floats = npt.NDArray[np.float64]


class Walls:
    """Where rays turn, and which way a wall looks.

    Parameters
    ----------
    buildings : bool (H, W)
    orientation : float (H, W), optional
        Direction of a wall of the building at a pixel, radians; the others are at right angles. Not a number: unknown.
    """

    def __init__(self, buildings: Grid, orientation: npt.NDArray[np.floating] | None = None) -> None:
        self.buildings = buildings
        smooth = ndimage.gaussian_filter(buildings.astype(np.float64), 1.5, mode="nearest")
        slope = np.arctan2(-ndimage.sobel(smooth, 0), -ndimage.sobel(smooth, 1))
        if orientation is not None:
            quarter = np.pi / 2
            snapped = orientation + np.floor((slope - orientation) / quarter + 0.5) * quarter
            slope = np.where(np.isfinite(orientation), snapped, slope)
        self.normal = slope

    def received(self, row: int, column: int, orders: int, law: Law) -> Floats:
        """Power of mirrored rays relative to grey 0, linear, float64 (H, W)."""
        shape = self.buildings.shape
        total = np.zeros(shape)
        angle = np.asarray((np.arange(RAYS) + 0.5) * (2 * np.pi / RAYS), np.float64)
        y, x = np.full(RAYS, float(row)), np.full(RAYS, float(column))
        run = np.zeros(RAYS)
        for order in range(orders + 1):
            hit, where, lengths = self._march(y, x, angle)
            if order:
                total += self._deposited(where, lengths + run[:, None], order, law)
            if order == orders or not hit.any():
                break
            y, x, angle, run = self._mirrored(y[hit], x[hit], angle[hit], run[hit], where[hit])
            if not len(y):
                break
        return total

    def _march(self, y: Floats, x: Floats, angle: Floats) -> tuple[Grid, npt.NDArray[np.int64], Floats]:
        """Whether each ray hits a wall, the free pixels before it (-1 after it), and their distances from its start."""
        height, width = self.buildings.shape
        lengths = np.arange(1, int(np.hypot(height, width) / STEP)) * STEP
        rows = np.floor(y[:, None] + lengths * np.sin(angle)[:, None] + 0.5).astype(np.int64)
        columns = np.floor(x[:, None] + lengths * np.cos(angle)[:, None] + 0.5).astype(np.int64)
        outside = (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)
        flat = np.where(outside, 0, rows * width + columns)
        stop = outside | self.buildings.reshape(-1)[flat]
        # a mirrored ray may start within the jagged edge of its own wall
        stop[:, :2] &= outside[:, :2]
        first = np.where(stop.any(1), stop.argmax(1), len(lengths))
        index = np.arange(len(lengths))
        where = np.where(index < first[:, None], flat, -1)
        ends = np.minimum(first, len(lengths) - 1)
        hit = (first < len(lengths)) & ~outside[np.arange(len(y)), ends] & (first > 1)
        return hit, where, np.broadcast_to(lengths, where.shape)

    def _deposited(self, where: npt.NDArray[np.int64], length: Floats, order: int, law: Law) -> Floats:
        """Power of one order: the mean over the rays that cross a pixel."""
        inside = where >= 0
        size = self.buildings.size
        level = law.sight[0] + law.sight[1] * np.log10(np.maximum(length[inside], 1))
        power = 10 ** ((decibel(level) - decibel(np.zeros(1)) - order * LOSS) / 10)
        count = np.bincount(where[inside], minlength=size)
        power = np.bincount(where[inside], power, minlength=size) / np.maximum(count, 1)
        return np.where(self.buildings, 0, power.reshape(self.buildings.shape))

    def _mirrored(
        self, y: Floats, x: Floats, angle: Floats, run: Floats, where: npt.NDArray[np.int64]
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Start, direction and length so far of the mirrored rays."""
        count = (where >= 0).sum(1)
        travelled = count * STEP
        y1, x1 = y + travelled * np.sin(angle), x + travelled * np.cos(angle)
        ahead_y = np.clip(np.floor(y1 + STEP * np.sin(angle) + 0.5), 0, self.buildings.shape[0] - 1).astype(np.int64)
        ahead_x = np.clip(np.floor(x1 + STEP * np.cos(angle) + 0.5), 0, self.buildings.shape[1] - 1).astype(np.int64)
        normal = self.normal[ahead_y, ahead_x]
        facing = np.cos(angle - normal) < -0.05
        out = 2 * normal - angle + np.pi
        return y1[facing], x1[facing], out[facing], (run + travelled)[facing]


def with_reflections(level: Floats, power: Floats) -> Floats:
    """Grey levels of a map (0: nothing is received) with mirrored power added."""
    direct = np.where(level > 0, 10 ** ((decibel(level) - decibel(np.zeros(1))) / 10), 0)
    both = direct + power
    gain = decibel(np.zeros(1)) + 10 * np.log10(np.maximum(both, 1e-12))
    return np.where(both > 0, np.maximum(from_decibel(gain), 0), 0)
