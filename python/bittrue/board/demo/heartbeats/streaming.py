"""Batches of beats through the overlay: compared code by code with the reference, and with their annotations."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bittrue.board.demo.heartbeats.bundle import Codes, Heartbeats
from bittrue.board.demo.view import Count

BEATS = 64
"""Of a batch: those between two frames of the picture."""


class Board(Protocol):
    """What is needed of `bittrue.board.frame_net.FrameNet`."""

    def run_codes(self, codes: Codes) -> Codes:
        """Output codes ``(N, classes)`` for input codes ``(N, *shape)``."""


@dataclass(frozen=True, eq=False)
class State:
    """What a picture shows.

    Parameters
    ----------
    first, last : int
        Numbers of the batch's first beat, and of the one behind its last.
    said : int array (last,)
        Classes that the net has given so far.
    confusion : int array (classes, classes)
        Beats so far: annotated class by row, the net's by column.
    count : Count
    seconds : float
        That the call for this batch took.
    """

    first: int
    last: int
    said: Codes
    confusion: Codes
    count: Count
    seconds: float

    @property
    def right(self) -> tuple[int, int]:
        """Annotated beats that the net names as their annotation does, and all annotated ones."""
        return int(np.trace(self.confusion)), int(self.confusion.sum())


class Streaming:
    """Streams the beats of a record once, batch by batch.

    Parameters
    ----------
    data : Heartbeats
    board : FrameNet
    """

    def __init__(self, data: Heartbeats, board: Board) -> None:
        self.data, self.board = data, board
        self.count = Count()
        self.faults: list[str] = []
        self._said = np.zeros(0, np.int64)
        self._confusion = np.zeros((len(data.classes),) * 2, np.int64)

    @property
    def done(self) -> bool:
        """Whether every beat has been streamed."""
        return len(self._said) == len(self.data.codes)

    def step(self) -> State:
        """Stream the next batch."""
        data, first = self.data, len(self._said)
        part = slice(first, min(first + BEATS, len(data.codes)))
        begun = time.perf_counter()
        made = np.asarray(self.board.run_codes(data.codes[part]))
        seconds = time.perf_counter() - begun
        self._compare(made, part)
        said, labels = np.argmax(made, axis=1), data.labels[part]
        np.add.at(self._confusion, (labels[labels >= 0], said[labels >= 0]), 1)
        self._said = np.concatenate([self._said, said])
        return State(first, part.stop, self._said, self._confusion.copy(), self.count, seconds)

    def _compare(self, made: Codes, part: slice) -> None:
        due = self.data.expected[part]
        wrong = made != due
        different = int(np.count_nonzero(wrong))
        self.count = Count(self.count.codes + due.size, self.count.different + different)
        if different:
            beat, place = (int(one) for one in np.argwhere(wrong)[0])
            self.faults.append(
                f"beat {part.start + beat}, {self.data.classes[place]}: {made[beat, place]}, expected "
                f"{due[beat, place]}; {different} of {due.size} codes of this batch differ"
            )

    def verdict(self) -> str:
        """How the comparison ended, in a sentence; the faults, a line each, before it."""
        beats = f"{len(self._said):,} beats, {self.count.codes:,} output codes compared with the reference"
        return "\n".join([*self.faults, f"{beats}: {self.count.different} mismatches"])
