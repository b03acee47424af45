"""Laws of a parameter over the signals of a set: one value for all, or another value for every signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


class Law:
    """How the parameter of a signal is drawn."""

    def value(self, generator: np.random.Generator) -> float:
        """The parameter of one signal."""
        raise NotImplementedError


@dataclass(frozen=True)
class Fixed(Law):
    """The same value for every signal; draws no random number."""

    at: float

    def value(self, generator: np.random.Generator) -> float:
        """``at``."""
        return self.at


@dataclass(frozen=True)
class Uniform(Law):
    """Values spread evenly over ``[low, high)``."""

    low: float
    high: float

    def value(self, generator: np.random.Generator) -> float:
        """One draw."""
        return float(generator.uniform(self.low, self.high))


@dataclass(frozen=True)
class Choice(Law):
    """One of the ``values``, each as likely."""

    values: tuple[float, ...]

    def value(self, generator: np.random.Generator) -> float:
        """One draw."""
        return self.values[int(generator.integers(len(self.values)))]


@dataclass(frozen=True)
class Multimodal(Law):
    """A mode of ``centres``, each as likely, plus a normal deviation, clipped to ``[low, high]``."""

    centres: tuple[float, ...]
    deviation: float
    low: float
    high: float

    def value(self, generator: np.random.Generator) -> float:
        """One draw."""
        centre = self.centres[int(generator.integers(len(self.centres)))]
        return float(min(max(centre + self.deviation * generator.standard_normal(), self.low), self.high))


def spaced(first: float, last: float, count: int) -> tuple[float, ...]:
    """``count`` values from ``first`` to ``last`` at equal distances."""
    return tuple(float(value) for value in np.linspace(first, last, count))
