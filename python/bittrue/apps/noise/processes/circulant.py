"""Circulant embedding: exact samples of a stationary Gaussian process from its autocovariance, in one FFT."""

from __future__ import annotations

import numpy as np

from bittrue.apps.noise.processes.process import Real

NEGATIVE = 1e-9
"""Largest negative eigenvalue relative to the largest one that is taken for a rounding error."""


def amplitudes(autocovariance: Real) -> Real:
    """Standard deviations of the Fourier coefficients of a period of ``2 L`` samples.

    With ``c = (r(0), ..., r(L), r(L-1), ..., r(1))`` and its eigenvalues ``g = FFT(c)``, real and at least 0, the
    coefficient k of ``irfft`` is ``sqrt(2 L g_k)`` times a normal number for k = 0 and k = L, else ``sqrt(L g_k)``
    times a complex one whose parts have variance 1 each. Source: Davies and Harte, Biometrika 74(1), 1987, the
    appendix; Wood and Chan, J. Comp. Graph. Stat. 3(4), 1994.

    Parameters
    ----------
    autocovariance : float64 (L + 1,)
        r(0) to r(L).

    Returns
    -------
    float64 (L + 1,)

    Raises
    ------
    ValueError
        Where the embedding is not positive semi-definite.
    """
    length = len(autocovariance) - 1
    eigenvalues = np.fft.rfft(np.concatenate([autocovariance, autocovariance[-2:0:-1]])).real
    if eigenvalues.min() < -NEGATIVE * eigenvalues.max():
        raise ValueError(f"the circulant embedding has the eigenvalue {eigenvalues.min():g}")
    deviations: Real = np.sqrt(length * np.maximum(eigenvalues, 0))
    deviations[[0, -1]] *= np.sqrt(2)
    return deviations


def gaussian(deviations: Real, generator: np.random.Generator) -> Real:
    """One signal of ``L`` samples from what `amplitudes` gave: float64 ``(L,)``; ``2 L`` normal numbers are drawn."""
    length = len(deviations) - 1
    normal = generator.standard_normal(2 * length)
    coefficients = np.zeros(length + 1, dtype=np.complex128)
    coefficients.real = normal[: length + 1]
    coefficients.imag[1:-1] = normal[length + 1 :]
    signal: Real = np.fft.irfft(deviations * coefficients, 2 * length)[:length]
    return signal
