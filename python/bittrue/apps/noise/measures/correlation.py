"""Autocorrelation of signals, and of their magnitudes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]
LAGS = 64
"""Lags 1 to this are compared."""


def autocorrelation(signals: npt.NDArray[Any], lags: int = LAGS) -> Real:
    """Mean autocorrelation at lags 1 to ``lags``: float64 ``(lags,)``.

    ``r(k) = mean (x(n) - m)(x(n+k) - m)* / mean |x - m|^2`` with the mean m and all sums over all signals; of complex
    signals the real part.
    """
    centred = signals - signals.mean()
    lags = min(lags, signals.shape[1] - 1)
    power = (abs(centred) ** 2).mean()
    if power == 0:
        return np.zeros(lags)
    found = [np.mean((centred[:, k:] * centred[:, :-k].conj()).real) for k in range(1, lags + 1)]
    return np.asarray(np.array(found) / power)


def of_magnitude(signals: npt.NDArray[Any], lags: int = LAGS) -> Real:
    """Autocorrelation of ``|x - m|``, m the mean of all, which white noise may have too: float64 ``(lags,)``."""
    return autocorrelation(abs(signals - signals.mean()), lags)


def error(target: Real, found: Real) -> float:
    """Root of the mean squared difference over the lags."""
    return float(np.sqrt(np.mean((target - found) ** 2)))
