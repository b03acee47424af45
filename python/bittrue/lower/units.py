"""Units: what a layer is made of in hardware. Each knows the layout of its result, when that comes, and its cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from bittrue.lower.bram import BUFFER, SHALLOW, rom_blocks
from bittrue.lower.clocks import Clocks, paced
from bittrue.lower.elementwise import Elementwise
from bittrue.lower.features import Features
from bittrue.lower.filters import Filters
from bittrue.lower.fold import Fold
from bittrue.lower.layout import Layout
from bittrue.lower.matrix import Matrix
from bittrue.lower.meeting import together
from bittrue.lower.orders import Reorder
from bittrue.lower.reducers import Reducers
from bittrue.lower.stored import SHIFT, Stored, memory
from bittrue.num import Format
from bittrue.spec import Layer

QUEUE = 2
"""Clocks from a result's strobe to its stream: the queue behind every datapath."""

TAPS = 2
"""Clocks of a delay line."""

Memories = list[tuple[int, int, int]]
"""``(words, bits, ports)``, memory by memory."""


class Unit(ABC):
    """A part with streams in and one stream out."""

    output: Layout
    format: Format
    """Of the result."""
    holds: ClassVar[bool] = False
    """Results that wait are in its queue; else they hold back what it takes."""

    @abstractmethod
    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        """The unit, with memories large enough that nothing waits, and when its result comes; ``given`` is when the
        beats at its inputs are taken."""

    def taken(self, sources: Sequence[Clocks]) -> Sequence[Clocks]:
        """When beats are taken that come at these clocks."""
        return together(sources)

    def waits(self, beats: Clocks) -> int:
        """Clocks that a beat which `taken` knows waits at most all the same."""
        return 0

    def held_back(self, clocks: int) -> Unit:
        """The unit where its results wait so many clocks at most before they are taken."""
        return self

    @property
    def lanes(self) -> int:
        """Multiply-accumulate lanes."""
        return 0

    @property
    def dsps(self) -> int:
        """DSP48E1."""
        return 0

    @property
    def roms(self) -> Memories:
        """Every memory of constants."""
        return []

    @property
    def buffers(self) -> int:
        """RAMB18E1 of memories besides those of constants."""
        return 0

    @property
    @abstractmethod
    def stored(self) -> Stored:
        """Flip-flops and memory LUTs of words, at least."""

    def _queued(self, depth: int) -> Stored:
        """The queue behind a datapath."""
        bits = self.output.lanes * self.format.bits
        return Stored(bits, memory(max(2, depth), bits))


