"""Fractional Gaussian noise: the stationary increments of fractional Brownian motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bittrue.apps.noise.processes import circulant, fractional
from bittrue.apps.noise.processes.law import Law
from bittrue.apps.noise.processes.process import Process, Real


@dataclass(frozen=True)
class FGN(Process):
    """Gaussian, of variance 1, with autocovariance ``r(k) = (|k+1|^2H - 2 |k|^2H + |k-1|^2H) / 2``.

    Exact at every length, by circulant embedding. Source: Mandelbrot and Van Ness, SIAM Review 10(4), 1968; Davies and
    Harte, Biometrika 74(1), 1987.
    """

    TYPE = "FGN"
    PARAMETER = fractional.HURST

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` of Hurst index ``value``."""
        return circulant.gaussian(_amplitudes(value, length), generator)

    def laws(self) -> Mapping[str, Law]:
        """Those of H."""
        return fractional.laws()


def autocovariance(hurst: float, length: int) -> Real:
    """r(0) to r(``length``): float64 ``(length + 1,)``."""
    k = np.arange(length + 2, dtype=np.float64)
    power = k ** (2 * hurst)
    second = power[2:] - 2 * power[1:-1] + power[:-2]
    return np.concatenate([[1.0], second / 2])


@lru_cache(maxsize=16)
def _amplitudes(hurst: float, length: int) -> Real:
    return circulant.amplitudes(autocovariance(hurst, length))
