"""Path loss over a way: free space in sight, a fitted law of length, turns and detour out of sight; in grey levels.

In sight ``g = a + b log10 d``; elsewhere, with length L, straight distance d, sum of angles A and n turns,
``g = c0 + c1 log10 L + c2 A + c3 sqrt(A) + c4 n + c5 L / d``. Lengths are in metres, at least 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.propagation.dominant_path import Paths
from bittrue.apps.radio.propagation.viewshed import Grid

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """The constants: two in sight, six out of sight, in levels of 255."""

    sight: tuple[float, float]
    shadow: tuple[float, float, float, float, float, float]

    def levels(self, paths: Paths) -> Floats:
        """Grey levels of all pixels, float64 (H, W), neither rounded nor cut; 0 where no way leads."""
        hidden = np.isfinite(paths.length) & ~paths.sight
        levels = np.zeros(paths.length.shape)
        levels[paths.sight] = _sum(self.sight, sight_terms(paths, paths.sight))
        levels[hidden] = _sum(self.shadow, shadow_terms(paths, hidden))
        return levels


FITTED = Law(sight=(254.901, -64.248), shadow=(267.76, -71.09, 14.77, -60.36, -2.39, 4.47))
"""Fitted by ``python benchmarks/radio_calibration.py`` on the 20 maps of the real cities 0 to 10, least squares over
their street pixels; maps of cities above 10 were not looked at for it."""

FITTED_ON = "real cities 0 to 10 (20 maps)"
"""What a table says about that."""


def _sum(constants: tuple[float, ...], terms: list[Floats]) -> Floats:
    """In this order: the same bits whatever library adds."""
    total = constants[0] * terms[0]
    for constant, term in zip(constants[1:], terms[1:], strict=True):
        total = total + constant * term
    return np.asarray(total)


def sight_terms(paths: Paths, where: Grid) -> list[Floats]:
    """What the constants in sight are multiplied by, at some pixels, float64 (pixels,) each."""
    distance = np.maximum(paths.distance[where].astype(np.float64), 1)
    return [np.ones_like(distance), np.log10(distance)]


def shadow_terms(paths: Paths, where: Grid) -> list[Floats]:
    """What those out of sight are multiplied by, at some pixels that a way leads to."""
    length, distance, angle, turns = (
        field[where].astype(np.float64) for field in (paths.length, paths.distance, paths.angle, paths.turns)
    )
    length, distance = np.maximum(length, 1), np.maximum(distance, 1)
    return [np.ones_like(distance), np.log10(length), angle, np.sqrt(angle), turns, length / distance]
