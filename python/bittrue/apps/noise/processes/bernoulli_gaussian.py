"""Bernoulli-Gaussian noise: thermal noise and, now and then, an impulse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from bittrue.apps.noise.processes.law import Law, Multimodal, Uniform, spaced
from bittrue.apps.noise.processes.process import Parameter, Process, Real
from bittrue.kit.bounds import Within

Deviation = Annotated[float, Within(0, 1000)]

PROBABILITY = Parameter("p", "IP", 0.001, 0.999, 0.1, (0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
"""Share of the samples that hold an impulse."""


@dataclass(frozen=True)
class BernoulliGaussian(Process):
    """``x(n) = w(n) + b(n) i(n)``, w of deviation ``thermal``, b = 1 with probability p, i of deviation ``impulse``.

    Independent samples: a mixture of two normal laws. Source: Ghosh, IEEE Trans. Communications 44(4), 1996.
    """

    thermal: Deviation = 0.1
    impulse: Deviation = 1.0

    TYPE = "BG"
    PARAMETER = PROBABILITY

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` with impulses in a share ``value`` of the samples."""
        thermal = self.thermal * generator.standard_normal(length)
        struck = generator.random(length) < value
        return thermal + np.where(struck, self.impulse * generator.standard_normal(length), 0.0)

    def laws(self) -> Mapping[str, Law]:
        """The public laws of p."""
        return laws()


def laws() -> Mapping[str, Law]:
    """The public laws of an impulse probability."""
    return {"uniform": Uniform(0.01, 0.99), "multimodal": Multimodal(spaced(0.1, 0.5, 5), 0.05, 0.01, 0.99)}
