"""Scenes through the overlay, one a call: compared code by code with the reference, and with the true map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.radio.bundle import Codes, RadioScenes, unfolded
from bittrue.board.demo.view import Count

WHITE = 255


class Board(Protocol):
    """What is needed of `bittrue.board.frame_net.FrameNet`."""

    def run_codes(self, codes: Codes) -> Codes:
        """Output codes ``(N, 4, H, W)`` for input codes ``(N, channels, H, W)``."""


@dataclass(frozen=True)
class Errors:
    """Of one map, or means over several: ``NMSE = sum (p - t)^2 / sum t^2`` and ``RMSE = sqrt(mean (p - t)^2)`` of
    levels from 0 to 1, buildings black in both; and the root mean square error in dB over streets."""

    nmse: float
    rmse: float
    street: float


@dataclass(frozen=True, eq=False)
class State:
    """What a picture shows.

    Parameters
    ----------
    scene : int
        Its number in the demo data.
    drawn : int array (2 H, 2 W)
        The map that the hardware drew, grey levels, 0 where built.
    wrong : bool array (2 H, 2 W)
        Where its code is not the reference's.
    errors : Errors
        Of this map.
    all : tuple of Errors
        Of every map so far.
    count : Count
    """

    scene: int
    drawn: Codes
    wrong: npt.NDArray[np.bool_]
    errors: Errors
    all: tuple[Errors, ...]
    count: Count

    @property
    def mean(self) -> Errors:
        """Means over the maps so far."""
        return Errors(*(float(np.mean([getattr(one, f) for one in self.all])) for f in ("nmse", "rmse", "street")))


class Streaming:
    """Streams the scenes once, one after the other.

    Parameters
    ----------
    data : RadioScenes
    board : FrameNet
    lo : int
        Smallest output code, which is black.
    """

    def __init__(self, data: RadioScenes, board: Board, lo: int) -> None:
        self.data, self.board, self.lo = data, board, lo
        self.count = Count()
        self.faults: list[str] = []
        self._errors: tuple[Errors, ...] = ()

    @property
    def done(self) -> bool:
        """Whether every scene has been streamed."""
        return len(self._errors) == len(self.data.codes)

    def step(self) -> State:
        """Stream the next scene."""
        data, k = self.data, len(self._errors)
        made = np.asarray(self.board.run_codes(data.codes[k : k + 1]))[0]
        wrong = unfolded(made != data.expected[k])
        self._compare(k, made, wrong)
        drawn = np.where(data.built[k], 0, unfolded(made) - self.lo)
        found = errors(data.truth[k], drawn, data.built[k], data.white - data.black)
        self._errors = *self._errors, found
        return State(k, drawn, wrong, found, self._errors, self.count)

    def _compare(self, scene: int, made: Codes, wrong: npt.NDArray[np.bool_]) -> None:
        different = int(np.count_nonzero(wrong))
        self.count = Count(self.count.codes + wrong.size, self.count.different + different)
        if different:
            row, column = (int(one) for one in np.argwhere(wrong)[0])
            given, due = (unfolded(codes)[row, column] for codes in (made, self.data.expected[scene]))
            self.faults.append(
                f"scene {scene}, row {row}, column {column}: {given}, expected {due}; {different:,} of {wrong.size:,} "
                f"codes of this map differ"
            )

    def verdict(self) -> str:
        """How the comparison ended, in a sentence; the faults, a line each, before it."""
        maps = f"{len(self._errors):,} maps, {self.count.codes:,} output codes compared with the reference"
        return "\n".join([*self.faults, f"{maps}: {self.count.different:,} mismatches"])


def errors(truth: Codes, drawn: Codes, built: npt.NDArray[np.bool_], decibels: float) -> Errors:
    """How far a drawn map is from the true one; ``decibels`` lie between black and white."""
    t, p = truth / WHITE, drawn / WHITE
    square = (p - t) ** 2
    energy, total = float((t**2).sum()), float(square.sum())
    streets = (p - t)[~built] * decibels
    return Errors(
        total / energy if energy else float(total > 0),
        float(square.mean()) ** 0.5,
        float(np.sqrt((streets**2).mean())) if streets.size else 0.0,
    )
