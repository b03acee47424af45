"""Generalised shot noise: a filtered Poisson process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
from scipy.signal import oaconvolve

from bittrue.apps.noise.processes.law import Law, Multimodal, Uniform, spaced
from bittrue.apps.noise.processes.process import Parameter, Process, Real
from bittrue.kit.bounds import Within

PulseShape = Literal["one_sided_exponential", "linear_exponential", "gaussian"]
AmplitudeLaw = Literal["exponential", "rayleigh", "standard_normal"]
PULSES: tuple[str, ...] = get_args(PulseShape)
AMPLITUDES: tuple[str, ...] = get_args(AmplitudeLaw)

REACH = {"one_sided_exponential": (0.0, 36.0), "linear_exponential": (0.0, 40.0), "gaussian": (-8.5, 8.5)}
"""Where a pulse is more than about 1e-16 of its height, in durations."""
ENERGY = {"one_sided_exponential": 1 / 2, "linear_exponential": 1 / 4, "gaussian": 1 / (2 * np.sqrt(np.pi))}
"""Integral of the squared pulse of duration 1; the pulse itself has integral 1."""


@dataclass(frozen=True)
class Shot(Process):
    """``x(n) = sum_j A_j p((n - m_j) theta)``: pulses at times m_j of a Poisson process, with random amplitudes.

    In every step of ``theta = 0.1`` durations there are Poisson(nu theta) events, nu of them in a duration on average;
    two in one step add up. Pulses of duration 1: ``exp(-t)``, ``t exp(-t)`` for t >= 0, and
    ``exp(-t^2/2) / sqrt(2 pi)``. Amplitudes: exponential and Rayleigh, both of mean 1, or standard normal. The signal
    is stationary from its first sample: events before and after it, as far as a pulse reaches, are drawn too.
    Source: Campbell, Proc. Cambridge Phil. Soc. 15, 1909; Garcia and Theodorsen, Phys. Plasmas 24(2), 2017.
    """

    pulse: PulseShape = "one_sided_exponential"
    amplitude: AmplitudeLaw = "exponential"
    theta: Annotated[float, Within(0.01, 1)] = 0.1

    TYPE = "shot"
    PARAMETER = Parameter("nu", "ER", 0.01, 100, 1, spaced(0.25, 3, 12))

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` with ``value`` events a duration."""
        kernel = self.kernel()
        steps = length + len(kernel) - 1
        events = int(generator.poisson(value * self.theta * steps))
        at = generator.integers(steps, size=events)
        impulses = np.bincount(at, weights=self._amplitudes(events, generator), minlength=steps)
        return np.asarray(oaconvolve(impulses, kernel, "valid"), dtype=np.float64)

    def laws(self) -> Mapping[str, Law]:
        """The public laws of nu."""
        low, high = self.PARAMETER.low, self.PARAMETER.high
        return {"uniform": Uniform(0.25, 3), "multimodal": Multimodal(spaced(0.5, 2.5, 5), 0.1, low, high)}

    @property
    def stem(self) -> str:
        """``shot_gaussian_exponential``."""
        return f"{self.TYPE}_{self.pulse}_{self.amplitude}"

    def kernel(self) -> Real:
        """The sampled pulse, float64 ``(K,)``."""
        first, last = REACH[self.pulse]
        t = np.arange(np.floor(first / self.theta), np.ceil(last / self.theta) + 1) * self.theta
        if self.pulse == "gaussian":
            return np.asarray(np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi))
        return np.asarray(np.exp(-t) if self.pulse == "one_sided_exponential" else t * np.exp(-t))

    def _amplitudes(self, count: int, generator: np.random.Generator) -> Real:
        if self.amplitude == "exponential":
            return generator.exponential(size=count)
        if self.amplitude == "rayleigh":
            return generator.rayleigh(np.sqrt(2 / np.pi), count)
        return generator.standard_normal(count)
