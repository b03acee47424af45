"""Hurst index by discrete variations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]
DILATIONS = (1, 2, 3, 4, 5)
"""Steps at which second differences are taken."""


def of_motion(paths: Real) -> Real:
    """Hurst index of paths that look like fractional Brownian motion: float64 ``(N,)`` from ``(N, L)``.

    ``V(m) = mean (x(n) - 2 x(n-m) + x(n-2m))^2`` grows as ``m^2H``: half the least-squares slope of ``ln V`` over
    ``ln m`` for m = 1 to 5. Source: Coeurjolly, Statistical Inference for Stochastic Processes 4, 2001.
    """
    powers = []
    for m in DILATIONS:
        second = paths[:, 2 * m :] - 2 * paths[:, m:-m] + paths[:, : -2 * m]
        powers.append((second**2).mean(axis=1))
    logs = np.log(np.maximum(np.array(powers), np.finfo(float).tiny))
    steps = np.log(DILATIONS)
    steps = steps - steps.mean()
    return np.asarray(steps @ logs / (steps @ steps) / 2)


def of_noise(signals: Real) -> Real:
    """Hurst index of signals that look like fractional Gaussian noise, by that of their sums: float64 ``(N,)``."""
    return of_motion(np.cumsum(signals, axis=1))
