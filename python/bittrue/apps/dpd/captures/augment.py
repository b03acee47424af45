"""Augmentation: signals altered as a transmitter may alter them, as composable transforms.

A transform maps a complex signal ``(N,)`` to one of the same length and draws its randomness from the generator it is
given. A copy gets its own ideal drive afterwards (`bittrue.apps.dpd.training.examples`): a measured amplifier is not
exactly indifferent to phase or gain, so a target that was merely altered along with the signal would be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.amplifiers.pa import limit, power
from bittrue.apps.dpd.metrics import Complex, Real
from bittrue.apps.dpd.recipe import Augment

Transform = Callable[[Complex, np.random.Generator], Complex]

KNOTS = 4
"""Places between which a drift goes smoothly up or down."""


@dataclass(frozen=True)
class Noise:
    """``x + n``: white Gaussian ``n`` of ``decibel`` dB less power than ``x``."""

    decibel: float

    def __call__(self, x: Complex, rng: np.random.Generator) -> Complex:
        """The noisy signal."""
        parts = rng.standard_normal((2, len(x)))
        scale = np.sqrt(power(x) / 2) * 10 ** (-self.decibel / 20)
        return np.asarray(x + scale * (parts[0] + 1j * parts[1]), dtype=np.complex128)


@dataclass(frozen=True)
class Phase:
    """``x * exp(j a)``, ``a`` uniform in ``+-degrees``."""

    degrees: float

    def __call__(self, x: Complex, rng: np.random.Generator) -> Complex:
        """The rotated signal."""
        return np.asarray(x * np.exp(1j * np.deg2rad(rng.uniform(-self.degrees, self.degrees))), dtype=np.complex128)


@dataclass(frozen=True)
class Gain:
    """``x * 10**(g/20)``, ``g`` uniform in ``+-decibel``."""

    decibel: float

    def __call__(self, x: Complex, rng: np.random.Generator) -> Complex:
        """The louder or softer signal."""
        return np.asarray(x * 10 ** (rng.uniform(-self.decibel, self.decibel) / 20), dtype=np.complex128)


@dataclass(frozen=True)
class Drift:
    """``x[n] * 10**(g[n]/20) * exp(j a[n])``: slow gain and phase within ``+-decibel`` and ``+-degrees``.

    Both wander along half cosines between `KNOTS` random places, as the chain in front of an amplifier does while it
    warms up.
    """

    decibel: float = 0.0
    degrees: float = 0.0

    def __call__(self, x: Complex, rng: np.random.Generator) -> Complex:
        """The drifting signal."""
        gain = self.decibel * wander(len(x), rng)
        angle = np.deg2rad(self.degrees) * wander(len(x), rng)
        return np.asarray(x * 10 ** (gain / 20) * np.exp(1j * angle), dtype=np.complex128)


@dataclass(frozen=True)
class Compose:
    """One transform after the other."""

    transforms: Sequence[Transform]

    def __call__(self, x: Complex, rng: np.random.Generator) -> Complex:
        """The signal after the last of them."""
        for transform in self.transforms:
            x = transform(x, rng)
        return x


def wander(samples: int, rng: np.random.Generator) -> Real:
    """``(samples,)`` values within -1..1 on half cosines between `KNOTS` random ones."""
    knots = rng.uniform(-1, 1, KNOTS)
    place = np.linspace(0, KNOTS - 1, samples, endpoint=False)
    left = place.astype(np.int64)
    turn = 0.5 - 0.5 * np.cos(np.pi * (place - left))
    return np.asarray(knots[left] + turn * (knots[left + 1] - knots[left]), dtype=np.float64)


def of(section: Augment) -> Compose:
    """The transforms that a recipe's section asks for: gain, phase, drift, noise."""
    chosen: list[Transform] = []
    if section.gain_db is not None:
        chosen.append(Gain(section.gain_db))
    if section.phase is not None:
        chosen.append(Phase(section.phase))
    if section.drift_db is not None or section.drift_degrees is not None:
        chosen.append(Drift(section.drift_db or 0.0, section.drift_degrees or 0.0))
    if section.noise_db is not None:
        chosen.append(Noise(section.noise_db))
    return Compose(chosen)


def copies(section: Augment, x: Complex, seed: int, peak: float) -> list[Complex]:
    """The altered copies of a signal that a section asks for, limited to ``peak`` as a transmitter limits."""
    rng = np.random.default_rng([seed, len(x)])
    transform = of(section)
    return [limit(transform(x, rng), peak) for _ in range(section.copies)]
