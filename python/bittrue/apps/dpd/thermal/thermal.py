"""An amplifier at another temperature: a **simulated** drift of a model, not a measurement.

No capture at several temperatures is at hand, so the drift is a model of its own, with four effects that grow with the
distance from the captured temperature. Their rates per kelvin (`Rates`):

| effect | rate | where it comes from |
|---|---|---|
| small-signal gain | -0.015 dB | GaN and GaAs FETs lose 0.01 to 0.03 dB per degree, by their mobility |
| phase | -0.1 degrees | assumed |
| gain at the peak, besides | -0.008 dB | assumed: saturation falls too, by about half of what the gain does |
| phase at the peak, besides | 0.05 degrees | assumed |
| memory | 0.0005 | assumed: one more tap, as matching networks shift |

Source of the first: "What are the common causes of gain drift over temperature in an RF amplifier?", rfessentials.com
(2026); a reference work, not a measurement of this amplifier. The others are of an order at which banks make sense and
a single set of weights does not; a real amplifier will differ, in size and in kind.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from bittrue.apps.dpd.amplifiers.gmp import shifted
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Complex

if TYPE_CHECKING:
    import torch

BANKS = ("cold", "normal", "hot")
"""In the order of their select codes."""


class Amplifier(Protocol):
    """What a drift is put upon: `bittrue.apps.dpd.amplifiers.amplifier.Model`."""

    @property
    def title(self) -> str:
        """What it is, in a few words."""

    def __call__(self, u: Complex) -> Complex:
        """Output ``(N,)`` for a drive ``(N,)``."""

    def module(self) -> torch.nn.Module:
        """The same, differentiable: float ``(B, N, 2)`` to ``(B, N, 2)``."""


@dataclass(frozen=True)
class Rates:
    """Change per kelvin; see the table of this module."""

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


@dataclass(frozen=True, eq=False)
class Drifted:
    """An amplifier model at another temperature.

    Parameters
    ----------
    model : Amplifier
    drift : Drift
    peak : float
        Largest amplitude of the model's output.
    """

    model: Amplifier
    drift: Drift
    peak: float

    @property
    def title(self) -> str:
        """The model's, and by how much it has drifted."""
        moved = f", {self.drift.kelvin:+g} K (simulated drift)" if self.drift.kelvin else ""
        return f"{self.model.title}{moved}"

    def __call__(self, u: Complex) -> Complex:
        """Simulated output ``(N,)`` for a drive ``(N,)``, both complex."""
        y = self.model(u)
        return self.drift(y, self.peak) if self.drift.kelvin else y

    def module(self) -> torch.nn.Module:
        """The same as a frozen, differentiable module: float ``(B, N, 2)`` to ``(B, N, 2)``."""
        from bittrue.apps.dpd.thermal.thermal_module import Cascade

        return Cascade(self.model.module(), self.drift, self.peak)


def drifted(capture: Capture, model: Amplifier, drift: Drift) -> tuple[Capture, Drifted]:
    """An amplifier and its capture at another temperature.

    The capture keeps its inputs; its outputs are those of the drifted model, so that the target gain follows the
    amplifier: ``max |output| / max |input|`` of the train split, as for the measured one. Without a drift the
    measured outputs stay.
    """
    amplifier = Drifted(model, drift, capture.gain * capture.peak)
    if not drift.kelvin:
        return capture, amplifier
    outputs = {split: amplifier(x) for split, x in capture.inputs.items()}
    return replace(capture, name=f"{capture.name} {drift.kelvin:+g} K, simulated", outputs=outputs), amplifier


def _complex(decibel: float, degrees: float) -> complex:
    return cmath.rect(10 ** (decibel / 20), math.radians(degrees))
