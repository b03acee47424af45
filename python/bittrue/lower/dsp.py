"""How many DSP48E1 blocks a product takes."""

from __future__ import annotations

WIDE, NARROW = 25, 18
"""Bits of the two signed operands of a DSP48E1 multiplier."""

CHAINED = 17
"""Further bits of an operand that each further block takes: blocks are chained by 17 bits."""

SMALL = 9
"""Narrower products are made of LUTs."""

ACCUMULATOR = 48
"""Bits of a DSP48E1 accumulator."""


def product_dsps(left: int, right: int) -> int:
    """DSP48E1 of a product of signed words of ``left`` and ``right`` bits, as synthesis splits it."""
    wide, narrow = max(left, right), min(left, right)
    if narrow < 2 or wide + narrow < SMALL:
        return 0
    return _blocks(wide, WIDE) * _blocks(narrow, NARROW)


def _blocks(bits: int, limit: int) -> int:
    return 1 + max(0, -(-(bits - limit) // CHAINED))
