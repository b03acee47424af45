"""The longest way to every bit of a netlist: a graph without circles, walked once in the order of its wires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bittrue.errors import BadInput
from bittrue.timing.cells import timing_of
from bittrue.timing.delays import DELAYS
from bittrue.timing.edges import Drive, End, Way, nets
from bittrue.timing.netlist import Cell, Netlist

PORT = "port"
"""Kind of what stands for the outside: a flip-flop before every input port and one behind every output port."""


@dataclass(frozen=True)
class Arrival:
    """The longest way to what a cell drives: how long it is, and the way by which it comes (None: from the clock)."""

    length: int
    way: Way | None


@dataclass(frozen=True)
class Graph:
    """What the cells of a netlist drive, and the ends of all paths.

    Parameters
    ----------
    drives : tuple of Drive
        In an order in which nothing comes before what it reads.
    ends : tuple of End
    driver : mapping
        Index in ``drives`` of what drives a bit; undriven bits are missing.
    fan_out : mapping
        Pins and output ports that read a bit.
    """

    drives: tuple[Drive, ...] = field(repr=False)
    ends: tuple[End, ...] = field(repr=False)
    driver: dict[int, int] = field(repr=False)
    fan_out: dict[int, int] = field(repr=False)

    def arrivals(self, start: Callable[[Drive], int], step: Callable[[Drive, Way], int]) -> list[Arrival | None]:
        """The longest way to each of ``drives``; None where no clock reaches it, as behind constants.

        Parameters
        ----------
        start : function
            Length from the clock to a drive that has a ``clock``.
        step : function
            Length of a way to a drive, with the wire before it.
        """
        found: list[Arrival | None] = []
        for drive in self.drives:
            best = None if drive.clock is None else Arrival(start(drive), None)
            for way in drive.ways:
                before = found[self.driver[way.bit]] if way.bit in self.driver else None
                if before is not None:
                    length = before.length + step(drive, way)
                    if best is None or length > best.length:
                        best = Arrival(length, way)
            found.append(best)
        return found


def graph_of(netlist: Netlist) -> Graph:
    """The graph of a netlist; see `bittrue.timing.cells.timing_of` for what is refused, and circles of logic are."""
    drives, ends = [], []
    table = DELAYS["flip_flop"]
    for name, bits in netlist.ports_in.items():
        outside = Cell(name, PORT, {}, {}, {name: bits})
        drives += [Drive(outside, name, (bit,), (table["clock"], 0)) for bit in nets(bits)]
    for name, bits in netlist.ports_out.items():
        outside = Cell(name, PORT, {}, {name: bits}, {})
        ends += [End(outside, name, bit, table["setup"]["D"]) for bit in nets(bits)]
    for cell in netlist.cells:
        timing = timing_of(cell)
        drives += timing.drives
        ends += timing.ends
    ordered = _ordered(drives, netlist)
    driver = {bit: at for at, drive in enumerate(ordered) for bit in drive.bits}
    return Graph(tuple(ordered), tuple(ends), driver, netlist.fan_out())


def _ordered(drives: list[Drive], netlist: Netlist) -> list[Drive]:
    """What is read before what reads it. Raises `BadInput` for a circle without a register, and for two drivers."""
    driver: dict[int, int] = {}
    for at, drive in enumerate(drives):
        for bit in drive.bits:
            if bit in driver:
                raise BadInput(f"{_named(netlist, bit)} is driven by two cells; a netlist has one driver a bit")
            driver[bit] = at
    readers: list[list[int]] = [[] for _ in drives]
    missing = [0] * len(drives)
    for at, drive in enumerate(drives):
        for before in {driver[way.bit] for way in drive.ways if way.bit in driver}:
            readers[before].append(at)
            missing[at] += 1
    ready = [at for at, count in enumerate(missing) if not count]
    for at in ready:
        for reader in readers[at]:
            missing[reader] -= 1
            if not missing[reader]:
                ready.append(reader)
    if len(ready) < len(drives):
        at = next(at for at, count in enumerate(missing) if count)
        for _ in drives:  # back along what is stuck: what comes after a circle leads into it
            at = next(driver[way.bit] for way in drives[at].ways if way.bit in driver and missing[driver[way.bit]])
        raise BadInput(f"{_named(netlist, drives[at].bits[0])} depends on itself without a register between; break it")
    return [drives[at] for at in ready]


def _named(netlist: Netlist, bit: int) -> str:
    return f"signal {netlist.names.get(bit, f'number {bit}')} of {netlist.top}"
