"""What words that are kept take: flip-flops and memory LUTs."""

from __future__ import annotations

from dataclasses import dataclass

SHIFT = 32
"""Clocks that one LUT delays a bit by."""


@dataclass(frozen=True)
class Stored:
    """Flip-flops, and LUTs that are memory or shift registers."""

    ff: int = 0
    lutram: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(self.ff + other.ff, self.lutram + other.lutram)


def memory(words: int, bits: int) -> int:
    """LUTs of a memory that is written and read in a clock: 4 hold 6 bits of 32 words, or 3 of 64."""
    return -(-2 * bits // 3) if words <= SHIFT else -(-words // (2 * SHIFT)) * -(-4 * bits // 3)
