"""Rate of events of shot noise by its moments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.processes.shot import Shot

Real = npt.NDArray[np.float64]
SQUARE = {"exponential": 2.0, "rayleigh": 4 / np.pi, "standard_normal": 1.0}
"""Mean square of an amplitude; the first two have mean 1, the last 0."""
MOST = 1e9
"""Largest rate that is answered: that of a constant, which has no events."""


def rate(signals: Real, process: Shot) -> Real:
    """Events a duration: float64 ``(N,)`` from ``(N, L)``.

    With ``mean = nu E(A) I1`` and ``var = nu E(A^2) I2``, I1 and I2 the sums of pulse and squared pulse times theta:
    ``nu = mean^2 E(A^2) I2 / (var E(A)^2 I1^2)`` whatever the gain, and ``nu = var / (E(A^2) I2)`` for normal
    amplitudes, whose mean is 0. Source: Campbell's theorem; Garcia and Theodorsen, Phys. Plasmas 24(2), 2017.
    """
    kernel = process.kernel()
    first, second = kernel.sum() * process.theta, (kernel**2).sum() * process.theta
    variance = np.maximum(signals.var(axis=1), np.finfo(float).tiny)
    square = SQUARE[process.amplitude]
    if process.amplitude == "standard_normal":
        return np.asarray(variance / (square * second))
    return np.asarray(np.minimum(signals.mean(axis=1) ** 2 * square * second / (variance * first**2), MOST))
