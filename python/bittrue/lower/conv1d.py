"""How the filters of a frame layer are folded onto multiply-accumulate lanes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.lower.fold import Fold
from bittrue.lower.frames import READ, Buffer, Walk
from bittrue.lower.matrix import Matrix, of_filters
from bittrue.lower.windows import Windows
from bittrue.ranges import Range
from bittrue.spec import Conv1d, Dense, TensorType


@dataclass(frozen=True)
class FilterFold(Fold):
    """A `Fold` with the number of rows and segments given, all segments in one chain: what waits is in the buffer.

    Parameters
    ----------
    side, cuts : int
        Rows and segments.
    """

    side: int
    cuts: int

    @property
    def segments(self) -> int:
        return self.cuts

    @property
    def chains(self) -> int:
        return 1

    @property
    def rows(self) -> int:
        return self.side


@dataclass(frozen=True, eq=False)
class Filters:
    """The filters of a layer on one or more engines: each computes ``groups`` groups of the layer one after another.

    In an engine, a window is a vector of ``C / groups * K`` words, the filters of a group are rows of a matrix, and
    lanes are rows and segments of a `FilterFold`. Filter ``o`` of a group is computed in its turn ``o // rows`` by row
    ``o % rows``; the turns of one group follow those of the one before. What is missing has zero weights.

    Parameters
    ----------
    matrix : Matrix
        ``[o, c * K + k]`` of all filters, group upon group.
    layer_groups : int
        Groups of the layer.
    engines, groups : int
        Engines, and groups of each.
    fold : FilterFold
        Of one engine.
    buffer : Buffer
    """

    matrix: Matrix
    layer_groups: int
    engines: int
    groups: int
    fold: FilterFold
    buffer: Buffer

    @property
    def lanes(self) -> int:
        """Multiply-accumulate lanes in all."""
        return self.engines * self.fold.lanes

    @property
    def latency(self) -> int:
        """Clocks from the acceptance of a window to the strobe of its column."""
        return READ + self.fold.latency

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """``(engine, output of the engine)`` of every filter."""
        filters = len(self.matrix.weight) // self.layer_groups
        turns = self.fold.turns // self.groups
        return tuple(
            (
                group // self.groups,
                (group % self.groups * turns + o // self.fold.rows) * self.fold.rows + o % self.fold.rows,
            )
            for group in range(self.layer_groups)
            for o in range(filters)
        )

    def matrices(self) -> list[Matrix]:
        """What each engine multiplies with: ``(fold.outputs, fold.inputs)``."""
        shape = (self.engines, self.fold.outputs)
        weight: npt.NDArray[np.int64] = np.zeros((*shape, self.fold.inputs), np.int64)
        bias: npt.NDArray[np.int64] = np.zeros(shape, np.int64)
        for o, place in enumerate(self.places):
            weight[place], bias[place] = self.matrix.weight[o], self.matrix.bias[o]
        bits = self.matrix.weight_bits
        return [replace(self.matrix, weight=w, bias=b, weight_word=bits) for w, b in zip(weight, bias, strict=True)]


def of_conv1d(layer: Conv1d, given: TensorType, found: Range, windows: Windows, clocks: int) -> Filters:
    """`Filters` of a `Conv1d` that computes a frame in ``clocks`` clocks.

    Raises `BadInput` for an accumulator that is too wide.
    """
    weight = layer.weight.reshape(len(layer.weight), -1)
    return _filters(of_filters(layer, weight, given.format, found), layer.groups, windows, clocks)


def of_flattened_dense(layer: Dense, frame: TensorType, found: Range, windows: Windows, clocks: int) -> Filters:
    """`Filters` of a `Dense` layer behind a `Flatten`: weight ``[o, c * L + n]`` is that of a kernel as long as the
    frame. Raises `BadInput` for an accumulator that is too wide."""
    return _filters(of_filters(layer, layer.weight, frame.format, found), 1, windows, clocks)


def _filters(matrix: Matrix, groups: int, windows: Windows, clocks: int) -> Filters:
    """The plan with the fewest lanes, then the fewest memories, that keeps up with the windows and with the columns."""
    outputs, inputs = matrix.weight.shape
    interval, pace = clocks // windows.count, clocks // windows.length
    best = min(_folds(inputs, outputs // groups, groups, windows.size, interval, pace), default=None)
    if best is None:
        raise BadInput(
            f"no lanes keep up with a window of {inputs} words every {interval} clocks; choose a longer interval"
        )
    _, _, each, segments, rows, block = best
    turns = each * -(-(outputs // groups) // rows)
    fold = FilterFold(inputs, turns * rows, interval, rows, segments)
    engines = -(-groups // each)
    walks = tuple(Walk(j * fold.steps % windows.size, fold.steps, turns // each, each, block) for j in range(segments))
    channels = inputs // windows.size

    def held(engine: int, segment: int) -> tuple[int, ...]:
        lowest = segment * fold.steps // windows.size
        return tuple(
            min(engine * each + g, groups - 1) * channels + min(lowest + c, channels - 1)
            for g in range(each)
            for c in range(block)
        )

    units = tuple(tuple(held(e, j) for j in range(segments)) for e in range(engines))
    return Filters(matrix, groups, engines, each, fold, Buffer(windows, pace, interval, walks, fold.skew, units))


def _folds(
    inputs: int, outputs: int, groups: int, size: int, interval: int, pace: int
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Every way that keeps up: ``(lanes, memories, groups an engine, segments, rows, channels a group in a memory)``.

    ``inputs`` and ``outputs`` are those of one group.
    """
    for each in range(1, groups + 1):
        engines, time = -(-groups // each), interval // each
        if time < 1 or (each > 1 and -(-groups // (each - 1)) == engines):
            continue
        steps = min(time, inputs)
        while steps:
            segments = -(-inputs // steps)
            steps = -(-inputs // segments)
            block = max(((j + 1) * steps - 1) // size - j * steps // size + 1 for j in range(segments))
            if each * block <= pace:
                rows = -(-outputs // max(1, time // steps))
                yield engines * rows * segments, engines * segments, each, segments, rows, block
            steps -= 1
