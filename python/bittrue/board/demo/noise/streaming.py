"""Frames of a noise source, read and compared sample by sample with the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.noise.bundle import Codes, Noise
from bittrue.board.demo.view import Count

Real = npt.NDArray[np.float64]
SPAN = 4096
"""Samples between two pictures, about: whole frames."""
GAINS = 1024, 2048, 4096, 8192
"""Codes of Q4.12 that the demo goes through; 4096 is 1."""
UNIT = GAINS.index(4096)


class Board(Protocol):
    """What is needed of `bittrue.board.noise_source.NoiseSource`."""

    def begin(self, seed: int = 0, start: int = 0, gain: float | None = None, **parameters: float) -> None:
        """Begin a signal."""

    def change(self, *, gain: float | None = None, **parameters: float) -> int:
        """Alter it from the next frame on."""

    def read_codes(self, count: int) -> Codes:
        """The next samples."""


@dataclass(frozen=True)
class Dials:
    """What can be turned: numbers of a value of the parameter and of a gain of `GAINS`."""

    value: int
    gain: int = UNIT


@dataclass(frozen=True, eq=False)
class State:
    """What a picture shows.

    Parameters
    ----------
    dials : Dials
    codes : int array (N,)
        Samples of this step.
    together : int array (M,)
        Samples since the dials were turned, this step's last.
    given : int
        Samples so far.
    count : Count
    """

    dials: Dials
    codes: Codes
    together: Codes
    given: int
    count: Count


class Streaming:
    """Reads the signal step by step; the dials may be turned between two.

    Parameters
    ----------
    data : Noise
    board : NoiseSource
    """

    def __init__(self, data: Noise, board: Board) -> None:
        self.data, self.board = data, board
        self.count = Count()
        self.faults: list[str] = []
        self.given = 0
        self._frames = min(data.frames, max(1, SPAN // data.samples))
        self._next = 0  # frame
        self._dials: Dials | None = None
        self._parts: list[Codes] = []

    def step(self, dials: Dials) -> State:
        """Read the next frames, of the dials as they are now."""
        self._turn(dials)
        data, first = self.data, self._next
        codes = np.asarray(self.board.read_codes(self._frames * data.samples))
        self._next += self._frames
        self.given += len(codes)
        self._compare(codes, data.due(dials.value, first, self._frames, GAINS[dials.gain]), first)
        self._parts = [*self._parts[-15:], codes]
        return State(dials, codes, np.concatenate(self._parts), self.given, self.count)

    def _turn(self, dials: Dials) -> None:
        """Begin where there is no signal, or no sample left to compare it with; else alter it."""
        named = self._named(dials)
        gain = GAINS[dials.gain] / 4096
        if self._dials is None or self._next + self._frames > self.data.frames:
            self.board.begin(self.data.seed, 0, gain, **named)
            self._next = 0
        elif dials != self._dials:
            self.board.change(**{"gain": gain, **named})
        if dials != self._dials:
            self._parts = []
        self._dials = dials

    def _named(self, dials: Dials) -> dict[str, float]:
        data = self.data
        return {data.parameter: float(data.values[dials.value])} if data.parameter else {}

    def _compare(self, codes: Codes, due: Codes, first: int) -> None:
        wrong = codes != due
        different = int(np.count_nonzero(wrong))
        self.count = replace(self.count, codes=self.count.codes + len(due), different=self.count.different + different)
        if different:
            at = int(np.argmax(wrong))
            self.faults.append(
                f"frame {first + at // self.data.samples}, sample {at % self.data.samples}: {codes[at]}, expected "
                f"{due[at]}; {different} of {len(due)} samples of this step differ"
            )

    def verdict(self) -> str:
        """How the comparison ended, in a sentence; the faults, a line each, before it."""
        said = f"{self.count.codes:,} samples compared with the reference: {self.count.different} mismatches"
        return "\n".join([*self.faults, said])


def density(samples: Real, segment: int) -> tuple[Real, Real]:
    """Frequencies in cycles a sample, without 0, and power densities in dB, of what the samples differ from their mean:
    Welch's method, Hann, half overlapped."""
    size = min(segment, len(samples))
    window = np.hanning(size)
    parts = np.lib.stride_tricks.sliding_window_view(samples - samples.mean(), size)[:: max(1, size // 2)]
    power = (abs(np.fft.rfft(parts * window, axis=1)) ** 2).mean(axis=0) / (window @ window)
    return np.fft.rfftfreq(size)[1:].astype(np.float64), np.asarray(10 * np.log10(np.maximum(power[1:], 1e-14)))
