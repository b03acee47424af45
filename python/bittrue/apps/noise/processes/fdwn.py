"""Fractionally differenced white noise, ARFIMA(0, d, 0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma

import numpy as np

from bittrue.apps.noise.processes import circulant, fractional
from bittrue.apps.noise.processes.law import Law
from bittrue.apps.noise.processes.process import Process, Real


@dataclass(frozen=True)
class FDWN(Process):
    """``(1 - B)^d x = e`` with e white of variance 1, B one step back, and d = H - 1/2.

    ``x(n) = sum_k psi_k e(n-k)`` over the whole past, ``psi_0 = 1``, ``psi_k = psi_(k-1) (k-1+d) / k``; drawn exactly
    from its autocovariance ``r(0) = Gamma(1-2d) / Gamma(1-d)^2``, ``r(k) = r(k-1) (k-1+d) / (k-d)`` by circulant
    embedding, so no past is cut off. Column 0 of a set holds d. Source: Granger and Joyeux, J. Time Series Analysis
    1(1), 1980; Hosking, Biometrika 68(1), 1981; that the embedding exists: Craigmile, J. Time Series Analysis 24(5),
    2003.
    """

    TYPE = "FDWN"
    PARAMETER = fractional.HURST

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` of ``d = value - 1/2``."""
        return circulant.gaussian(_amplitudes(value - 0.5, length), generator)

    def label(self, value: float) -> float:
        """The order of differencing d."""
        return value - 0.5

    def laws(self) -> Mapping[str, Law]:
        """Those of H."""
        return fractional.laws()


def autocovariance(d: float, length: int) -> Real:
    """r(0) to r(``length``): float64 ``(length + 1,)``, d between -1/2 and 1/2."""
    k = np.arange(1, length + 1, dtype=np.float64)
    first = exp(lgamma(1 - 2 * d) - 2 * lgamma(1 - d))
    return first * np.concatenate([[1.0], np.cumprod((k - 1 + d) / (k - d))])


def differencing(d: float, length: int) -> Real:
    """Coefficients of ``(1 - B)^d``, float64 ``(length,)``: they make an FDWN signal white."""
    k = np.arange(1, length, dtype=np.float64)
    return np.concatenate([[1.0], np.cumprod((k - 1 - d) / k)])


@lru_cache(maxsize=16)
def _amplitudes(d: float, length: int) -> Real:
    return circulant.amplitudes(autocovariance(d, length))
