"""The estimate for a netlist: its clock, its worst paths, and what breaks the design rule, by layer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from bittrue.errors import BadInput
from bittrue.timing.delays import MOST_LEVELS
from bittrue.timing.netlist import Cell, Netlist
from bittrue.timing.paths import Paths, Route
from bittrue.timing.places import Place, name_of, place

MOST_PATHS = 10
"""Worst paths that are kept."""


@dataclass(frozen=True)
class Path:
    """From one register to the next.

    Parameters
    ----------
    start, end : Place
    pin : str
        Where it ends in the cell at ``end``.
    delay : int
        Picoseconds, from the clock edge to the end of the setup time.
    levels : int
        Levels of logic on it (docs/timing.md).
    cells : tuple of (str, int)
        Kinds of the cells that it passes, and how many pins read what each drives.
    """

    start: Place
    end: Place
    pin: str
    delay: int
    levels: int
    cells: tuple[tuple[str, int], ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.start} -> {self.end} {self.pin}"


@dataclass(frozen=True)
class LayerTiming:
    """Of the paths that end in a layer: the slowest, their number, and how many have more levels than allowed."""

    slowest: Path
    ends: int
    breaks: int


@dataclass(frozen=True)
class Timing:
    """What `estimate` finds.

    Parameters
    ----------
    paths : tuple of Path
        The slowest first; of those that differ in numbers of lanes, copies or bits only, one.
    layers : mapping
        By layer in which a path ends, the slowest first.
    cells : mapping
        Number of cells of every kind.
    deepest : Path
        The one with the most levels of logic.
    """

    paths: tuple[Path, ...]
    layers: dict[str, LayerTiming]
    cells: dict[str, int]
    deepest: Path

    @property
    def mhz(self) -> float:
        """The estimated clock."""
        return 1e6 / self.paths[0].delay

    @property
    def breaks(self) -> int:
        """Paths with more levels than the design rule allows, counted by the bit in which they end."""
        return sum(layer.breaks for layer in self.layers.values())


def estimate(netlist: Netlist, layers: Collection[str] = (), most: int = MOST_PATHS) -> Timing:
    """The clock of a netlist, and what limits it.

    Parameters
    ----------
    netlist : Netlist
    layers : collection of str
        Names of its parts that count as layers, as of `bittrue.timing.places.place`.
    most : int
        Paths that are kept.

    Raises
    ------
    BadInput
        Where a cell or a pin is not in the delay table, logic depends on itself, or there is no path.
    """
    paths, where = Paths(netlist), _Places(netlist, layers)
    if not paths.ends:
        raise BadInput(f"{netlist.top} has no path from a register to a register; give a design with a clock")
    slow = sorted(paths.ends, key=paths.delay, reverse=True)
    worst: dict[tuple[str, str, str], Path] = {}
    ends: dict[str, int] = {}
    breaks: dict[str, int] = {}
    first: dict[str, Path] = {}
    for end in slow:
        layer = where.of(end.cell).layer
        ends[layer] = ends.get(layer, 0) + 1
        breaks[layer] = breaks.get(layer, 0) + (paths.levels(end) > MOST_LEVELS)
        if len(worst) < most or layer not in first:
            path = where.path(paths.slowest(end))
            first.setdefault(layer, path)
            worst.setdefault((path.start.alike, path.end.alike, path.pin), path)
    found = {layer: LayerTiming(first[layer], ends[layer], breaks[layer]) for layer in first}
    deepest = where.path(paths.deepest(max(slow, key=paths.levels)))
    return Timing(tuple(worst.values())[:most], found, netlist.kinds(), deepest)


class _Places:
    """Places of cells, each looked up once."""

    def __init__(self, netlist: Netlist, layers: Collection[str]) -> None:
        self._netlist, self._layers = netlist, layers
        self._found: dict[str, Place] = {}

    def of(self, cell: Cell) -> Place:
        """Where a cell lies."""
        if cell.name not in self._found:
            self._found[cell.name] = place(name_of(cell, self._netlist), self._layers)
        return self._found[cell.name]

    def path(self, route: Route) -> Path:
        """A path by the names of its ends."""
        end, cells = route.end, tuple((stop.cell.kind, stop.fan_out) for stop in route.stops)
        return Path(self.of(route.stops[0].cell), self.of(end.cell), end.pin, route.delay, route.levels, cells)
