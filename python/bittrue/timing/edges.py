"""What a cell does to a path: where one begins, what it passes, where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bittrue.timing.netlist import Bit, Cell


@dataclass(frozen=True)
class Way:
    """From a bit that a cell reads to what it drives: ``delay`` in picoseconds, ``level`` in levels of logic."""

    bit: int
    pin: str
    delay: int
    level: int


@dataclass(frozen=True)
class Drive:
    """Bits that a cell drives together, all at the same time.

    Parameters
    ----------
    cell : Cell
    pin : str
    bits : tuple of int
    clock : (int, int), optional
        Delay and levels from the clock edge, where a register or a memory of the cell is behind the bits.
    ways : tuple of Way
    """

    cell: Cell
    pin: str
    bits: tuple[int, ...]
    clock: tuple[int, int] | None = None
    ways: tuple[Way, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class End:
    """Where a path ends: a pin's bit, and what of it remains in the cell, setup included.

    ``bit`` is None for a path inside the cell, from one of its registers to another: ``delay`` is then all of it.
    """

    cell: Cell
    pin: str
    bit: int | None
    delay: int
    level: int = 0


@dataclass(frozen=True)
class CellTiming:
    """All that a cell drives, and all paths that end in it."""

    drives: tuple[Drive, ...]
    ends: tuple[End, ...] = ()


def nets(bits: tuple[Bit, ...]) -> tuple[int, ...]:
    """The bits that are no constants: those have settled for ever."""
    return tuple(bit for bit in bits if isinstance(bit, int))


def ends(cell: Cell, setups: Mapping[str, int]) -> Iterator[End]:
    """The ends at each pin of ``setups`` that the cell has."""
    for pin, setup in setups.items():
        for bit in nets(cell.inputs.get(pin, ())):
            yield End(cell, pin, bit, setup)
