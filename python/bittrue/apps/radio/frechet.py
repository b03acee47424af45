"""A Frechet distance between sets of maps, by the features of a net whose weights are drawn and never trained.

``d = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`` of means and covariances, as FID is (Heusel et al., NeurIPS 2017,
equation 6), but the net is ``bittrue-random-16``: the map averaged over 4 x 4 pixels, two layers of 3 x 3 filters (16
and 16 of them, normal weights of NumPy's generator 0, scaled by their number of terms) with absolute values, halved
in between; features are mean and deviation of each of the last 16 channels. Figures compare only with figures of this
net, and only over the same number of maps.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data.png import Levels

NAME = "bittrue-random-16"
CHANNELS = 16
Floats = npt.NDArray[np.float64]


def features(levels: Levels) -> Floats:
    """Of a map uint8 (256, 256): float64 (32,)."""
    height, width = levels.shape
    x = levels.reshape(height // 4, 4, width // 4, 4).mean((1, 3))[None] / 255.0
    first, second = _weights()
    x = abs(_filtered(x, first))
    x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    x = x.reshape(CHANNELS, x.shape[1] // 2, 2, x.shape[2] // 2, 2).mean((2, 4))
    x = abs(_filtered(x, second))
    return np.concatenate([x.mean((1, 2)), x.std((1, 2))])


def distance(a: Floats, b: Floats) -> float:
    """Of two sets of features (maps, n)."""
    mean = ((a.mean(0) - b.mean(0)) ** 2).sum()
    if len(a) < 2 or len(b) < 2:
        return float(mean)
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = _root(ca)
    both = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cb @ root), 0)).sum()
    return float(max(mean + np.trace(ca) + np.trace(cb) - 2 * both, 0))


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def _filtered(x: Floats, weights: Floats) -> Floats:
    """Channels (c, H, W) by filters (n, c, 3, 3) without padding."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    return np.asarray(np.tensordot(weights, windows, ([1, 2, 3], [0, 3, 4])))


@cache
def _weights() -> tuple[Floats, Floats]:
    random = np.random.default_rng(0)
    first = random.standard_normal((CHANNELS, 1, 3, 3)) / 3
    return first, random.standard_normal((CHANNELS, CHANNELS, 3, 3)) / (9 * CHANNELS) ** 0.5
