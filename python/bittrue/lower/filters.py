"""How filters that slide over a tensor are folded onto multiply-accumulate lanes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bittrue.lower.along import Along
from bittrue.lower.buffer import READ, Buffer, Walk, durations
from bittrue.lower.features import REQUANTISE
from bittrue.lower.fold import LANE, TooShort
from bittrue.lower.layout import NOTHING, Layout
from bittrue.lower.matrix import Matrix

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FilterFold:
    """Lanes of one engine: ``rows`` filters side by side, each in ``segments`` lanes that share the words of a window.

    Where all windows have the same number of words, the lanes of a row form a chain, each starting from the sum of the
    one before, ``skew`` clocks later. Else they start together and their sums are added, two at a time.

    Parameters
    ----------
    rows, segments : int
    turns : int
        Filters that a lane computes in turn, of all groups of the engine.
    steps : tuple of int
        Clocks of a turn, phase by phase.
    chained : bool
    rounders : int
        Requantisers, each for ``queue`` rows.
    """

    rows: int
    segments: int
    turns: int
    steps: tuple[int, ...]
    chained: bool
    rounders: int

    @property
    def lanes(self) -> int:
        """Multiply-accumulate lanes."""
        return self.rows * self.segments

    @property
    def queue(self) -> int:
        """Results that share a requantiser in a turn."""
        return -(-self.rows // self.rounders)

    @property
    def skew(self) -> int:
        """Clocks by which a lane works behind the one before in its chain."""
        return self.steps[0] + 1 if self.chained and self.segments > 1 else 0

    @property
    def adding(self) -> int:
        """Clocks in which the sums of lanes are added that form no chain."""
        return 0 if self.chained else (self.segments - 1).bit_length()

    @property
    def words(self) -> int:
        """Words of a lane's memory."""
        return self.turns * sum(self.steps)


