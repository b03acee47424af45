"""Delay of the wire from a cell to one that reads it, without a placement: by fan-out, none within a slice."""

from __future__ import annotations

import math

from bittrue.timing.netlist import Cell

WIRE, BRANCHED, COLUMN = 450, 115, 250
"""Picoseconds of a wire, more for each doubling of its fan-out, and more to or from a column of DSP48E1 or block RAM.

Fitted to three routed designs (docs/timing.md)."""
CASCADES = {"PCIN": "PCOUT", "ACIN": "ACOUT", "BCIN": "BCOUT"}
"""Pins of a DSP48E1 that are wired to that of the block below and to nothing else."""


def net_delay(source: Cell, driven: str, reader: Cell, pin: str, fan_out: int) -> int:
    """Picoseconds from pin ``driven`` of ``source`` to ``pin`` of ``reader`` over a net that so many pins read.

    Nothing from a LUT into the carry chain or multiplexer beside it, from a carry chain into the next and into the
    flip-flops beside it, and from a LUT or multiplexer into a flip-flop that alone reads it.
    """
    if _beside(source.kind, reader.kind, pin, fan_out) or CASCADES.get(pin) == driven:
        return 0
    far = any(cell.kind.startswith(("DSP", "RAMB")) for cell in (source, reader))
    return WIRE + math.floor(BRANCHED * math.log2(max(fan_out, 1))) + COLUMN * far


def _beside(source: str, reader: str, pin: str, fan_out: int) -> bool:
    """Whether both are in one slice, or in two of one carry chain."""
    lut = source.startswith(("LUT", "INV"))
    if reader == "CARRY4":
        return (source == "CARRY4" and pin == "CI") or (lut and pin in ("S", "DI"))
    if reader.startswith("MUXF"):
        return (lut or source.startswith("MUXF")) and pin != "S"
    if reader.startswith("FD") and pin == "D":
        return source == "CARRY4" or ((lut or source.startswith("MUXF")) and fan_out == 1)
    return False
