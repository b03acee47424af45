"""The rows of a tensor that windows still need: who holds which channels, when a window may start, how many rows wait.

Rows lie in a ring of memories, one a reader; all channels that a reader sees lie in its memory. A beat is written as
soon as it comes, a channel a clock into every memory; a window starts as soon as its last row is there. A tensor of one
axis has rows of one position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bittrue.lower.along import Along
from bittrue.lower.clocks import Clocks, paced
from bittrue.lower.layout import NOTHING, Layout

WRITTEN = 3
"""Clocks from a row's last word on its way into the memories to the first window that may use it: write register, count
of rows, rows of windows that may start."""

READ = 3
"""Clocks from the start of a window to its first word: address, memory, and the register that puts zeros beside the
tensor."""

FREED = 3
"""Clocks from the last address of a row of windows until a row may take the place of one that it released."""

Held = tuple[int, ...]
"""The channels of one memory, slot by slot; ``NOTHING`` is never written."""


@dataclass(frozen=True)
class Walk:
    """The order in which one reader goes through a window.

    For each of ``groups`` in turn, and ``turns`` times each: ``steps`` words, place by place of the group's first slot,
    then of its next, and so on, from place ``first`` of the first slot.

    Parameters
    ----------
    first, turns, groups : int
    steps : tuple of int
        One a phase of the windows, columns' phases fastest.
    block : int
        Slots that a group has in this reader's memory.
    picks : bool
        Phase ``p`` starts with slot ``p`` of a group instead.
    """

    first: int
    steps: tuple[int, ...]
    turns: int
    groups: int
    block: int
    picks: bool = False

    @property
    def slots(self) -> int:
        """Channels in the memory."""
        return self.groups * self.block

    def clocks(self, phase: int) -> int:
        """Clocks of a window."""
        return self.groups * self.turns * self.steps[phase]


@dataclass(frozen=True)
class Buffer:
    """Rows of positions in memories, and the windows that are read from them.

    Parameters
    ----------
    source : Layout
        How the tensor comes.
    rows, columns : Along
        Of the windows.
    walks : tuple of Walk
        Reader ``j`` of every unit starts ``j * skew`` clocks after reader 0.
    skew : int
    units : tuple of tuple of Held
        ``units[u][j]``: what is in the memory of reader ``j`` of unit ``u``.
    spacing : tuple of int
        Clocks from a window of each phase to the next window.
    held : int
        Rows that fit, a power of two.
    """

    source: Layout
    rows: Along
    columns: Along
    walks: tuple[Walk, ...]
    skew: int
    units: tuple[tuple[Held, ...], ...]
    spacing: tuple[int, ...]
    held: int = 1

    @property
    def width_bits(self) -> int:
        """Address bits of a position in its row."""
        return (self.columns.length - 1).bit_length()

    @property
    def words(self) -> int:
        """Words of one of its memories."""
        return self.walks[0].slots * self.held << self.width_bits

    @property
    def memories(self) -> int:
        """Memories in all."""
        return len(self.units) * len(self.walks)

    @cached_property
    def durations(self) -> tuple[int, ...]:
        """Clocks in which each beat of a position is written."""
        return durations(self.source, self.units)

    @cached_property
    def phases(self) -> list[int]:
        """The phase of every window, row after row."""
        return [self.phase(row, column) for row in range(self.rows.count) for column in range(self.columns.count)]

    def phase(self, row: int, column: int) -> int:
        """The phase of a window."""
        return row % self.rows.period * self.columns.period + column % self.columns.period

    def finish(self, phase: int) -> int:
        """Clocks from the acceptance of a window to its last address."""
        return 1 + (len(self.walks) - 1) * self.skew + self.walks[-1].clocks(phase)

    def taken(self, beats: Clocks) -> Clocks:
        """When beats that come at these clocks are taken."""
        return paced(beats, np.tile(self.durations, self.source.positions))

    def accepts(self, beats: Clocks) -> Clocks:
        """When each window is accepted: ``(samples, windows)``."""
        rows, a_row = self.rows, self.columns.length * self.source.beats
        written = self.taken(beats)[:, a_row - 1 :: a_row] + self.durations[-1] + WRITTEN
        needed = np.array([rows.needed(n) - 1 for n in range(rows.count)])
        ready = np.repeat(written[:, needed], self.columns.count, axis=1)
        return paced(ready, np.array(self.spacing)[self.phases])

    def places(self, beats: Clocks) -> int:
        """Rows that it must hold so that none waits: the next power of two.

        A place is taken with the row's first beat and free again ``FREED`` clocks after the last address of the last
        window that needs it.
        """
        rows, a_row = self.rows, self.columns.length * self.source.beats
        come = self.taken(beats)[:, ::a_row].ravel()
        last = self.columns.count - 1
        finished = np.array([self.finish(self.phase(n, last)) for n in range(rows.count)])
        free = (self.accepts(beats)[:, last :: self.columns.count] + finished + FREED).ravel()
        released = np.array([rows.released(n) for n in range(rows.count)])
        total = (np.arange(len(beats))[:, np.newaxis] * rows.length + released).ravel()
        before = np.searchsorted(free, come, side="right")
        gone = np.concatenate([[0], total])[before]
        most = int((np.arange(1, len(come) + 1) - gone).max())
        return 1 << (most - 1).bit_length()


def durations(source: Layout, units: Sequence[Sequence[Held]]) -> tuple[int, ...]:
    """Clocks in which each beat of a position is written: as many as the most of its channels that lie in one memory,
    at least one."""
    memories = [set(held) for unit in units for held in unit]
    found = []
    for beat in source.table:
        channels = [channel for channel in beat if channel != NOTHING]
        found.append(max(1, *(sum(channel in memory for channel in channels) for memory in memories)))
    return tuple(found)


def writes(source: Layout, held: Held, clocks: Sequence[int]) -> list[tuple[int, int] | None]:
    """What one memory writes in every clock of a position, the clocks of each beat (`durations`) in a row: the lane
    whose word it takes and the slot that gets it."""
    slots = {channel: slot for slot, channel in reversed(list(enumerate(held)))}
    found: list[tuple[int, int] | None] = []
    for beat, most in zip(source.table, clocks, strict=True):
        mine = [(lane, slots[c]) for lane, c in enumerate(beat) if c != NOTHING and c in slots]
        found += [*mine, *[None] * (most - len(mine))]
    return found
