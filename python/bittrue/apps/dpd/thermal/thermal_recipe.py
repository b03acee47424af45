"""Section ``[thermal]`` of a recipe."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput

LIMIT = 150.0
"""Kelvins: beyond it, rates of change near room temperature say nothing."""


@dataclass(frozen=True)
class Thermal:
    """Banks of weights for an amplifier that is colder and hotter than the one captured, under a simulated drift.

    Parameters
    ----------
    cold, hot : float
        Kelvins below (negative) and above the temperature of the capture.
    epochs : int
        Passes of quantisation-aware training in which each of both banks departs from the normal one.
    rate : float
        Its learning rate at the start.
    """

    cold: float = -65.0
    hot: float = 60.0
    epochs: int = 100
    rate: float = 1e-3

    def __post_init__(self) -> None:
        if not -LIMIT <= self.cold < 0:
            raise BadInput(f"cold is {self.cold:g} kelvins; it must be below 0 and at least {-LIMIT:g}")
        if not 0 < self.hot <= LIMIT:
            raise BadInput(f"hot is {self.hot:g} kelvins; it must be above 0 and at most {LIMIT:g}")
        if self.epochs < 1:
            raise BadInput(f"epochs is {self.epochs}; it must be at least 1")
        if not self.rate > 0:
            raise BadInput(f"rate is {self.rate:g}; it must be above 0, such as 1e-3")
