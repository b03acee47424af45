"""Fractional Gaussian noise with bursts of impulses on it: dependence in the samples and in their magnitudes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from bittrue.apps.noise.processes import fractional
from bittrue.apps.noise.processes.bernoulli_gaussian import Deviation
from bittrue.apps.noise.processes.bursty import Burst, states
from bittrue.apps.noise.processes.fgn import FGN
from bittrue.apps.noise.processes.law import Law
from bittrue.apps.noise.processes.process import Process, Real
from bittrue.kit.bounds import Within


@dataclass(frozen=True)
class FGNAndBursts(Process):
    """``x(n) = background g(n) + b(n) i(n)``: g FGN of variance 1, b and i as in bursty Bernoulli-Gaussian noise.

    A linear filter can have the spectrum of x and not the correlation of |x|. Sources: those of `FGN` and
    `BurstyBernoulliGaussian`.
    """

    p: Annotated[float, Within(0.001, 0.999)] = 0.1
    burst: Burst = 20.0
    background: Deviation = 0.25
    impulse: Deviation = 1.0

    TYPE = "FGN_bursts"
    PARAMETER = fractional.HURST

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` whose background has Hurst index ``value``."""
        background = self.background * FGN().signal(value, length, generator)
        struck = states(self.p, self.burst, length, generator)
        return background + np.where(struck, self.impulse * generator.standard_normal(length), 0.0)

    def laws(self) -> Mapping[str, Law]:
        """Those of H."""
        return fractional.laws()