@dataclass(frozen=True, eq=False)
class Filters:
    """The filters of a layer on one or more engines: each computes ``each`` groups of the layer one after another.

    In an engine, requantiser ``k`` serves rows from ``k * queue`` on, ``queue`` of them or the ``n`` that are left, and
    gives the run of filters from ``k * turns * queue`` on in their order: filter ``o`` of the run is computed in turn
    ``o // n`` of the group by row ``o % n`` of those.
    Segments cut the words of a window, channel by channel and place by place: anywhere where there is one phase,
    between channels where there are several. What is missing has zero weights.

    Parameters
    ----------
    matrix : Matrix
        ``[o, c * K + k]`` of all filters, group upon group; ``K`` places, columns fastest.
    groups, each, engines : int
        Groups of the layer and of an engine, and engines.
    fold : FilterFold
        Of one engine.
    buffer : Buffer
    output : Layout
    """

    matrix: Matrix
    groups: int
    each: int
    engines: int
    fold: FilterFold
    buffer: Buffer
    output: Layout

    @property
    def lanes(self) -> int:
        """Multiply-accumulate lanes in all."""
        return self.engines * self.fold.lanes

    @property
    def products(self) -> int:
        """Weights that are multiplied with an input or the zeros beside it, a sample."""
        rows, columns = self.buffer.rows, self.buffer.columns
        places = [len(of_row) * len(of_column) for of_row in rows.taps for of_column in columns.taps]
        return len(self.matrix.weight) * self.channels * sum(places[phase] for phase in self.buffer.phases)

    def first_beat(self, phase: int) -> int:
        """Clocks from the acceptance of a window to the first word into the queue behind the requantisers."""
        fold = self.fold
        chain = (fold.segments - 1) * fold.skew
        return 1 + READ + LANE + chain + fold.steps[phase] + fold.adding + REQUANTISE

    def beats_after(self, phase: int) -> list[int]:
        """Clocks of every beat of a window after its first."""
        fold, found = self.fold, []
        for turn, position in self.slots:
            found.append(turn * fold.steps[phase] + position)
        return [clock - found[0] for clock in found]

    @cached_property
    def slots(self) -> list[tuple[int, int]]:
        """``(turn, place in the requantisers' queues)`` of every beat of a window; those that no filter has are left
        away."""
        filled = self.outputs.reshape(self.engines, self.fold.turns, self.fold.rounders, self.fold.queue)
        there = (filled != NOTHING).any(axis=(0, 2))
        return [(int(turn), int(place)) for turn, place in np.argwhere(there)]

    @cached_property
    def outputs(self) -> Codes:
        """``[engine][turn][row]``, rows filled up to a multiple of ``queue``: the filter that is computed there."""
        fold = self.fold
        filters = len(self.matrix.weight) // self.groups
        turns, queue = fold.turns // self.each, fold.queue
        engine, turn, row = np.ogrid[: self.engines, : fold.turns, : fold.rounders * queue]
        served = np.clip(fold.rows - row // queue * queue, 0, queue)  # rows of the requantiser
        group = engine * self.each + turn // turns
        filter_ = row // queue * (turns * queue) + turn % turns * served + row % queue
        there = (group < self.groups) & (filter_ < filters) & (row < fold.rows)
        return np.where(there, group * filters + filter_, NOTHING)

    def words(self) -> Codes:
        """``[engine][segment][row][word]``: what the memories of all lanes hold, phase after phase, turn after turn."""
        fold = self.fold
        padded = np.pad(self.matrix.weight, ((0, 1), (0, 1)))  # NOTHING is the last of each
        rows = self.outputs[:, np.newaxis, :, : fold.rows, np.newaxis]
        parts = []
        for inputs in self._inputs():
            part = padded[rows, inputs[np.newaxis, :, np.newaxis, np.newaxis, :]]
            parts.append(part.swapaxes(2, 3).reshape(self.engines, fold.segments, fold.rows, -1))
        return np.concatenate(parts, axis=3)

    def biases(self) -> Codes:
        """``[engine][row][turn]``."""
        return np.append(self.matrix.bias, 0)[self.outputs[:, :, : self.fold.rows]].swapaxes(1, 2)

    def _inputs(self) -> Iterator[Codes]:
        """Of each phase, ``[segment][step]``: the column of a group's weights."""
        fold, kernel = self.fold, self.matrix.weight.shape[1] // self.channels
        rows, columns = self.buffer.rows, self.buffer.columns
        width = max((tap for taps in columns.taps for tap in taps), default=0) + 1
        for phase, steps in enumerate(fold.steps):
            of_row, of_column = rows.taps[phase // columns.period], columns.taps[phase % columns.period]
            places = np.array([r * width + c for r in of_row for c in of_column] or [NOTHING])
            if fold.chained:
                word = np.arange(fold.segments * steps).reshape(fold.segments, steps)
            else:
                block = self.buffer.walks[0].block
                word = np.arange(fold.segments)[:, np.newaxis] * block * len(places) + np.arange(steps)
            channel, place = word // len(places), places[word % len(places)]
            yield np.where((channel < self.channels) & (place != NOTHING), channel * kernel + place, NOTHING)

    @property
    def channels(self) -> int:
        """Channels of a group."""
        return self.buffer.source.shape[0] // self.groups


def filters(
    matrix: Matrix, groups: int, rows: Along, columns: Along, source: Layout, shape: tuple[int, ...], clocks: int
) -> Filters:
    """`Filters` that compute a tensor of ``shape`` in ``clocks`` clocks: the fewest lanes, then the fewest memories.

    Raises `BadInput` where none keep up with the windows and with the beats.
    """
    outputs, channels = len(matrix.weight) // groups, source.shape[0] // groups
    sizes = [r * c for r in rows.sizes for c in columns.sizes]
    ways = _ways if len(sizes) == 1 else _ways_of_phases
    pace = clocks // source.positions
    windows = rows.count * columns.count
    counts = np.bincount(Buffer(source, rows, columns, (), 0, (), ()).phases, minlength=len(sizes)).tolist()
    for way in sorted(ways(channels, outputs, groups, sizes, counts, clocks)):
        if way.each * way.block > pace:
            continue
        plan = _plan(matrix, groups, rows, columns, source, shape, way, clocks // windows)
        if sum(durations(source, plan.buffer.units)) <= pace:
            return plan
    raise TooShort(
        f"no lanes keep up with {windows} windows of {channels * max(sizes)} words, and beats of {source.lanes} "
        f"channels, in {clocks} clocks; choose a longer interval"
    )


@dataclass(frozen=True, order=True)
class _Way:
    """A way to share out the work; the cheaper one comes first."""

    lanes: int
    memories: int
    each: int
    segments: int
    rows: int
    block: int
    steps: tuple[int, ...]


def _ways(channels: int, outputs: int, groups: int, sizes: list[int], counts: list[int], clocks: int) -> Iterator[_Way]:
    """Every way that keeps up where all windows have the same words."""
    (size,), inputs = sizes, channels * sizes[0]
    for each in _groups(groups):
        time = clocks // counts[0] // each
        steps = min(time, inputs)
        while steps:
            segments = -(-inputs // steps)
            steps = -(-inputs // segments)
            block = max(((j + 1) * steps - 1) // size - j * steps // size + 1 for j in range(segments))
            rows = -(-outputs // max(1, time // steps))
            engines = -(-groups // each)
            yield _Way(engines * rows * segments, engines * segments, each, segments, rows, block, (steps,))
            steps -= 1


def _ways_of_phases(
    channels: int, outputs: int, groups: int, sizes: list[int], counts: list[int], clocks: int
) -> Iterator[_Way]:
    """Every way that keeps up where windows differ in their words: lanes are cut between channels."""
    for each in _groups(groups):
        engines = -(-groups // each)
        for block in sorted({-(-channels // segments) for segments in range(1, channels + 1)}):
            segments, steps = -(-channels // block), tuple(block * size for size in sizes)
            turn = each * sum(count * step for count, step in zip(counts, steps, strict=True))
            if turn <= clocks:
                rows = -(-outputs // (clocks // turn))
                yield _Way(engines * rows * segments, engines * segments, each, segments, rows, block, steps)


def _groups(groups: int) -> Iterable[int]:
    """Groups of an engine; none that needs as many engines as a smaller number does."""
    return sorted({-(-groups // engines) for engines in range(1, groups + 1)})


def _plan(
    matrix: Matrix,
    groups: int,
    rows: Along,
    columns: Along,
    source: Layout,
    shape: tuple[int, ...],
    way: _Way,
    interval: int,
) -> Filters:
    """The plan of one way."""
    outputs, channels = len(matrix.weight) // groups, source.shape[0] // groups
    turns, engines = -(-outputs // way.rows), -(-groups // way.each)
    each, steps, one = way.each, way.steps, len(way.steps) == 1
    size = rows.sizes[0] * columns.sizes[0]
    rounders = -(-way.rows // (min(steps) if turns * each > 1 or not one else interval))
    fold = FilterFold(way.rows, way.segments, turns * each, steps, one, rounders)
    firsts = [j * steps[0] if one else j * way.block * size for j in range(way.segments)]
    walks = tuple(Walk(first % size, steps, turns, each, way.block) for first in firsts)

    def held(engine: int, first: int) -> tuple[int, ...]:
        wanted = [(engine * each + g, first // size + c) for g in range(each) for c in range(way.block)]
        return tuple(g * channels + c if g < groups and c < channels else NOTHING for g, c in wanted)

    units = tuple(tuple(held(engine, first) for first in firsts) for engine in range(engines))
    spacing = (interval,) if one else tuple(turns * each * step for step in steps)
    buffer = Buffer(source, rows, columns, walks, fold.skew, units, spacing)
    plan = Filters(matrix, groups, each, engines, fold, buffer, Layout.whole(shape))
    lanes = plan.outputs.reshape(engines, fold.turns, rounders, fold.queue)
    table = tuple(
        tuple(int(lanes[e, turn, r, place]) for e in range(engines) for r in range(rounders))
        for turn, place in plan.slots
    )
    return replace(plan, output=Layout(shape, table))
