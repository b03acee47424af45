"""Marginal law of samples: quantiles and kurtosis."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]
SHARES = np.array([0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999])
"""Shares whose quantiles are compared."""
CONSTANT = 1e-100
"""Least variance; a signal with less is a constant, of kurtosis -3."""


def plain(signals: npt.NDArray[Any]) -> Real:
    """Real samples; I and Q side by side where they are complex: float64 ``(N, L or 2 L)``."""
    if np.iscomplexobj(signals):
        return np.concatenate([signals.real, signals.imag], axis=1)
    return np.asarray(signals, dtype=np.float64)


def quantiles(signals: npt.NDArray[Any], shares: Real = SHARES) -> Real:
    """Quantiles of all samples of all signals: float64, one for each share."""
    return np.asarray(np.quantile(plain(signals), shares))


def quantile_error(target: Real, found: Real) -> float:
    """Mean distance of quantiles on the scale ``asinh(x / s)``, s half the target's range from 5 to 95 %.

    Near 0 it is relative to s, in tails logarithmic: a quantile twice as far out is 0.69 off.
    """
    low, high = (target[int(np.argmin(abs(SHARES - share)))] for share in (0.05, 0.95))
    scale = max((high - low) / 2, np.finfo(float).tiny)
    return float(abs(np.arcsinh(target / scale) - np.arcsinh(found / scale)).mean())


def kurtosis(signals: npt.NDArray[Any]) -> float:
    """Median over the signals of ``m4 / m2^2 - 3``: 0 for a normal law. Says nothing of alpha-stable noise.

    The median, because a few signals with a large outlier would decide the kurtosis of all samples together.
    """
    values = plain(signals)
    centred = values - values.mean(axis=1, keepdims=True)
    second = np.maximum((centred**2).mean(axis=1), CONSTANT)
    return float(np.median((centred**4).mean(axis=1) / second**2 - 3))
