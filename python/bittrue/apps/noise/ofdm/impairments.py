"""Impairments of a transmitter: white noise, an offset of the carrier, unequal branches of I and Q."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Complex = npt.NDArray[np.complex128]


def noisy(signal: Complex, deviation: float, generator: np.random.Generator) -> Complex:
    """``x + w`` with w complex normal of standard deviation ``deviation``, half its power in either part."""
    parts = generator.standard_normal((2, len(signal)))
    return np.asarray(signal + deviation / np.sqrt(2) * (parts[0] + 1j * parts[1]))


def offset(signal: Complex, hertz: float, rate: float) -> Complex:
    """``x(n) exp(j 2 pi hertz n / rate)``."""
    return np.asarray(signal * np.exp(2j * np.pi * hertz / rate * np.arange(len(signal))))


def imbalanced(signal: Complex, gain: float, phase: float) -> Complex:
    """I and Q mixed by ``[[a c, b s], [a s, b c]]``, ``a, b = 1 -+ gain/2``, ``c, s`` cosine and sine of ``phase/2``.

    Source: Smaini, RF Analog Impairments Modeling for Communication Systems Simulation, 2012, equation 2.129.
    """
    a, b, c, s = 1 - gain / 2, 1 + gain / 2, np.cos(phase / 2), np.sin(phase / 2)
    i, q = signal.real, signal.imag
    return np.asarray(a * c * i + b * s * q + 1j * (a * s * i + b * c * q))
