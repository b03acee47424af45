"""When a test bench withholds data and when it refuses to take any."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bittrue.errors import BadInput


@dataclass(frozen=True)
class Stalls:
    """Random stalls of a bench, reproducible from ``seed``.

    Parameters
    ----------
    seed : int
    idle : float
        Probability, 0 to below 1, that a source offers nothing although it has data. A word once offered stays.
    backpressure : float
        Probability, 0 to below 1, that a sink is not ready.
    burst : int
        Each decision holds for 1 to ``burst`` clocks, drawn evenly; 1 decides anew every clock.
    """

    seed: int = 0
    idle: float = 0.0
    backpressure: float = 0.0
    burst: int = 1

    def __post_init__(self) -> None:
        for name in ("idle", "backpressure"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise BadInput(f"Stalls.{name} is {value}; give a probability from 0 to below 1, or nothing ever moves")
        if not 1 <= self.burst <= 1_000_000:
            raise BadInput(f"Stalls.burst is {self.burst}; a decision holds for 1 to 1000000 clocks")

    def pattern(self, probability: float, stream: str) -> Iterator[bool]:
        """Endless decisions, one a clock: ``True`` to go on, ``False`` to stall; its own for every stream name."""
        draw = random.Random(f"{self.seed} {stream}")
        while True:
            go = draw.random() >= probability
            for _ in range(draw.randint(1, self.burst)):
                yield go


MATRIX = {
    f"{name} x {other}": Stalls(seed=11 + 3 * i + j, idle=idle, backpressure=back, burst=max(burst, wait))
    for i, (name, idle, burst) in enumerate([("steady", 0.0, 1), ("idle", 0.5, 1), ("idle bursts", 0.5, 40)])
    for j, (other, back, wait) in enumerate([("ready", 0.0, 1), ("busy", 0.5, 1), ("busy bursts", 0.5, 40)])
}
"""Every idle pattern with every back-pressure pattern: none, random, in bursts."""
