"""Schedule of layers that work element by element."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.lower.bram import PORTS
from bittrue.lower.features import REQUANTISE

TABLE = 2
"""Clocks of a look-up: block RAM and its output register."""

PRODUCT = 2
"""Clocks of a product: multiplier and sum registers."""

BITWISE = 1
"""Clocks of an operation on bits."""


@dataclass(frozen=True)
class Elementwise:
    """``elements`` of a beat through units that take one a clock, as few units as keep up with a beat every
    ``interval`` clocks.

    ``clocks`` is the latency of a unit. Elements are channels, or pairs of them that are computed together.
    """

    elements: int
    interval: int
    clocks: int

    @property
    def units(self) -> int:
        """Units side by side."""
        return -(-self.elements // self.interval)

    @property
    def ports(self) -> tuple[int, ...]:
        """Units that share a ROM, ROM by ROM, where the units look up."""
        return (PORTS,) * (self.units // PORTS) + (1,) * (self.units % PORTS)

    @property
    def queue(self) -> int:
        """Elements that share a unit."""
        return -(-self.elements // self.units)

    @property
    def assignment(self) -> list[list[int]]:
        """Elements of every unit; the last unit repeats the last element to fill its queue."""
        last = self.elements - 1
        return [[min(u * self.queue + k, last) for k in range(self.queue)] for u in range(self.units)]

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a beat to the strobe of its result."""
        return 1 + self.clocks + self.queue


def add_clocks(operands: int) -> int:
    """Latency of an adder: one register a further operand, then the requantiser."""
    return operands - 1 + REQUANTISE
