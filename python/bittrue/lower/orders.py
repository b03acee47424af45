"""How elements are put into another order: the whole tensor is kept, and read as the new shape wants it."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.lower.along import Along
from bittrue.lower.buffer import READ, Buffer, Walk
from bittrue.lower.fold import TooShort
from bittrue.lower.layout import Layout
from bittrue.num import Format


@dataclass(frozen=True)
class Steps:
    """Element ``flat`` of the tensor is at channel ``flat // positions``, position ``flat % positions``: how far one
    reader goes from element to element.

    Parameters
    ----------
    first, elements, onwards : int
        The first element of the first position, elements a position, and from one of those to the next.
    positions, windows : int
        Of the tensor that is read, and of the one that comes out.
    lowest, slots : int
        The first channel of the memory, and how many it holds.
    """

    first: int
    elements: int
    onwards: int
    positions: int
    windows: int
    lowest: int
    slots: int


@dataclass(frozen=True)
class Reorder:
    """A reader a lane, each with the channels that it needs; positions of the new shape are its windows.

    Parameters
    ----------
    format : Format
    buffer : Buffer
        Its one row is the whole tensor.
    steps : tuple of Steps
        One a reader.
    output : Layout
    """

    format: Format
    buffer: Buffer
    steps: tuple[Steps, ...]
    output: Layout

    def first_beat(self, phase: int) -> int:
        """Clocks from the acceptance of a window to its first word into the queue."""
        return READ + 2

    def beats_after(self, phase: int) -> list[int]:
        """Clocks of every beat of a window after its first."""
        return list(range(self.output.beats))


def reorder(fmt: Format, source: Layout, shape: tuple[int, ...], clocks: int) -> Reorder:
    """`Reorder` of a tensor into ``shape`` in ``clocks`` clocks. Raises `BadInput` where that is too short."""
    windows = Layout.whole(shape).positions
    pace = clocks // source.positions
    for beats in range(min(clocks // windows, shape[0]), 0, -1):
        output = Layout.spread(shape, beats)
        steps = tuple(_steps(source, output, lane) for lane in range(output.lanes))
        slots = max(step.slots for step in steps)
        walk = Walk(0, (output.beats,), 1, 1, slots)
        units = (tuple(tuple(_held(source, step, slots)) for step in steps),)
        buffer = Buffer(
            _flat(source),
            Along(),
            Along(source.positions, windows),
            (walk,) * len(steps),
            0,
            units,
            (clocks // windows,),
        )
        if sum(buffer.durations) <= pace:
            return Reorder(fmt, buffer, steps, output)
    raise TooShort(
        f"{source.positions} positions are put into another order in {clocks} clocks; choose a longer interval"
    )


def _steps(source: Layout, output: Layout, lane: int) -> Steps:
    onwards = output.positions
    first = lane * output.beats * onwards
    last = min(first + output.beats * onwards, source.positions * source.shape[0]) - 1
    lowest = first // source.positions
    return Steps(
        first, output.beats, onwards, source.positions, output.positions, lowest, last // source.positions - lowest + 1
    )


def _held(source: Layout, step: Steps, slots: int) -> list[int]:
    channels = range(step.lowest, step.lowest + slots)
    return [channel if channel < source.shape[0] else -1 for channel in channels]


def _flat(source: Layout) -> Layout:
    """The same beats, with all positions in one row."""
    return Layout((source.shape[0], 1, source.positions), source.table)
