"""Baselines: what a linear filter reaches, and what the process itself with an estimated parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, signal

from bittrue.apps.noise.measures import spectrum
from bittrue.apps.noise.measures.estimators import estimated
from bittrue.apps.noise.processes import drawing
from bittrue.apps.noise.processes.law import Fixed
from bittrue.apps.noise.processes.process import Process

Real = npt.NDArray[np.float64]
Array = npt.NDArray[Any]
ORDER = 32
"""Of the autoregression that stands beside every generator."""
TAPS = 255
WHITE = 1e-7
"""White noise that is added to a covariance, relative to its power: an empty band has no inverse."""
CHANCE = 5.0
"""Standard deviations of the autocorrelation of white noise, ``1 / sqrt(samples)``, that are taken for chance."""
KEPT = 1 << 22
"""Most residuals that are kept to draw from."""


@dataclass(frozen=True, eq=False)
class Autoregression:
    """``x(n) - m = sum_k a_k (x(n-k) - m) + e(n)``, e drawn from residuals with replacement.

    Parameters
    ----------
    mean : float or complex
    coefficients : (order,)
    residuals : (R,)
    """

    mean: complex
    coefficients: Array
    residuals: Array

    def draw(self, count: int, length: int, seed: int) -> Array:
        """``count`` signals of ``length`` samples, behind ``32 order + 1024`` that are thrown away."""
        warm = 32 * len(self.coefficients) + 1024
        denominator = np.concatenate([[1], -self.coefficients])
        found = np.empty((count, length), dtype=self.residuals.dtype)
        for k in range(count):
            generator = drawing.generator(seed, drawing.TRAIN, k)
            noise = self.residuals[generator.integers(len(self.residuals), size=warm + length)]
            found[k] = signal.lfilter([1.0], denominator, noise)[warm:]
        return found + (self.mean if np.iscomplexobj(found) else self.mean.real)


def autoregression(signals: Array, order: int = ORDER) -> Autoregression:
    """Fit by Yule and Walker's equations to the mean autocovariance of signals ``(N, L)``.

    Where no autocorrelation is beyond `CHANCE` the signals are taken for white and all coefficients are 0: with the
    smallest other ones, echoes of the outliers of alpha-stable noise would cover everything else.
    Source: Box and Jenkins, Time Series Analysis, 1970, section 3.2; residuals resampled: Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, section 8.
    """
    mean = signals.mean()
    centred = signals - mean
    length = signals.shape[1]
    scale = float(abs(centred).max()) or 1.0
    centred = centred / scale
    covariance = np.array([(centred[:, k:] * centred[:, : length - k].conj()).sum() for k in range(order + 1)])
    covariance = covariance / centred.size
    white = abs(covariance[1:]).max() <= CHANCE / np.sqrt(centred.size) * abs(covariance[0])
    covariance[0] *= 1 + WHITE
    coefficients = linalg.solve_toeplitz((covariance[:-1], covariance[:-1].conj()), covariance[1:])
    rows = max(KEPT // length, 1)
    if white:
        return Autoregression(0, np.zeros_like(coefficients), signals[:rows].ravel())
    residuals = signal.lfilter(np.concatenate([[1], -coefficients]), [1.0], centred[:rows])[:, order:].ravel()
    residuals = (residuals - residuals.mean()) * scale
    return Autoregression(complex(mean), coefficients, residuals)


def shaped(signals: Array, count: int, seed: int, taps: int = TAPS) -> Array:
    """White normal noise through a filter of ``taps`` coefficients with the spectrum of the signals: ``(count, L)``.

    The filter is the inverse transform of the root of the mean power density, symmetric, cut by a Hann window. Source:
    Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.
    """
    mean = signals.mean()
    density = spectrum.densities(signals - mean).mean(axis=0)
    length = signals.shape[1]
    is_complex = np.iscomplexobj(signals)
    impulse = np.fft.ifft(np.sqrt(density)) if is_complex else np.fft.irfft(np.sqrt(density), length)
    taps = min(taps, length // 2 * 2 - 1)
    kernel = np.roll(impulse, taps // 2)[:taps] * signal.windows.hann(taps + 2)[1:-1]
    found = np.empty((count, length), dtype=np.complex128 if is_complex else np.float64)
    for k in range(count):
        generator = drawing.generator(seed, drawing.TRAIN, k)
        white = generator.standard_normal(length + taps - 1)
        if is_complex:
            white = (white + 1j * generator.standard_normal(length + taps - 1)) / np.sqrt(2)
        found[k] = signal.oaconvolve(white, kernel, "valid")
    return np.asarray(found + mean)


def sampled(process: Process, signals: Real, count: int, seed: int) -> Real | None:
    """The process again, with the median of its estimated parameter: float64 ``(count, L)``.

    What a generator is worth nobody needs where this is at hand; None where the parameter is not estimated. Settings of
    the process are taken as they are.
    """
    key = process.PARAMETER.key
    found = estimated(process, signals[: 1 << 10])
    name = key if key in found else "d" if "d" in found else ""
    if not name:
        return None
    value = float(np.median(found[name])) + (0.5 if name == "d" else 0.0)
    value = float(np.clip(value, process.PARAMETER.low, process.PARAMETER.high))
    return drawing.draw(process, Fixed(value), count, signals.shape[1], seed)[1]
