"""What a radio net sees: four pictures in integers, the same on every machine, folded into channels.

All are computed from the buildings and the transmitter's pixel in integer arithmetic, codes of
`bittrue.apps.radio.hardware.kind.INPUT`; a tile of another side has pictures of that:

- `buildings`: `WHITE` where built, else 0, 256 x 256.
- `distance`: ``min(127, floor(7 log2 max(1, d^2)))`` with ``d^2`` the squared distance in pixels, 256 x 256.
- `sight`: `WHITE` where the transmitter sees the pixel (`bittrue.apps.radio.hardware.sight`), else 0, 256 x 256.
- `way`: the same of ``floor(4 c^2 / 25)`` with ``c`` the shortest way along the streets by steps between cells of 2 x 2
  pixels, 5 to one of the four neighbours, 7 to a diagonal one, 128 x 128. A cell is built where three of its pixels are
  or all four; 127 where no way leads.

`floor(7 log2 n)` is exact: the largest ``k`` with ``2^k <= n^7`` (`LEAST`). A picture of 256 x 256 becomes four of 128
x 128: channel ``2 i + j`` has the pixels of rows ``2 r + i`` and columns ``2 s + j`` (`folded`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from bittrue.apps.radio.hardware.kind import CHANNELS as CHANNELS
from bittrue.apps.radio.hardware.kind import SIDE
from bittrue.apps.radio.hardware.sight import IntegerHorizon
from bittrue.apps.radio.propagation.viewshed import Grid
from bittrue.errors import BadInput

WHITE, FARTHEST = 127, 127
HALF = SIDE // 2
OCTAVE = 7
STRAIGHT, DIAGONAL = 5, 7
Codes = npt.NDArray[np.int8]


def _least(k: int) -> int:
    """The smallest n with ``n^7 >= 2^k``."""
    n = int(2 ** (k / OCTAVE))
    while n**OCTAVE >= 1 << k:
        n -= 1
    while n**OCTAVE < 1 << k:
        n += 1
    return n


LEAST = np.array([_least(k) for k in range(FARTHEST + 1)], np.int64)
"""The smallest n of every code."""


class Inputs:
    """The buildings of a city, asked for the pictures of one transmitter after the other.

    Parameters
    ----------
    built : bool (side, side)
    side : int
        Pixels that the net takes.
    """

    def __init__(self, built: Grid, side: int = SIDE) -> None:
        if built.shape != (side, side):
            raise BadInput(f"buildings have {built.shape} pixels; the net takes {side} x {side}, so crop or scale them")
        self.side = side
        self.built = np.asarray(built, np.bool_)
        self._horizon = IntegerHorizon(self.built)
        self._open = folded(self.built.astype(np.int8)[None]).sum(0) < 3
        self._steps = _graph(self._open)

    def pictures(self, row: int, column: int) -> tuple[Codes, Codes]:
        """Sight (side, side) and way, half of that, of a transmitter, int8. Raises `BadInput` for a pixel off the
        streets."""
        if not (0 <= row < self.side and 0 <= column < self.side):
            raise BadInput(f"the transmitter is at row {row}, column {column}; give 0 to {self.side - 1} each")
        if self.built[row, column]:
            raise BadInput(
                f"the transmitter at row {row}, column {column} stands in a building; give a pixel of a street"
            )
        seen = self._horizon.seen(row, column) & ~self.built
        return np.where(seen, WHITE, 0).astype(np.int8), self._way(row // 2, column // 2)

    def channels(self, row: int, column: int) -> Codes:
        """What the net takes, int8 (13, side / 2, side / 2). Raises `BadInput` as `pictures` does."""
        sight, way = self.pictures(row, column)
        return assembled(self.built, distance(row, column, self.side), sight, way)

    def _way(self, row: int, column: int) -> Codes:
        start = row * self._open.shape[1] + column
        steps = self._steps
        if not self._open[row, column]:  # a street of one pixel between walls: its cell is open for itself
            opened = self._open.copy()
            opened[row, column] = True
            steps = _graph(opened)
        cost = csgraph.dijkstra(steps, indices=start).reshape(self._open.shape)
        reached = np.isfinite(cost)
        length = np.where(reached, cost, 0).astype(np.int64)
        codes = logarithm(4 * length**2 // 25)
        return np.where(reached, codes, FARTHEST).astype(np.int8)


def logarithm(values: npt.NDArray[np.int64]) -> Codes:
    """``min(127, floor(7 log2 max(1, n)))`` of whole numbers, int8."""
    return (np.searchsorted(LEAST, np.maximum(values, 1), "right") - 1).astype(np.int8)


def distance(row: int, column: int, side: int = SIDE) -> Codes:
    """The picture of the distance, int8 (side, side)."""
    top, left = side - 1 - row, side - 1 - column
    return _distances(side)[top : top + side, left : left + side]


def assembled(built: npt.NDArray[np.bool_], far: Codes, sight: Codes, way: Codes) -> Codes:
    """The channels ``(..., 13, 128, 128)`` of pictures ``(..., 256, 256)`` and a way ``(..., 128, 128)``."""
    full = np.stack([np.where(built, WHITE, 0).astype(np.int8), far, sight], -3)
    return np.concatenate([folded(full), way[..., None, :, :]], -3)


def folded(pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``(..., P, 2 H, 2 W)`` to ``(..., 4 P, H, W)``: channel ``4 p + 2 i + j`` of picture p, rows i, columns j."""
    *more, count, rows, columns = pictures.shape
    split = pictures.reshape(*more, count, rows // 2, 2, columns // 2, 2)
    n = len(more)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return np.ascontiguousarray(split.transpose(order).reshape(*more, 4 * count, rows // 2, columns // 2))


def unfolded(channels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """``(..., 4, H, W)`` to ``(..., 2 H, 2 W)``, the way back."""
    *more, _, rows, columns = channels.shape
    n = len(more)
    split = channels.reshape(*more, 2, 2, rows, columns)
    order = (*range(n), n + 2, n, n + 3, n + 1)
    return np.ascontiguousarray(split.transpose(order).reshape(*more, 2 * rows, 2 * columns))


@cache
def _distances(side: int) -> Codes:
    """By offset, from ``1 - side`` to ``side - 1`` on both axes."""
    offsets = np.arange(1 - side, side, dtype=np.int64)
    return logarithm(offsets[:, None] ** 2 + offsets[None, :] ** 2)


def _graph(opened: npt.NDArray[np.bool_]) -> sparse.csr_matrix:
    """Steps between neighbouring open cells, both ways."""
    number = np.arange(opened.size).reshape(opened.shape)
    heads, tails, costs = [], [], []
    for dy, dx, cost in ((0, 1, STRAIGHT), (1, 0, STRAIGHT), (1, 1, DIAGONAL), (1, -1, DIAGONAL)):
        rows, columns = opened.shape
        from_ = np.s_[: rows - dy, max(0, -dx) : columns - max(0, dx)]
        to = np.s_[dy:, max(0, dx) : columns + min(0, dx)]
        both = opened[from_] & opened[to]
        heads.append(number[from_][both])
        tails.append(number[to][both])
        costs.append(np.full(int(both.sum()), cost, np.float64))
    pairs = np.concatenate([*heads, *tails]), np.concatenate([*tails, *heads])
    return sparse.csr_matrix((np.concatenate([*costs, *costs]), pairs), shape=(opened.size, opened.size))
