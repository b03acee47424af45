"""How filters are folded onto lanes: every weight has one place and meets its channel and its tap there, for chains of
lanes and for the phases of transposed windows."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from bittrue.errors import BadInput
from bittrue.lower.along import of_axes
from bittrue.lower.buffer import Walk
from bittrue.lower.filters import Filters, filters
from bittrue.lower.layout import NOTHING, Layout
from bittrue.lower.matrix import Matrix
from bittrue.num import Format
from bittrue.spec import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, TensorType
from bittrue.spec.conv import Conv

INT8 = Format.parse("Q1.7")
SHAPES = [
    # channels, filters, groups, kernel
    (1, 8, 1, 5),
    (8, 12, 1, 5),
    (12, 12, 12, 3),
    (6, 9, 3, 4),
    (7, 14, 7, 1),
    (5, 1, 1, 9),
    (16, 5, 1, 11),
    (6, 6, 1, 1),  # the last requantiser serves fewer rows, in every turn
    (3, 11, 1, 3),
    (2, 13, 1, 2),
]
IMAGES = [(1, 4, 1, (3, 3)), (6, 4, 2, (2, 3)), (5, 5, 5, (3, 1)), (9, 7, 1, (1, 1))]


def planned(kind: type[Conv], shape: tuple, times: float, beats: int = 1, **moves: object) -> Filters:
    """The plan of a layer for ``times`` clocks a position, or a window where there are more."""
    channels, outputs, groups, size = shape
    rank = kind.rank
    sizes = size if isinstance(size, tuple) else (size,) * rank
    lengths = (20,) if rank == 1 else (7, 6)
    rng = np.random.default_rng(1)
    weight = rng.permutation(np.arange(1, 1 + outputs * channels // groups * int(np.prod(sizes)))).reshape(
        outputs, channels // groups, *sizes
    )
    fmt = Format(24, 0)
    layer = kind(weight, np.arange(outputs) + 7, fmt, INT8, groups=groups, **moves)  # type: ignore[call-arg]
    output = layer.output_type(TensorType((channels, *lengths), INT8))
    rows, columns = of_axes(layer.axes, lengths)
    matrix = Matrix(weight.reshape(outputs, -1), layer.bias, INT8, INT8, 40, 3)
    source = Layout.spread((channels, *lengths), beats)
    clocks = int(times * max(source.positions, rows.count * columns.count))
    clocks -= clocks % source.positions
    return filters(matrix, groups, rows, columns, source, output.shape, clocks)


def plans() -> list[tuple[Filters, int]]:
    """Plans of chains and of phases, and their clocks a sample."""
    wanted: list[tuple] = []
    for shape, times in itertools.product(SHAPES, (4, 5, 8, 20, 100)):
        wanted += [(Conv1d, shape, times, {}), (Conv1d, shape, times, {"stride": 3})]
        if times > 8:
            wanted.append((ConvTranspose1d, shape, times, {"stride": 2}))
            wanted.append((ConvTranspose1d, shape, times, {"stride": 3, "padding": 1}))
    for shape, times in itertools.product(IMAGES, (8, 20, 100)):
        wanted.append((Conv2d, shape, times, {"padding": 1 if min(shape[3]) > 1 else 0}))
        if times > 8:
            wanted.append((ConvTranspose2d, shape, times, {"stride": (2, 3)}))
    found = []
    for kind, shape, times, moves in wanted:
        for beats in (1, 4):
            try:
                plan = planned(kind, shape, times, beats, **moves)
            except BadInput as error:
                assert "choose a longer interval" in str(error)
                continue
            buffer = plan.buffer
            clocks = int(times * max(buffer.source.positions, buffer.rows.count * buffer.columns.count))
            found.append((plan, clocks - clocks % buffer.source.positions))
    return found


PLANS = plans()


def taps_of(plan: Filters, phase: int) -> list[int]:
    """The weights of a phase's places, in the order of the places."""
    rows, columns = plan.buffer.rows, plan.buffer.columns
    width = 1 + max((tap for taps in columns.taps for tap in taps), default=0)
    pairs = itertools.product(rows.taps[phase // columns.period], columns.taps[phase % columns.period])
    return [row * width + column for row, column in pairs]


def places_of(plan: Filters, phase: int) -> int:
    """Words that a reader gives of a channel: one at least along each axis."""
    rows, columns = plan.buffer.rows, plan.buffer.columns
    return rows.sizes[phase // columns.period] * columns.sizes[phase % columns.period]


def read(walk: Walk, places: int, phase: int, turn: int) -> list[tuple[int, int]]:
    """``(slot, place)`` of every word that a reader gives in a turn."""
    slot, place, found = turn // walk.turns * walk.block, walk.first, []
    for _ in range(walk.steps[phase]):
        found.append((slot, place))
        slot, place = (slot + 1, 0) if place == places - 1 else (slot, place + 1)
    return found


def test_enough_ways_are_tried() -> None:
    assert len(PLANS) > 150
    assert sum(len(plan.fold.steps) > 1 and plan.fold.segments > 1 for plan, _ in PLANS) > 5
    assert sum(plan.engines > 1 for plan, _ in PLANS) > 10 and sum(plan.each > 1 for plan, _ in PLANS) > 10
    assert sum(plan.fold.chained and plan.fold.segments > 1 for plan, _ in PLANS) > 30
    assert {plan.fold.chained for plan, _ in PLANS} == {True, False}


def test_every_filter_is_computed_in_one_turn_of_one_row() -> None:
    for plan, _ in PLANS:
        counts = Counter(plan.outputs.ravel().tolist())
        counts.pop(NOTHING, None)
        assert counts == Counter(range(len(plan.matrix.weight)))
        assert plan.outputs.shape == (plan.engines, plan.fold.turns, plan.fold.rounders * plan.fold.queue)
        assert (plan.outputs[:, :, plan.fold.rows :] == NOTHING).all(), "there is no such row"


def test_every_weight_has_one_place_and_meets_its_channel_and_its_tap_there() -> None:
    for plan, _ in PLANS:
        words, channels = plan.words(), plan.channels
        kernel = plan.matrix.weight.shape[1] // channels
        for phase, steps in enumerate(plan.fold.steps):
            taps = taps_of(plan, phase)
            first = plan.fold.turns * sum(plan.fold.steps[:phase])
            for engine, turn, row in np.ndindex(plan.engines, plan.fold.turns, plan.fold.rows):
                o = plan.outputs[engine, turn, row]
                wanted = dict(_wanted(plan, int(o), taps)) if o != NOTHING else {}
                assert len(wanted) == (len(taps) * channels if o != NOTHING else 0)
                for segment, walk in enumerate(plan.buffer.walks):
                    held = plan.buffer.units[engine][segment]
                    mine = words[engine, segment, row, first + turn * steps : first + (turn + 1) * steps]
                    for (slot, place), word in zip(read(walk, places_of(plan, phase), phase, turn), mine, strict=True):
                        key = (held[slot], taps[place]) if slot < len(held) and place < len(taps) else None
                        assert word == (wanted.pop(key, 0) if key else 0), (phase, engine, turn, row, segment)
                assert not wanted, "a weight is nowhere"
        assert kernel * channels == plan.matrix.weight.shape[1]


def _wanted(plan: Filters, o: int, taps: list[int]) -> list[tuple[tuple[int, int], int]]:
    """The weights of a filter in a phase by channel of the tensor and tap."""
    group, channels = o // (len(plan.matrix.weight) // plan.groups), plan.channels
    kernel = plan.matrix.weight.shape[1] // channels
    return [
        ((group * channels + c, k), int(plan.matrix.weight[o, c * kernel + k])) for c in range(channels) for k in taps
    ]


def test_biases_are_those_of_the_filters() -> None:
    for plan, _ in PLANS:
        assert plan.biases().shape == (plan.engines, plan.fold.rows, plan.fold.turns)
        for engine, row, turn in np.ndindex(*plan.biases().shape):
            o = plan.outputs[engine, turn, row]
            assert plan.biases()[engine, row, turn] == (0 if o == NOTHING else plan.matrix.bias[o])


def test_readers_stay_in_their_memories() -> None:
    for plan, _ in PLANS:
        for phase in range(len(plan.fold.steps)):
            places = places_of(plan, phase)
            for walk in plan.buffer.walks:
                used = [slot for turn in range(plan.fold.turns) for slot, _ in read(walk, places, phase, turn)]
                assert max(used) < walk.slots
                assert walk.slots == len(plan.buffer.units[0][0]), "a slot that no channel has"


def test_results_come_in_the_order_of_the_layout() -> None:
    """Requantiser ``r`` of engine ``e`` is lane ``e * rounders + r``; in a turn it gives its rows one after another."""
    for plan, _ in PLANS:
        fold, found = plan.fold, []
        for turn, place in itertools.product(range(fold.turns), range(fold.queue)):
            beat = [
                int(plan.outputs[engine, turn, rounder * fold.queue + place])
                for engine in range(plan.engines)
                for rounder in range(fold.rounders)
            ]
            if any(o != NOTHING for o in beat):
                assert plan.slots[len(found)] == (turn, place)
                found.append(tuple(beat))
        assert plan.output.table == tuple(found)
        assert sorted(plan.output.order.ravel()[plan.output.order.ravel() != NOTHING]) == list(
            range(int(np.prod(plan.output.shape)))
        )


def test_a_plan_keeps_up_with_windows_and_with_beats() -> None:
    for plan, clocks in PLANS:
        buffer, fold = plan.buffer, plan.fold
        took = [fold.turns * steps for steps in fold.steps]
        for phase, spacing in enumerate(buffer.spacing):
            assert all(walk.clocks(phase) == took[phase] <= spacing for walk in buffer.walks)
            assert fold.queue <= (fold.steps[phase] if fold.turns > 1 else spacing), "results queue up"
        assert sum(buffer.spacing[phase] for phase in buffer.phases) <= clocks
        assert sum(buffer.durations) <= clocks // buffer.source.positions


def test_a_plan_spends_few_lanes() -> None:
    least = [plan.products / clocks for plan, clocks in PLANS if plan.fold.chained]
    spent = [plan.lanes for plan, _ in PLANS if plan.fold.chained]
    assert all(few <= lanes for few, lanes in zip(least, spent, strict=True))
    assert sum(np.ceil(few) for few in least) / sum(spent) > 0.8
    for shape, lanes in (((1, 8, 1, 5), 5), ((8, 12, 1, 5), 60), ((12, 12, 12, 3), 6)):
        assert planned(Conv1d, shape, 8, padding=shape[3] // 2).lanes == lanes
    least = [plan.products / clocks for plan, clocks in PLANS if not plan.fold.chained]
    spent = [plan.lanes for plan, _ in PLANS if not plan.fold.chained]
    assert all(few <= lanes for few, lanes in zip(least, spent, strict=True))
    assert sum(np.ceil(few) for few in least) / sum(spent) > 0.7


def test_windows_of_phases_in_too_few_clocks_are_refused() -> None:
    with pytest.raises(BadInput, match=r"no lanes keep up with \d+ windows of .* in \d+ clocks; choose a longer"):
        planned(ConvTranspose1d, (4, 2, 1, 9), 1, stride=2)
