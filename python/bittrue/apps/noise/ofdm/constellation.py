"""Constellations of unit power with Gray labels: phase-shift keying and QAM of 2 to 64 points."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Complex = npt.NDArray[np.complex128]
Index = npt.NDArray[np.int64]


@lru_cache(maxsize=8)
def points(order: int) -> Complex:
    """Point of every label 0 to ``order - 1``: complex128 ``(order,)`` of mean power 1.

    2, 8: on the circle, Gray along it. 4, 16, 64: a square, Gray along either axis. 32: the cross, an 8 x 4 rectangle
    with Gray labels whose outer columns are moved above and below (Smith, IEEE Trans. Communications 23(3), 1975), so
    that nearly all neighbours differ in one bit.
    """
    if order in (2, 8):
        angle = 2 * np.pi * np.arange(order) / order
        found = np.empty(order, dtype=np.complex128)
        found[_gray(order)] = np.exp(1j * angle)
        return found
    rows = 1 << (order.bit_length() - 1) // 2
    columns = order // rows
    i, q = (2.0 * np.arange(n) - n + 1 for n in (columns, rows))
    grid = i[None, :] + 1j * q[:, None]
    if order == 32:
        outer = abs(grid.real) > 6
        moved = np.sign(grid.real) * np.where(abs(grid.imag) > 2, 1, 3) + 5j * np.sign(grid.imag)
        grid = np.where(outer, moved, grid)
    labels = _gray(rows)[:, None] * columns + _gray(columns)[None, :]
    found = np.empty(order, dtype=np.complex128)
    found[labels.ravel()] = grid.ravel()
    return np.asarray(found / np.sqrt(np.mean(abs(found) ** 2)))


def nearest(symbols: Complex, order: int) -> Index:
    """Label of the point that is nearest to each symbol: int64 of the same shape."""
    known = points(order)
    return np.asarray(np.argmin(abs(symbols[..., None] - known), axis=-1))


def bits(labels: Index, order: int) -> npt.NDArray[np.uint8]:
    """Bits of labels, the highest first: uint8 ``(..., log2 order)``."""
    count = order.bit_length() - 1
    return (labels[..., None] >> np.arange(count - 1, -1, -1) & 1).astype(np.uint8)


def _gray(count: int) -> Index:
    """Gray code of 0 to ``count - 1``."""
    k = np.arange(count)
    return k ^ k >> 1
