"""Layouts: in which order, and how many side by side, the elements of a tensor stream."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

NOTHING = -1
"""In place of a channel: a lane that carries nothing."""

WHOLE = 256
"""Most elements of a vector that travels in one beat."""


@dataclass(frozen=True)
class Layout:
    """A tensor ``(channels, *positions)`` streams position by position, the last axis fastest; each takes some beats.

    Parameters
    ----------
    shape : tuple of int
        Of the tensor.
    table : tuple of tuple of int
        ``table[beat][lane]``: the channel that a lane carries in a beat of a position, or ``NOTHING``.

    Raises
    ------
    ValueError
        Where a channel does not stand in it exactly once.
    """

    shape: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        there = np.sort([channel for beat in self.table for channel in beat if channel != NOTHING])
        if not np.array_equal(there, np.arange(self.shape[0])):
            raise ValueError(f"a layout of {self.shape[0]} channels must have each of them once, not {self.table}")

    @classmethod
    def whole(cls, shape: tuple[int, ...]) -> Layout:
        """All channels side by side, a beat a position."""
        return cls(shape, (tuple(range(shape[0])),))

    @classmethod
    def spread(cls, shape: tuple[int, ...], beats: int) -> Layout:
        """At most ``beats`` beats a position, over as few lanes as that takes: lane ``k`` has the ``k``-th run of
        channels."""
        channels = shape[0]
        beats = -(-channels // -(-channels // beats))
        lanes = -(-channels // beats)
        runs = [range(lane * beats, (lane + 1) * beats) for lane in range(lanes)]
        return cls(shape, tuple(tuple(run[b] if run[b] < channels else NOTHING for run in runs) for b in range(beats)))

    @property
    def lanes(self) -> int:
        """Elements of a beat."""
        return len(self.table[0])

    @property
    def beats(self) -> int:
        """Beats of a position."""
        return len(self.table)

    @property
    def rows(self) -> int:
        """Positions of the slower axis; all where there is but one, or more than two."""
        return math.prod(self.shape[1:]) // self.columns

    @property
    def columns(self) -> int:
        """Positions of the faster of two axes, else 1."""
        return self.shape[2] if len(self.shape) == 3 else 1

    @property
    def positions(self) -> int:
        """Positions of a sample."""
        return math.prod(self.shape[1:])

    @property
    def transfers(self) -> int:
        """Beats of a sample."""
        return self.positions * self.beats

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """``(transfers, lanes)``: the element, counted in C order, that a lane carries in a beat; or ``NOTHING``."""
        table = np.array(self.table, np.int64)
        places = table[np.newaxis] * self.positions + np.arange(self.positions)[:, np.newaxis, np.newaxis]
        return np.asarray(np.where(table == NOTHING, NOTHING, places).reshape(self.transfers, self.lanes))

    def __str__(self) -> str:
        """In words: positions, beats, and the channels of the lanes beat by beat."""
        most = 64  # channels that are listed
        beats = ["+".join("-" if c == NOTHING else str(c) for c in beat) for beat in self.table]
        listed = " ".join(beats[:most]) + (" ..." if len(beats) > most else "")
        one = "1 beat" if self.beats == 1 else f"{self.beats} beats"
        many = (
            f"{' x '.join(map(str, self.shape[1:]))} positions, the last axis fastest, each of "
            if self.shape[1:]
            else ""
        )
        return f"{many}{one} of {self.lanes} lane{'s' * (self.lanes > 1)}; channels by beat, lane 0 first: {listed}"


def joined(tables: tuple[tuple[tuple[int, ...], ...], ...], beats: int) -> tuple[tuple[int, ...], ...]:
    """The table of tensors whose channels are joined: one after another if that is within ``beats`` beats, else side by
    side, as long as the longest."""
    firsts = np.cumsum([0, *(sum(c != NOTHING for beat in table for c in beat) for table in tables)]).tolist()
    moved = [
        [[c if c == NOTHING else c + first for c in beat] for beat in table]
        for table, first in zip(tables, firsts, strict=False)
    ]
    if sum(map(len, tables)) <= beats:
        lanes = max(len(table[0]) for table in tables)
        return tuple(tuple(beat + [NOTHING] * (lanes - len(beat))) for table in moved for beat in table)
    longest = max(map(len, tables))
    padded = [table + [[NOTHING] * len(table[0])] * (longest - len(table)) for table in moved]
    return tuple(tuple(c for table in padded for c in table[beat]) for beat in range(longest))
