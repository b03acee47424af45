"""Quantile transform: values become normal by their ranks, a channel or a feature at a time, and come back.

What ``sklearn.preprocessing.QuantileTransformer(1024, output_distribution="normal")`` computes, with statistics that
are plain arrays and a file without pickles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from bittrue.limits import take

Array = npt.NDArray[Any]
POINTS = 1024
EDGE = 1e-7
"""Probability beyond which ranks count as this."""
LIMIT = float(-ndtri(EDGE - np.spacing(1)))
"""Largest magnitude of a transformed value: 5.199..."""


class Quantiles:
    """``y = ndtri(rank(x))`` with ranks interpolated between the quantiles of the training set.

    Where quantiles repeat, the rank is the middle of its lowest and its highest. ``x`` comes back by interpolation of
    the quantiles at ``ndtr(y)``.

    Parameters
    ----------
    kind : str
        ``channel``, or ``feature`` for every place of the array by itself.
    quantiles : array (points, channels or features)
    limit : float
        Largest magnitude of a value of the training set after the transform.
    """

    def __init__(self, kind: str, quantiles: Array, limit: float) -> None:
        self.kind, self.quantiles, self.limit = kind, quantiles, limit
        self.ranks = np.linspace(0, 1, len(quantiles))

    @classmethod
    def fitted(cls, x: Array, kind: str) -> Quantiles:
        """Of values ``(N, C, ...)``."""
        columns = _columns(x, kind)
        take(24 * columns[0].size, f"the quantiles of a {kind}")
        ranks = np.linspace(0, 1, min(POINTS, columns[0].size))
        found = np.stack([np.quantile(np.asarray(column, np.float64), ranks) for column in columns], axis=1)
        return cls(kind, np.maximum.accumulate(found, axis=0).astype(np.float32), LIMIT)

    def transform(self, x: Array) -> Array:
        """In place; also sets `limit` to the largest magnitude found."""
        largest = 0.0
        for number, column in enumerate(_columns(x, self.kind)):
            known = self.quantiles[:, number]
            ranks = 0.5 * (np.interp(column, known, self.ranks) - np.interp(-column, -known[::-1], -self.ranks[::-1]))
            ranks[column >= known[-1]] = 1.0
            ranks[column <= known[0]] = 0.0
            column[:] = np.clip(ndtri(ranks), -LIMIT, LIMIT)
            largest = max(largest, float(np.abs(column).max()))
        self.limit = largest
        return x

    def inverse(self, y: Array) -> Array:
        """Back, as float32, within the extremes of the training set."""
        x = np.array(y, np.float32)
        for number, column in enumerate(_columns(x, self.kind)):
            column[:] = np.interp(_rank(column), self.ranks, self.quantiles[:, number])
        return x

    def arrays(self) -> dict[str, Array]:
        """For a file."""
        return {"quantiles": self.quantiles, "limit": np.array([self.limit])}


def _rank(y: Array) -> Array:
    ranks = ndtr(np.asarray(y, np.float64))
    ranks[y >= LIMIT - 1e-6] = 1.0
    ranks[y <= -LIMIT + 1e-6] = 0.0
    return np.asarray(ranks)


def _columns(x: Array, kind: str) -> list[Array]:
    """Views of what is transformed together: of every channel, or of every feature."""
    if kind == "channel":
        return [x[:, channel] for channel in range(x.shape[1])]
    flat = x.reshape(len(x), -1)
    return [flat[:, feature] for feature in range(flat.shape[1])]
