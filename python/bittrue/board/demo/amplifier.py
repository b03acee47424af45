"""The power amplifier of the closed loop: a **model**, computed by the board's processor.

A generalised memory polynomial (Morgan et al., IEEE Trans. Signal Processing 54 (10), 2006) whose coefficients the PC
fitted to a capture, and a simulated drift with temperature. Nothing here is a measurement.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Complex = npt.NDArray[np.complex128]


@dataclass(frozen=True)
class Rates:
    """Change per kelvin: gain in dB, phase in degrees, both besides at the peak, weight of the sample before."""

    gain_db: float
    phase: float
    peak_db: float
    peak_phase: float
    memory: float


@dataclass(frozen=True, eq=False)
class Amplifier:
    """``y[n] = sum_t c_t * u[n-m_t] * |u[n-m_t-l_t]|**p_t``, and at another temperature the drift of that::

        z[n] = y[n] * (1 + k * |y[n]|^2 / top^2)            k = 10^(peak_db / 20) * e^(j peak_phase) - 1
        y'[n] = g * ((1 - memory) * z[n] + memory * z[n-1])   g = 10^(gain_db / 20) * e^(j phase)

    Parameters
    ----------
    terms : int array (T, 3)
        ``(p, m, l)`` a row.
    coefficients : complex array (T,)
    peak : float
        The drive is limited to ``|u| <= peak`` with its phase kept.
    top : float
        Largest output amplitude at the captured temperature.
    rates : Rates
    """

    terms: npt.NDArray[np.int64]
    coefficients: Complex
    peak: float
    top: float
    rates: Rates

    def __call__(self, u: Complex, kelvin: float = 0.0) -> Complex:
        """Output ``(N,)`` for a drive ``(N,)``, ``kelvin`` away from the captured temperature; zero history."""
        y = self._polynomial(u * (self.peak / np.maximum(abs(u), self.peak)))
        return self._drifted(y, kelvin) if kelvin else y

    def _polynomial(self, u: Complex) -> Complex:
        """One product ``u[n] * |u[n-l]|**p`` at a time, then the taps ``m`` that share it as one short filter."""
        envelope, y = abs(u), np.zeros(len(u), complex)
        for power, offset in sorted({(int(p), int(k)) for p, _, k in self.terms}):
            chosen = (self.terms[:, 0] == power) & (self.terms[:, 2] == offset)
            delays = self.terms[chosen, 1]
            taps = np.zeros(int(delays.max()) + 1, complex)
            np.add.at(taps, delays, self.coefficients[chosen])
            first = int(delays.min())
            product = u * _shifted(envelope, offset) ** power if power else u
            y += _shifted(np.convolve(product, taps[first:])[: len(u)], first)
        return y

    def _drifted(self, y: Complex, kelvin: float) -> Complex:
        rates = self.rates
        curve = _phasor(kelvin * rates.peak_db, kelvin * rates.peak_phase) - 1
        z = y * (1 + curve * (np.square(y.real) + np.square(y.imag)) / self.top**2)
        memory = kelvin * rates.memory
        gain = _phasor(kelvin * rates.gain_db, kelvin * rates.phase)
        return np.asarray(gain * ((1 - memory) * z + memory * _shifted(z, 1)))


def _phasor(decibel: float, degrees: float) -> complex:
    return cmath.rect(10 ** (decibel / 20), math.radians(degrees))


def _shifted(signal: npt.NDArray[Any], samples: int) -> npt.NDArray[Any]:
    """``signal[n - samples]``, zero where that does not exist; negative ``samples`` look ahead."""
    result = np.zeros_like(signal)
    if samples >= 0:
        result[samples:] = signal[: len(signal) - samples]
    else:
        result[:samples] = signal[-samples:]
    return result
