"""Dominant paths: the shortest way along the streets from a transmitter to every pixel, and how it turns.

Ways lead from corner to corner of the buildings, and from the last corner in sight straight to the pixel (Dijkstra over
the visibility graph, which is the same for all transmitters of a city). The path loss over such a way is that of
`bittrue.apps.radio.propagation.law`. After Woelfle and Landstorfer, "Dominant paths for the field strength prediction",
IEEE VTC 1998; the data set's maps of the kind DPM come from the authors' program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from bittrue.apps.radio.propagation.corners import corners
from bittrue.apps.radio.propagation.viewshed import Grid, Horizon, Indices, Reals, polar

RAYS = 1024
"""Of a corner's viewshed; a transmitter's has twice as many."""
STEPS = 8
"""Parts of a metre in which lengths are compared."""
_CORNER_BITS = 12


@dataclass(frozen=True, eq=False)
class Paths:
    """The ways to all pixels, each float32 (H, W) but ``sight``; of pixels out of reach ``length`` is infinite.

    Parameters
    ----------
    sight : bool
        Whether the transmitter sees the pixel.
    distance, length : metres
        Straight, and along the way.
    first, last : metres
        Of the first and the last straight part.
    angle, roots : radians, and their roots
        All turns on the way together: sum of angles, and sum of the roots of angles.
    turns : number of them
    """

    sight: Grid
    distance: Reals
    length: Reals
    first: Reals
    last: Reals
    angle: Reals
    roots: Reals
    turns: Reals


class Streets:
    """The visibility graph of a city.

    Parameters
    ----------
    buildings : bool (H, W)
    """

    def __init__(self, buildings: Grid) -> None:
        self.buildings = buildings
        self.shape = (buildings.shape[0], buildings.shape[1])
        self.horizon = Horizon(buildings, 2 * RAYS)
        self.corners = corners(buildings)
        self._near = Horizon(buildings, RAYS)
        self._see()

    def _see(self) -> None:
        """All pairs of a pixel and a corner in sight, sorted by pixel, and the graph of the corners."""
        free = np.flatnonzero(~self.buildings)
        count = len(self.corners)
        places = self.corners[:, 0] * self.shape[1] + self.corners[:, 1]
        sight = np.empty((count, len(free)), np.bool_)
        graph = np.zeros((count, count), np.float32)
        for k, (row, column) in enumerate(self.corners):
            seen = self._near.seen(int(row), int(column)).reshape(-1)
            sight[k] = seen[free]
            graph[k] = seen[places]
        graph = np.maximum(graph, graph.T)
        apart = np.hypot(*(self.corners[:, None, :] - self.corners[None, :, :]).transpose(2, 0, 1))
        self._graph = sparse.csr_matrix(np.where((graph > 0) & (apart > 0), apart, 0))
        pixel, corner = np.divmod(
            np.flatnonzero(np.ascontiguousarray(sight.T)).astype(np.int32), np.int32(max(count, 1))
        )
        self._corner = corner.astype(np.int16)
        y, x = (axis.astype(np.float32) for axis in np.divmod(free, self.shape[1]))
        places_y, places_x = self.corners.T.astype(np.float32)
        span = np.hypot(y[pixel] - places_y[corner], x[pixel] - places_x[corner])
        self._span = (np.floor(span * STEPS + 0.5).astype(np.int32)) << _CORNER_BITS
        self._starts = np.flatnonzero(np.diff(pixel, prepend=-1))
        self._seen = free[pixel[self._starts]]
        self._unseen, self._instead = _nearest(self._seen, self.buildings)

    def paths(self, row: int, column: int) -> Paths:
        """From a transmitter on a free pixel."""
        shape = self.shape
        sight = self.horizon.seen(row, column) & ~self.buildings
        _, distance = polar(shape, row, column, self.horizon.rays)
        zero = np.zeros(shape, np.float32)
        if not len(self.corners):
            length = np.where(sight, distance, np.inf).astype(np.float32)
            return Paths(sight, distance, length, distance, distance, zero, zero, zero)
        tree = self._tree(row, column, sight)
        key = (np.floor(np.minimum(tree.length, 1e4) * STEPS + 0.5).astype(np.int32) << _CORNER_BITS) + np.arange(
            len(self.corners), dtype=np.int32
        )
        best = np.minimum.reduceat(key[self._corner] + self._span, self._starts)
        via = np.full(shape[0] * shape[1], -1, np.int32)
        via[self._seen] = best & ((1 << _CORNER_BITS) - 1)
        via[self._unseen] = via[self._instead]
        return self._along(tree, via.reshape(shape), sight, distance)

    def _tree(self, row: int, column: int, sight: Grid) -> _Tree:
        """Ways from the transmitter to every corner."""
        to = np.hypot(self.corners[:, 0] - row, self.corners[:, 1] - column)
        seen = sight[self.corners[:, 0], self.corners[:, 1]]
        count = len(to)
        start = sparse.csr_matrix(np.where(seen, np.maximum(to, 1e-3), 0)[None, :])
        graph = sparse.bmat([[self._graph, None], [start, sparse.csr_matrix((1, 1))]], format="csr")
        length, before = csgraph.dijkstra(graph, indices=count, return_predecessors=True)
        points = np.vstack([self.corners, [[row, column]]])
        return _Tree.grown(points, length, before)

    def _along(self, tree: _Tree, via: Indices, sight: Grid, distance: Reals) -> Paths:
        """What the way to each pixel is, over the last corner ``via``."""
        y, x = np.indices(self.shape, np.float32)
        corner = np.maximum(via, 0)
        dy, dx = y - self.corners[corner, 0], x - self.corners[corner, 1]
        last = np.hypot(dy, dx)
        turn = _turn(tree.heading[corner, 0], tree.heading[corner, 1], dy, dx)
        turn = np.where(last > 0, turn, 0)
        straight = sight | self.buildings
        away = (via < 0) & ~straight

        def chosen(bent: npt.NDArray[np.float64], plain: Reals | float) -> Reals:
            return np.where(straight, plain, np.where(away, np.inf, bent)).astype(np.float32)

        return Paths(
            sight,
            distance,
            chosen(tree.length[corner] + last, distance),
            chosen(tree.first[corner], distance),
            chosen(last, distance),
            chosen(tree.angle[corner] + turn, 0.0),
            chosen(tree.roots[corner] + np.sqrt(turn), 0.0),
            chosen(tree.turns[corner] + 1, 0.0),
        )


@dataclass(frozen=True, eq=False)
class _Tree:
    """Of every corner: length of the way to it, its first part, turns before it, and the direction it is reached in."""

    length: npt.NDArray[np.float64]
    first: npt.NDArray[np.float64]
    angle: npt.NDArray[np.float64]
    roots: npt.NDArray[np.float64]
    turns: npt.NDArray[np.float64]
    heading: npt.NDArray[np.float64]

    @classmethod
    def grown(cls, points: npt.NDArray[np.int64], length: npt.NDArray[np.float64], before: Indices) -> _Tree:
        count = len(points) - 1
        first, angle, roots, turns = (np.zeros(count + 1) for _ in range(4))
        heading = np.zeros((count + 1, 2))
        reached = np.flatnonzero(before >= 0)
        heading[reached] = points[reached] - points[before[reached]]
        for k in reached[np.argsort(length[reached], kind="stable")]:
            parent = before[k]
            if parent == count:
                first[k] = length[k]
                continue
            turn = float(_turn(*heading[parent], *heading[k]))
            first[k], angle[k] = first[parent], angle[parent] + turn
            roots[k], turns[k] = roots[parent] + turn**0.5, turns[parent] + 1
        return cls(length[:-1], first, angle, roots, turns, heading)


def _turn(y0: npt.ArrayLike, x0: npt.ArrayLike, y1: npt.ArrayLike, x1: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Angle between two directions, 0 to pi."""
    a, b, c, d = (np.asarray(v, np.float64) for v in (y0, x0, y1, x1))
    return np.asarray(abs(np.arctan2(b * c - a * d, b * d + a * c)))


def _nearest(seen: npt.NDArray[np.intp], buildings: Grid) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Free pixels that no corner sees (slits) and the seen pixel nearest to each; none of a closed court's."""
    known = np.zeros(buildings.size, np.bool_)
    known[seen] = True
    regions, _ = ndimage.label(~buildings)
    open_to = np.isin(regions.reshape(-1), np.unique(regions.reshape(-1)[seen]))
    unseen = np.flatnonzero(~known & ~buildings.reshape(-1) & open_to)
    if not len(unseen) or not len(seen):
        return unseen[:0], unseen[:0]
    rows, columns = ndimage.distance_transform_edt(
        ~known.reshape(buildings.shape), return_distances=False, return_indices=True
    ).reshape(2, -1)[:, unseen]
    return unseen, rows * buildings.shape[1] + columns
