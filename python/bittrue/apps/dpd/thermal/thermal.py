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

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Complex
from bittrue.apps.dpd.thermal import BANKS as BANKS
from bittrue.apps.dpd.thermal.drift import Drift

if TYPE_CHECKING:
    import torch


class Amplifier(Protocol):
    """What a drift is put upon: `bittrue.apps.dpd.amplifiers.amplifier.Model`."""

    @property
    def title(self) -> str:
        """What it is, in a few words."""

    def __call__(self, u: Complex) -> Complex:
        """Output ``(N,)`` for a drive ``(N,)``."""

    def module(self) -> torch.nn.Module:
        """The same, differentiable: float ``(B, N, 2)`` to ``(B, N, 2)``."""


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
