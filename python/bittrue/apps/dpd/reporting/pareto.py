"""Pareto fronts: what nothing else beats in every respect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def front(points: Sequence[Sequence[float]]) -> list[int]:
    """Indices of the points that no other point beats, all coordinates to be minimised; ascending.

    Point ``a`` beats ``b`` where it is nowhere greater and somewhere less. Of equal points all are kept.
    """
    if not points:
        return []
    table = np.asarray(points, dtype=np.float64)
    return [k for k, point in enumerate(table) if not ((table <= point).all(1) & (table < point).any(1)).any()]
