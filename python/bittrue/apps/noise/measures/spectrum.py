"""Power spectra by multitaper, and the geodesic distance between two of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal.windows import dpss

Real = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

HALF_BANDWIDTH, TAPERS = 4, 7
"""Time-half-bandwidth product NW and number of the discrete prolate spheroidal tapers."""
AT_ONCE = 1 << 22
"""Samples that are transformed at once."""
LEAST = 1e-10
"""Of the largest density, 100 dB: what is less is taken for this much, as rounding errors lie there."""


@lru_cache(maxsize=4)
def tapers(length: int) -> Real:
    """The tapers of a length, unit energy: float64 ``(TAPERS, length)``."""
    return np.asarray(dpss(length, HALF_BANDWIDTH, TAPERS), dtype=np.float64)


def densities(signals: Array) -> Real:
    """Power density of every signal: ``P(f) = mean over tapers of |FFT(taper_k x)(f)|^2``.

    Tapers have unit energy, so white noise of variance v has density v. The mean is one of powers: the squared
    magnitude of the mean over tapers, as is found in published code, has about three times the spread. Source: Thomson,
    Proc. IEEE 70(9), 1982.

    Parameters
    ----------
    signals : float64 or complex128 (N, L)

    Returns
    -------
    float64 (N, F)
        F = L // 2 + 1 frequencies from 0 to Nyquist for real signals, L in the order of the FFT for complex ones.
    """
    length = signals.shape[1]
    windows = tapers(length)
    transform = np.fft.fft if np.iscomplexobj(signals) else np.fft.rfft
    found = []
    for first in range(0, len(signals), max(AT_ONCE // (TAPERS * length), 1)):
        some = signals[first : first + max(AT_ONCE // (TAPERS * length), 1)]
        found.append((abs(transform(some[:, None] * windows)) ** 2).mean(axis=1))
    return np.concatenate(found)


def median(signals: Array) -> Real:
    """Median density over the signals at each frequency: float64 ``(F,)``."""
    return np.asarray(np.median(densities(signals), axis=0))


def geodesic(one: Real, other: Real, chosen: npt.NDArray[np.bool_] | None = None) -> float:
    """Distance of two densities, blind to a common gain: ``sqrt(mean(r^2) - mean(r)^2)`` with ``r = ln(one / other)``.

    Over the frequencies ``chosen``, bool ``(F,)``, or all. Source: Georgiou, IEEE Trans. Signal Processing 55(8), 2007.
    """
    if chosen is not None:
        one, other = one[chosen], other[chosen]
    least = LEAST * max(float(one.max()), float(other.max()), np.finfo(float).tiny)
    ratio = np.log(np.maximum(one, least)) - np.log(np.maximum(other, least))
    return float(ratio.std())


def outside(density: Real, inside: npt.NDArray[np.bool_]) -> float:
    """Power outside of a band relative to all power, in dB."""
    return float(10 * np.log10(max(density[~inside].sum() / density.sum(), 1e-30)))


def excess(distance: float, floor: float) -> float:
    """What of a distance is no chance: ``sqrt(max(distance^2 - floor^2, 0))``."""
    return float(np.sqrt(max(distance**2 - floor**2, 0.0)))
