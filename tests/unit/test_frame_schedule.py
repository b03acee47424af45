"""How frame layers are folded and buffered: against brute force, in numbers that can be counted."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from bittrue.cost import XC7Z020, Resources, cost, default_interval, resources
from bittrue.errors import BadInput
from bittrue.lower import conv1d, pool1d
from bittrue.lower.bram import BUFFER
from bittrue.lower.frames import FREED, clocks_a_sample, column_sources, least_interval, paced
from bittrue.lower.schedule import schedule
from bittrue.lower.stream_shell import stream_bits
from bittrue.lower.windows import Windows, of_conv1d, of_pool1d
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import AvgPool1d, Conv1d, Dense, Flatten, MaxPool1d, Net, Node, TensorType

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
]


def filters(channels: int, outputs: int, groups: int, size: int, clocks: int, **moves: int) -> conv1d.Filters:
    rng = np.random.default_rng(1)
    weight = rng.integers(-128, 128, (outputs, channels // groups, size))
    layer = Conv1d(weight, np.arange(outputs), INT8, INT8, groups=groups, **moves)
    given = TensorType((channels, 20), INT8)
    output = layer.output_type(given)
    found = ranges(Net("n", given, (Node("n", layer, ("input",)),)))["n"]
    return conv1d.of_conv1d(layer, given, found, of_conv1d(layer, given, output), clocks)


PLANS = [
    filters(*shape, clocks, stride=stride)
    for shape, clocks, stride in itertools.product(SHAPES, (80, 100, 160, 400, 2000), (1, 3))
]


def test_windows_need_and_release_what_their_columns_say() -> None:
    for length, size, dilation, stride, padding in itertools.product((5, 9), (1, 3), (1, 2), (1, 3), (0, 2, 4)):
        count = (length + 2 * padding - (size - 1) * dilation - 1) // stride + 1
        windows = Windows(length, count, size, dilation, stride, padding)
        seen = [
            [c for k in range(size) if 0 <= (c := n * stride + k * dilation - padding) < length] for n in range(count)
        ]
        for n, columns in enumerate(seen):
            assert not columns or windows.needed(n) > max(columns)
            later = [c for window in seen[n + 1 :] for c in window]
            assert not later or windows.released(n) <= min(later)
            assert 1 <= windows.needed(n) <= length >= windows.released(n) >= 0
        assert windows.needed(count - 1) == windows.released(count - 1) == length
        assert all(windows.needed(n) > (windows.released(n - 1) if n else 0) - stride for n in range(count))


def test_every_weight_has_one_place_and_meets_its_channel_there() -> None:
    for plan in PLANS:
        size, matrices = plan.buffer.windows.size, plan.matrices()
        assert Counter(plan.places).most_common(1)[0][1] == 1
        for o, (engine, output) in enumerate(plan.places):
            np.testing.assert_array_equal(matrices[engine].weight[output], plan.matrix.weight[o])
            assert matrices[engine].bias[output] == plan.matrix.bias[o]
            group = o // (len(plan.matrix.weight) // plan.layer_groups)
            for given in range(plan.fold.inputs):
                row, segment, address = plan.fold.address(output, given)
                walk, held = plan.buffer.walks[segment], plan.buffer.units[engine][segment]
                # the reader's position at that word of the window
                turn, step = divmod(address, walk.steps)
                place = walk.first + step
                channel = held[turn // walk.turns * walk.block + place // size]
                channels = plan.fold.inputs // size
                assert (channel, place % size) == (group * channels + given // size, given % size)
                assert row < plan.fold.rows


def test_a_plan_keeps_up_with_windows_and_with_columns() -> None:
    for plan in PLANS:
        buffer, fold = plan.buffer, plan.fold
        for walk in buffer.walks:
            assert walk.clocks == fold.turns * fold.steps <= buffer.interval
            assert walk.channels <= buffer.pace
            assert (walk.first + walk.steps - 1) // buffer.windows.size < walk.block, "a reader leaves its memory"
        assert sum(np.count_nonzero(m.weight) for m in plan.matrices()) == np.count_nonzero(plan.matrix.weight)


def test_a_plan_spends_few_lanes() -> None:
    least = [plan.matrix.weight.size / plan.buffer.interval for plan in PLANS]
    spent = [plan.lanes for plan in PLANS]
    assert all(few <= lanes for few, lanes in zip(least, spent, strict=True))
    assert sum(np.ceil(few) for few in least) / sum(spent) > 0.8
    for shape, lanes in (((1, 8, 1, 5), 5), ((8, 12, 1, 5), 60), ((12, 12, 12, 3), 6)):
        assert filters(*shape, 8 * 20, padding=shape[3] // 2).lanes == lanes


def test_pools_share_out_all_channels() -> None:
    for channels, size, clocks in itertools.product((1, 3, 8, 13), (1, 2, 5), (100, 160, 1000)):
        layer, given = MaxPool1d(size, 2), TensorType((channels, 20), INT8)
        plan = pool1d.of_pool1d(layer, given, of_pool1d(layer, given, layer.output_type(given)), clocks)
        held = [channel for unit in plan.buffer.units for channel in unit[0]]
        assert held[:channels] == list(range(channels)) and len(plan.buffer.units) == plan.units
        assert plan.each * size <= plan.buffer.interval and plan.each <= plan.buffer.pace
        assert plan.buffer.walks[0].clocks == plan.each * size


def test_paced() -> None:
    ready = np.array([[0, 1, 2, 30], [30, 31, 70, 71]])
    assert paced(ready, 5).tolist() == [[0, 5, 10, 30], [35, 40, 70, 75]]


def test_a_buffer_is_as_large_as_what_waits_in_it() -> None:
    """Column by column: taken, and given back some clocks after the last window that needs it."""
    for net, times in itertools.product((Conv1d.example(), AvgPool1d.example(), Flatten.example()), (1, 2, 5)):
        steps = schedule(net, times * least_interval(net))
        for plan in (step.filters or step.pools for step in steps.values()):
            if plan is None:
                continue
            buffer, windows = plan.buffer, plan.buffer.windows
            columns = np.arange(6 * windows.length).reshape(6, -1) * buffer.pace  # as the net's first layer gets them
            gone = np.zeros(columns.size, int)
            for frame, starts in enumerate(buffer.accepts(columns)):
                for n, start in enumerate(starts):
                    first = 0 if n == 0 else windows.released(n - 1)
                    part = slice(frame * windows.length + first, frame * windows.length + windows.released(n))
                    gone[part] = start + buffer.finish + FREED
            inside = max(int((columns.ravel() <= t).sum() - (gone <= t).sum()) for t in columns.ravel())
            places = buffer.places(columns)
            assert places // 2 < inside <= places or places == 2
            assert places & (places - 1) == 0


# ---- intervals ------------------------------------------------------------------------------------------------------


def pooled(size: int, length: int = 10) -> Net:
    pool = Node("pool", MaxPool1d(size, 1), ("input",))
    return Net("pooled", TensorType((2, length), INT8), (pool,))


def test_the_shortest_interval_of_a_net() -> None:
    assert least_interval(Dense.example()) == 4
    assert least_interval(pooled(3)) == 40  # 8 windows of 4 clocks, 10 columns of 4
    assert least_interval(pooled(6)) == 40  # 5 windows of 6 clocks
    assert least_interval(pooled(7, 30)) == 180  # 24 windows of 7 clocks, up to a multiple of 30
    wide = Conv1d(np.ones((1, 2, 1), int), np.zeros(1, int), INT8, INT8, padding=20)
    assert least_interval(Net("padded", TensorType((2, 10), INT8), (Node("n", wide, ("input",)),))) == 200


def test_frames_take_whole_columns() -> None:
    assert [clocks_a_sample(pooled(3), clocks) for clocks in (40, 49, 50, 65536)] == [40, 40, 50, 65530]
    assert cost(pooled(3), 49).interval == 40
    with pytest.raises(BadInput, match=r"of 39 clocks is too short for frames 2x10 Q1.7, because every .* at least 40"):
        schedule(pooled(3), 39)
    with pytest.raises(BadInput, match="of 39 clocks is too short for frames 2x10"):
        cost(pooled(3), 39)


def test_frames_too_long_for_any_interval_are_refused() -> None:
    net = pooled(1, 1 << 15)
    for planned in (lambda: schedule(net, 1 << 16), lambda: default_interval(net), lambda: cost(net, 1 << 16)):
        with pytest.raises(
            BadInput, match=r"would take 131072 clocks a frame .* 65536 is the limit; shorten the frames"
        ):
            planned()


def test_the_default_interval_takes_half_an_fpga() -> None:
    assert default_interval(Dense.example()) == 8
    assert default_interval(pooled(3)) == 64
    layer = Conv1d(np.ones((64, 64, 9), int), np.zeros(64, int), INT8, INT8)
    net = Net("large", TensorType((64, 100), INT8), (Node("n", layer, ("input",)),))
    chosen = default_interval(net)
    half = Resources(XC7Z020.dsp // 2, XC7Z020.ramb36 // 2)
    assert resources(net, chosen).fits(half) and not resources(net, chosen // 2).fits(half)


def test_the_cost_of_a_layer_by_hand() -> None:
    """12 filters of 8 x 5 at 16 places, 2 clocks a column too few for one lane: 480 products in 128 clocks."""
    rng = np.random.default_rng(2)
    layer = Conv1d(rng.integers(-128, 128, (12, 8, 5)), rng.integers(-99, 99, 12), INT8, INT8, padding=2)
    net = Net("hand", TensorType((8, 16), INT8), (Node("n", layer, ("input",)),))
    plan = schedule(net, 16 * 128)["n"].filters
    assert plan is not None and plan.lanes == 4 == cost(net, 16 * 128).dsps
    assert cost(net, 16 * 128).utilisation == 480 / (4 * 128)
    node = cost(net, 16 * 128).nodes["n"]
    turns = plan.fold.turns * plan.fold.steps
    assert node.roms == 4 + plan.fold.rows and turns == 120 and node.ramb18 == 4
    assert plan.buffer.words <= BUFFER


# ---- what runs how --------------------------------------------------------------------------------------------------


def test_a_flatten_in_front_of_dense_layers_alone_costs_nothing() -> None:
    net = Flatten.example()
    assert column_sources(net)["flat"] == "input" == column_sources(net)["input"]
    assert schedule(net, 16)["flat"].latency == 0
    alone = Net("alone", net.input, net.nodes[:1])
    assert column_sources(alone)["flat"] == "flat"
    assert schedule(alone, 16)["flat"].arrival == 1 + 3 * 4 + 4


def test_frames_have_no_banks_and_no_shell() -> None:
    with pytest.raises(BadInput, match="net conv1d takes frames, whose layers have fixed weights; build it without"):
        schedule(Conv1d.example(), 100, banked=True)
    with pytest.raises(BadInput, match=r"a sample 4x9 Q1.7 is a frame; the shell takes vectors"):
        stream_bits(Conv1d.example().input)


def test_an_accumulator_beyond_a_dsp_is_refused() -> None:
    layer = Conv1d(np.ones((1, 1, 1), int), np.array([1 << 47]), INT8, INT8)
    with pytest.raises(BadInput, match="needs 49 bits and a DSP48E1 has 48; narrow"):
        schedule(Net("wide", TensorType((1, 4), INT8), (Node("n", layer, ("input",)),)), 16)