@dataclass(frozen=True, eq=False)
class FeatureUnit(Unit):
    """Envelope powers or filter bases of I/Q samples, and their delayed copies (`Features`)."""

    output: Layout
    features: Features
    interval: int

    @property
    def format(self) -> Format:  # type: ignore[override]
        return self.features.output

    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        return self, paced(given[0], self.interval) + self.features.latency + QUEUE + TAPS

    @property
    def dsps(self) -> int:
        return self.features.dsps

    @property
    def stored(self) -> Stored:
        """Delay lines start at zero, so they are flip-flops."""
        longest: dict[int, int] = {}
        for word, delay in self.features.picks:
            longest[word] = max(delay, longest.get(word, 0))
        lines = Stored(ff=sum(delay + 1 for delay in longest.values()) * self.format.bits)
        return lines + self._queued(-(-(self.features.latency + 3) // self.interval))


@dataclass(frozen=True, eq=False)
class MatrixUnit(Unit):
    """A matrix-vector product over vectors that travel whole (`Matrix`, `Fold`)."""

    output: Layout
    matrix: Matrix
    fold: Fold

    @property
    def format(self) -> Format:  # type: ignore[override]
        return self.matrix.output

    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        return self, paced(given[0], self.fold.interval) + self.fold.latency + QUEUE

    @property
    def lanes(self) -> int:
        return self.fold.lanes

    @property
    def dsps(self) -> int:
        return self.fold.lanes * self.matrix.dsps_per_lane

    @property
    def roms(self) -> Memories:
        fold = self.fold
        biases = [(fold.turns, self.matrix.acc_bits, 1)] * (fold.rows if fold.turns > 1 else 0)
        return [(fold.turns * fold.steps, self.matrix.weight_bits, 1)] * fold.lanes + biases

    @property
    def stored(self) -> Stored:
        """Inputs of lanes, and what of them waits for its place in a chain."""
        bits, fold = self.matrix.given.bits, self.fold
        waits = sum(place * fold.skew // SHIFT for links in fold.links() for _, place in links)
        return Stored(fold.inputs * bits, waits * bits) + self._queued(-(-(fold.latency + 3) // fold.interval))


@dataclass(frozen=True, eq=False)
class WindowUnit(Unit):
    """Windows over a tensor: filters, pools, copies, another order; results wait ``held`` clocks at most."""

    plan: Filters | Reducers | Reorder
    held: int = 0
    holds: ClassVar[bool] = True

    @property
    def output(self) -> Layout:  # type: ignore[override]
        return self.plan.output

    @property
    def format(self) -> Format:  # type: ignore[override]
        return self.plan.matrix.output if isinstance(self.plan, Filters) else self.plan.format

    @property
    def given(self) -> Format:
        """Of the tensor that windows slide over."""
        return self.plan.matrix.given if isinstance(self.plan, Filters) else self.plan.format

    @property
    def under_way(self) -> int:
        """Windows that the datapath and the queue behind it have room for."""
        buffer = self.plan.buffer
        phases = range(len(buffer.spacing))
        slowest = max(self.plan.first_beat(phase) + self.plan.beats_after(phase)[-1] for phase in phases)
        fastest = min(buffer.spacing)
        return -(-(slowest + 5 + max(fastest, self.held)) // fastest)

    def waits(self, beats: Clocks) -> int:
        """Beats are written channel by channel."""
        return int((self.plan.buffer.taken(beats) - beats).max())

    def held_back(self, clocks: int) -> Unit:
        return replace(self, held=clocks)

    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        (beats,) = given
        buffer = replace(self.plan.buffer, held=self.plan.buffer.places(beats))
        starts, phases = buffer.accepts(beats), np.array(buffer.phases)
        count = range(len(buffer.spacing))
        first = np.array([self.plan.first_beat(phase) for phase in count])
        after = np.array([self.plan.beats_after(phase) for phase in count])
        come = starts[:, :, np.newaxis] + (first[:, np.newaxis] + after)[phases] + QUEUE
        return replace(self, plan=replace(self.plan, buffer=buffer)), come.reshape(len(beats), -1)

    @property
    def lanes(self) -> int:
        return self.plan.lanes if isinstance(self.plan, Filters) else 0

    @property
    def dsps(self) -> int:
        return self.lanes * self.plan.matrix.dsps_per_lane if isinstance(self.plan, Filters) else 0

    @property
    def roms(self) -> Memories:
        if not isinstance(self.plan, Filters):
            return []
        fold, matrix = self.plan.fold, self.plan.matrix
        biases = [(fold.turns, matrix.acc_bits, 1)] * (fold.rows if fold.turns > 1 else 0)
        return ([(fold.words, matrix.weight_bits, 1)] * fold.lanes + biases) * self.plan.engines

    @property
    def buffers(self) -> int:
        buffer = self.plan.buffer
        queue = rom_blocks(self.queued, self.output.lanes * self.format.bits)
        return queue + buffer.memories * rom_blocks(buffer.words, self.given.bits, shallow=BUFFER)

    @property
    def queued(self) -> int:
        """Beats that the queue behind the datapath has room for; that is block RAM as a ROM is."""
        return self.under_way * self.output.beats

    @property
    def stored(self) -> Stored:
        buffer, queue = self.plan.buffer, self._queued(self.queued)
        if self.queued > SHALLOW:
            queue = Stored()
        if buffer.words > BUFFER:
            return queue
        return queue + Stored(lutram=buffer.memories * memory(buffer.words, self.given.bits))


@dataclass(frozen=True, eq=False)
class ElementUnit(Unit):
    """A layer that works element by element, on beats that come together.

    Parameters
    ----------
    layer : Layer
    given : tuple of Format
    acc_bits : int
        Of the sum or product before its rounding.
    plan : Elementwise
    look_ups : int
        Words of a table.
    multiplied : int
        DSP48E1 of a unit.
    """

    output: Layout
    layer: Layer
    given: tuple[Format, ...]
    format: Format
    acc_bits: int
    plan: Elementwise
    look_ups: int = 0
    multiplied: int = 0

    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        return self, paced(given[0], self.plan.interval) + self.plan.latency + QUEUE

    def taken(self, sources: Sequence[Clocks]) -> Sequence[Clocks]:
        return [paced(together(sources)[0], self.plan.interval)] * len(sources)

    @property
    def dsps(self) -> int:
        return self.plan.units * self.multiplied

    @property
    def roms(self) -> Memories:
        return [(self.look_ups, self.format.bits, ports) for ports in self.plan.ports] if self.look_ups else []

    @property
    def stored(self) -> Stored:
        return self._queued(-(-(self.plan.latency + 3) // self.plan.interval))


@dataclass(frozen=True, eq=False)
class JoinUnit(Unit):
    """Channels of several tensors as those of one: beats pass through, one tensor's after another's or side by side.

    Parameters
    ----------
    sources : tuple of Layout
    aside : bool
        Side by side; a tensor of fewer beats sits out the last of them.
    """

    output: Layout
    format: Format
    sources: tuple[Layout, ...]
    aside: bool

    @property
    def turns(self) -> list[list[bool]]:
        """``[beat][source]``: whose beat a beat of a position is made of."""
        if self.aside:
            return [[beat < source.beats for source in self.sources] for beat in range(self.output.beats)]
        return [[k == n for k in range(len(self.sources))] for n, s in enumerate(self.sources) for _ in range(s.beats)]

    def taken(self, sources: Sequence[Clocks]) -> Sequence[Clocks]:
        samples, positions = len(sources[0]), self.output.positions
        ready = np.full((samples, positions, self.output.beats), -(1 << 62), np.int64)
        slots = [[beat for beat, turn in enumerate(self.turns) if turn[k]] for k in range(len(sources))]
        for source, mine in zip(sources, slots, strict=True):
            ready[:, :, mine] = np.maximum(ready[:, :, mine], source.reshape(samples, positions, -1))
        go = paced(ready.reshape(samples, -1), 1).reshape(ready.shape)
        return [go[:, :, mine].reshape(samples, -1) for mine in slots]

    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        samples, positions = len(given[0]), self.output.positions
        go = np.zeros((samples, positions, self.output.beats), np.int64)
        for k, taken in enumerate(given):
            mine = [beat for beat, turn in enumerate(self.turns) if turn[k]]
            go[:, :, mine] = taken.reshape(samples, positions, -1)
        return self, go.reshape(samples, -1) + 1

    @property
    def stored(self) -> Stored:
        return Stored(ff=2 * self.output.lanes * self.format.bits)


@dataclass(frozen=True, eq=False)
class ConstantUnit(Unit):
    """Values that are there for every sample.

    Parameters
    ----------
    values : tuple of tuple of int
        ``[transfer][lane]``.
    """

    output: Layout
    format: Format
    values: tuple[tuple[int, ...], ...]

    def timed(self, given: Sequence[Clocks]) -> tuple[Unit, Clocks]:
        return self, given[0]

    @property
    def roms(self) -> Memories:
        return [(len(self.values), self.format.bits, 1)] * self.output.lanes

    @property
    def stored(self) -> Stored:
        return Stored()
