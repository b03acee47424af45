"""Fractional Brownian motion: sums of fractional Gaussian noise; not stationary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bittrue.apps.noise.processes import fractional
from bittrue.apps.noise.processes.fgn import FGN
from bittrue.apps.noise.processes.law import Law
from bittrue.apps.noise.processes.process import Process, Real


@dataclass(frozen=True)
class FBM(Process):
    """``B(0) = 0``, ``B(n) = B(n-1) + x(n-1)`` with x fractional Gaussian noise of the same H; var B(n) = n^2H.

    Source: Mandelbrot and Van Ness, SIAM Review 10(4), 1968.
    """

    TYPE = "FBM"
    PARAMETER = fractional.HURST

    def signal(self, value: float, length: int, generator: np.random.Generator) -> Real:
        """Float64 ``(length,)`` that begins with 0."""
        increments = FGN().signal(value, length, generator)
        return np.concatenate([[0.0], np.cumsum(increments[:-1])])

    def laws(self) -> Mapping[str, Law]:
        """Those of H."""
        return fractional.laws()
