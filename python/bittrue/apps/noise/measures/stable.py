"""Characteristic exponent of symmetric alpha-stable noise by its logarithmic moments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]


def exponent(signals: Real) -> Real:
    """Alpha: float64 ``(N,)`` from ``(N, L)``, between 0 and 2, whatever the scale.

    ``var ln|x| = pi^2 / 6 (1 / alpha^2 + 1 / 2)``; exact zeros are left out. Source: Ma and Nikias, IEEE Trans. Signal
    Processing 43(12), 1995. (The extremes of segments, by Tsihrintzis and Nikias, IEEE Trans. Signal Processing 44(6),
    1996, are biased here: 1.67 for 1.5.)
    """
    magnitude = abs(signals)
    there = magnitude > 0
    logs = np.log(np.where(there, magnitude, 1.0))
    count = np.maximum(there.sum(axis=1), 1)
    mean = (logs * there).sum(axis=1) / count
    variance = (((logs - mean[:, None]) ** 2) * there).sum(axis=1) / count
    return np.asarray(np.minimum(1 / np.sqrt(np.maximum(6 * variance / np.pi**2 - 0.5, 0.25)), 2.0))
