"""Symmetric alpha-stable noise: impulsive, with infinite variance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bittrue.apps.noise.processes.law import Law, Multimodal, Uniform, spaced
from bittrue.apps.noise.processes.process import Parameter, Process, Real


@dataclass(frozen=True)
class AlphaStable(Process):
    """Independent samples with the characteristic function ``exp(-|t|^alpha)``: scale 1, no skew.

    ``x = sin(a U) / cos(U)^(1/a) * (cos((1-a) U) / W)^((1-a)/a)``, U uniform between -pi/2 and pi/2, W exponential of
    mean 1; for a = 1 it is ``tan(U)``, Cauchy's law, and for a = 2 normal of variance 2. Source: Chambers, Mallows and
    Stuck, J. American Statistical Association 71, 1976; Nikias and Shao, Signal Processing with Alpha-Stable
    Distributions, 1995.
    """

    TYPE = "SAS"
    PARAMETER = Parameter("alpha", "alpha", 0.25, 2, 1, spaced(0.5, 1.5, 11))

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` of exponent ``value``."""
        angle = np.pi * (generator.random(length) - 0.5)
        waited = generator.exponential(size=length)
        if value == 1:
            return np.tan(angle)
        inverse = 1 / value
        tail = (np.cos((1 - value) * angle) / waited) ** (inverse - 1)
        return np.sin(value * angle) / np.cos(angle) ** inverse * tail

    def laws(self) -> Mapping[str, Law]:
        """The public laws of alpha."""
        low, high = self.PARAMETER.low, 1.99
        return {"uniform": Uniform(0.5, 1.5), "multimodal": Multimodal(spaced(0.5, 1.5, 5), 0.05, low, high)}
