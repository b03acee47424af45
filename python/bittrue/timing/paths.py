"""The slowest and the deepest path to every end, and the cells that they pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from bittrue.timing.edges import Drive, End
from bittrue.timing.graph import Arrival, graph_of
from bittrue.timing.netlist import Cell, Netlist
from bittrue.timing.nets import net_delay


@dataclass(frozen=True)
class Stop:
    """A cell on a path, and how many pins read what it drives."""

    cell: Cell
    fan_out: int


@dataclass(frozen=True)
class Route:
    """A path from a register to the next: ``delay`` in picoseconds, setup included, and ``levels`` of logic.

    ``stops`` are the cells that it passes, the one that it begins in first. It ends at ``end``.
    """

    end: End
    delay: int
    levels: int
    stops: tuple[Stop, ...] = field(repr=False)


class Paths:
    """All paths of a netlist. Raises `BadInput` as `bittrue.timing.graph.graph_of` does.

    ``ends`` are those that a path leads to: not those behind constants alone.
    """

    def __init__(self, netlist: Netlist) -> None:
        self._graph = graph_of(netlist)
        self._delays = self._graph.arrivals(
            lambda drive: _clock(drive)[0], lambda drive, way: way.delay + self._wire(way.bit, drive.cell, way.pin)
        )
        self._levels = self._graph.arrivals(lambda drive: _clock(drive)[1], lambda drive, way: way.level)
        self.ends = tuple(end for end in self._graph.ends if end.bit is None or self._arrival(self._delays, end.bit))

    def delay(self, end: End) -> int:
        """Picoseconds of the slowest path to an end, setup included."""
        return end.delay + self._before(self._delays, end) + self._wire(end.bit, end.cell, end.pin)

    def levels(self, end: End) -> int:
        """Levels of logic of the deepest path to an end."""
        return end.level + self._before(self._levels, end)

    def slowest(self, end: End) -> Route:
        """The slowest path to an end."""
        return self._route(end, self._delays)

    def deepest(self, end: End) -> Route:
        """The deepest path to an end."""
        return self._route(end, self._levels)

    def _route(self, end: End, arrivals: list[Arrival | None]) -> Route:
        delay, levels, stops = end.delay, end.level, []
        bit, reader, pin = end.bit, end.cell, end.pin
        while bit is not None and (arrival := self._arrival(arrivals, bit)) is not None:
            drive = self._graph.drives[self._graph.driver[bit]]
            stops.append(Stop(drive.cell, self._graph.fan_out[bit]))
            way = arrival.way
            passed = _clock(drive) if way is None else (way.delay, way.level)
            delay, levels = delay + self._wire(bit, reader, pin) + passed[0], levels + passed[1]
            bit, reader, pin = (None if way is None else way.bit), drive.cell, "" if way is None else way.pin
        return Route(end, delay, levels, tuple(reversed(stops)) or (Stop(end.cell, 0),))

    def _wire(self, bit: int | None, reader: Cell, pin: str) -> int:
        """Picoseconds from what drives ``bit`` to a pin of ``reader``; none to what is inside a cell."""
        if bit is None or bit not in self._graph.driver:
            return 0
        source = self._graph.drives[self._graph.driver[bit]]
        return net_delay(source.cell, source.pin, reader, pin, self._graph.fan_out[bit])

    def _arrival(self, arrivals: list[Arrival | None], bit: int) -> Arrival | None:
        return arrivals[self._graph.driver[bit]] if bit in self._graph.driver else None

    def _before(self, arrivals: list[Arrival | None], end: End) -> int:
        arrival = None if end.bit is None else self._arrival(arrivals, end.bit)
        return 0 if arrival is None else arrival.length


def _clock(drive: Drive) -> tuple[int, int]:
    return drive.clock or (0, 0)
