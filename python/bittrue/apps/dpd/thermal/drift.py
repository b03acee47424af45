"""Drift of an amplifier's output with its temperature; the rates are those of `bittrue.apps.dpd.thermal.thermal`."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.amplifiers.gmp import shifted
from bittrue.apps.dpd.metrics import Complex


@dataclass(frozen=True)
class Rates:
    """Change per kelvin; see the table of `bittrue.apps.dpd.thermal.thermal`."""

    gain_db: float = -0.015
    phase: float = -0.1
    peak_db: float = -0.008
    peak_phase: float = 0.05
    memory: float = 0.0005


@dataclass(frozen=True)
class Drift:
    """What a temperature does to an amplifier's output ``y``::

        z[n] = y[n] * (1 + k * |y[n]|^2 / peak^2)           k = 10^(peak_db / 20) * e^(j peak_phase) - 1
        y'[n] = g * ((1 - memory) * z[n] + memory * z[n-1])   g = 10^(gain_db / 20) * e^(j phase)

    Parameters
    ----------
    kelvin : float
        Distance from the captured temperature, for titles; 0 with nothing else set changes nothing.
    gain_db, phase : float
        Gain in dB and phase in degrees at small signals.
    peak_db, peak_phase : float
        What comes on top of them at the peak.
    memory : float
        Weight of the sample before.
    """

    kelvin: float = 0.0
    gain_db: float = 0.0
    phase: float = 0.0
    peak_db: float = 0.0
    peak_phase: float = 0.0
    memory: float = 0.0

    @classmethod
    def at(cls, kelvin: float, rates: Rates = Rates()) -> Drift:
        """The drift at ``kelvin`` above (or, negative, below) the captured temperature."""
        return cls(kelvin, *(kelvin * rate for rate in vars(rates).values())) if kelvin else cls()

    @property
    def gain(self) -> complex:
        """``g``."""
        return _complex(self.gain_db, self.phase)

    @property
    def curve(self) -> complex:
        """``k``."""
        return _complex(self.peak_db, self.peak_phase) - 1

    def __call__(self, y: Complex, peak: float) -> Complex:
        """Output ``(N,)`` at this temperature for an output ``(N,)`` at the captured one, whose largest is ``peak``."""
        z: Complex = y * (1 + self.curve * np.square(abs(y) / peak))
        return np.asarray(self.gain * ((1 - self.memory) * z + self.memory * shifted(z, 1)), dtype=np.complex128)


def _complex(decibel: float, degrees: float) -> complex:
    return cmath.rect(10 ** (decibel / 20), math.radians(degrees))
