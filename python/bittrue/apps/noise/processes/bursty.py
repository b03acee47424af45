"""Bursty Bernoulli-Gaussian noise: impulses that come together, by a Markov chain of two states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.processes import bernoulli_gaussian
from bittrue.apps.noise.processes.bernoulli_gaussian import PROBABILITY, Deviation
from bittrue.apps.noise.processes.law import Law
from bittrue.apps.noise.processes.process import Process, Real
from bittrue.kit.bounds import Within

Burst = Annotated[float, Within(1, 10_000)]


@dataclass(frozen=True)
class BurstyBernoulliGaussian(Process):
    """``x(n) = w(n) + b(n) i(n)`` with b a stationary Markov chain: 1 in a share p, in bursts of mean length ``burst``.

    A burst ends after each sample with probability ``1 / burst``, one begins with ``p / ((1 - p) burst)``, so the
    covariance of b falls as ``(1 - 1/burst - p/((1-p) burst))^k`` and |x| is correlated though x is white. Where a
    burst would have to begin with a probability beyond 1, bursts are made longer: ``p / (1 - p)`` at least.
    Source: Fertonani and Colavolpe, IEEE Trans. Communications 57(5), 2009 (Markov-Gaussian noise).
    """

    burst: Burst = 20.0
    thermal: Deviation = 0.1
    impulse: Deviation = 1.0

    TYPE = "bursty_BG"
    PARAMETER = PROBABILITY

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` with bursts over a share ``value`` of the samples."""
        thermal = self.thermal * generator.standard_normal(length)
        struck = states(value, self.burst, length, generator)
        return thermal + np.where(struck, self.impulse * generator.standard_normal(length), 0.0)

    def laws(self) -> Mapping[str, Law]:
        """The public laws of p."""
        return bernoulli_gaussian.laws()


def states(p: float, burst: float, length: int, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The chain, stationary from its first sample: bool ``(length,)``, true in a burst.

    Lengths of stay are geometric, so stays are drawn and not samples; the rest of a geometric stay is geometric again.
    """
    burst = max(burst, p / (1 - p))
    leave = (min(p / ((1 - p) * burst), 1.0), 1 / burst)
    state = bool(generator.random() < p)
    kinds, stays, there = [], [], 0
    while there < length:
        stay = min(int(generator.geometric(leave[state])), length - there)
        kinds.append(state)
        stays.append(stay)
        there += stay
        state = not state
    return np.repeat(np.array(kinds, dtype=bool), stays)
