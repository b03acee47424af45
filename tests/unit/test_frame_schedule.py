"""Intervals of nets of frames and images, what they cost, and what runs how."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue.cost import XC7Z020, Resources, cost, default_interval, resources
from bittrue.errors import BadInput
from bittrue.lower.bram import BUFFER
from bittrue.lower.buffer import READ, WRITTEN
from bittrue.lower.filters import Filters
from bittrue.lower.fold import MAX_INTERVAL, is_pipeline
from bittrue.lower.layout import Layout
from bittrue.lower.schedule import SKID, carriers, clocks_a_sample, least_interval, schedule
from bittrue.lower.units import QUEUE, WindowUnit
from bittrue.num import Format
from bittrue.spec import (
    LAYERS,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Flatten,
    MaxPool1d,
    Net,
    Node,
    Reshape,
    TensorType,
)

INT8 = Format.parse("Q1.7")


# ---- intervals ------------------------------------------------------------------------------------------------------


def one(layer, shape: tuple[int, ...]) -> Net:
    return Net("one", TensorType(shape, INT8), (Node("n", layer, ("input",)),))


def pooled(size: int, length: int = 10) -> Net:
    pool = Node("pool", MaxPool1d(size, 1), ("input",))
    return Net("pooled", TensorType((2, length), INT8), (pool,))


def test_the_shortest_interval_of_a_net() -> None:
    assert least_interval(Dense.example()) == 4
    assert least_interval(pooled(1)) == 10  # as many positions
    assert least_interval(pooled(3)) == 30  # 8 windows of 3 clocks, up to a multiple of 10
    assert least_interval(pooled(6)) == 30  # 5 windows of 6 clocks
    assert least_interval(pooled(7, 30)) == 180  # 24 windows of 7 clocks, up to a multiple of 30
    wide = Conv1d(np.ones((1, 2, 1), int), np.zeros(1, int), INT8, INT8, padding=20)
    assert least_interval(Net("padded", TensorType((2, 10), INT8), (Node("n", wide, ("input",)),))) == 50
    image = Conv2d(np.ones((1, 1, 3, 3), int), np.zeros(1, int), INT8, INT8, padding=2)
    assert least_interval(one(image, (1, 4, 5))) == 60  # 6 x 7 windows, up to a multiple of 20
    transposed = ConvTranspose2d(np.ones((1, 1, 3, 2), int), np.zeros(1, int), INT8, INT8, stride=(2, 1))
    # 9 x 6 windows; their rows have 2 and 1 places in turn, 14 in all, their columns 2, 12 in all
    assert least_interval(one(transposed, (1, 4, 5))) == 180


def test_frames_take_whole_positions() -> None:
    assert [clocks_a_sample(pooled(3), clocks) for clocks in (30, 39, 40, 65536)] == [30, 30, 40, 65530]
    assert cost(pooled(3), 39).interval == 30 == schedule(pooled(3), 39).clocks
    for planned in (lambda: schedule(pooled(3), 29), lambda: cost(pooled(3), 29)):
        with pytest.raises(BadInput, match=r"interval of 29 clocks is too short, because every .* give at least 30"):
            planned()


def test_the_shortest_interval_is_built_and_one_clock_less_is_not() -> None:
    for name in LAYERS:
        net = LAYERS[name].example()
        least = least_interval(net)
        assert schedule(net, least).clocks == least
        if not is_pipeline(least - 1):
            with pytest.raises(BadInput, match="interval of"):
                schedule(net, least - 1)


def test_samples_too_long_for_any_interval_are_refused() -> None:
    net = pooled(1 << 15, 1 << 16)
    assert MAX_INTERVAL < ((1 << 15) + 1) << 15
    for planned in (lambda: schedule(net, MAX_INTERVAL), lambda: default_interval(net), lambda: cost(net, 1 << 16)):
        with pytest.raises(
            BadInput, match=rf"would take \d+ clocks a sample .* {MAX_INTERVAL} is the limit; make its tensors smaller"
        ):
            planned()


def test_the_default_interval_takes_half_an_fpga() -> None:
    assert default_interval(Dense.example()) == 8
    assert default_interval(pooled(3)) == 32
    layer = Conv1d(np.ones((64, 64, 9), int), np.zeros(64, int), INT8, INT8)
    net = Net("large", TensorType((64, 100), INT8), (Node("n", layer, ("input",)),))
    chosen = default_interval(net)
    half = Resources(XC7Z020.dsp // 2, XC7Z020.ramb36 // 2)
    assert resources(net, chosen).fits(half) and not resources(net, chosen // 2).fits(half)


def test_the_default_interval_is_one_at_which_every_layer_keeps_up() -> None:
    net = one(Reshape((4, 3)), (3, 4))
    with pytest.raises(BadInput, match="choose a longer interval"):
        schedule(net, least_interval(net))
    assert schedule(net, default_interval(net)).clocks == default_interval(net) > least_interval(net)


def test_the_cost_of_a_layer_by_hand() -> None:
    """12 filters of 8 x 5 at 16 places, 2 clocks a column too few for one lane: 480 products in 128 clocks."""
    rng = np.random.default_rng(2)
    layer = Conv1d(rng.integers(-128, 128, (12, 8, 5)), rng.integers(-99, 99, 12), INT8, INT8, padding=2)
    net = Net("hand", TensorType((8, 16), INT8), (Node("n", layer, ("input",)),))
    unit = schedule(net, 16 * 128).steps["n"].part(WindowUnit)
    assert unit is not None and isinstance(unit.plan, Filters) and unit.lanes == 4 == cost(net, 16 * 128).dsps
    assert cost(net, 16 * 128).utilisation == 480 / (4 * 128)
    node, fold = cost(net, 16 * 128).nodes["n"], unit.plan.fold
    buffer = unit.plan.buffer
    deep = buffer.words > BUFFER
    assert node.roms == 4 + fold.rows and fold.words == 120 and node.ramb18 == 4 + deep * buffer.memories


# ---- what runs how --------------------------------------------------------------------------------------------------


def test_a_flatten_in_front_of_dense_layers_alone_costs_nothing() -> None:
    net = Flatten.example()
    assert carriers(net)["flat"] == "input" == carriers(net)["input"]
    plan = schedule(net, 16)
    assert plan.steps["flat"].latency == 0 and not plan.steps["flat"].parts
    assert plan.layouts["flat"] == plan.layouts["input"]
    alone = Net("alone", net.input, net.nodes[:1])
    assert carriers(alone)["flat"] == "flat"
    # four positions every 4 clocks, the last in a beat of one clock; then written, read, and through two registers
    beats = schedule(alone, 16).layouts["input"].beats
    assert schedule(alone, 16).steps["flat"].arrival == SKID + 12 + beats - 1 + 1 + WRITTEN + READ + 2 + QUEUE


def test_a_layer_that_takes_samples_whole_gets_a_copy_in_front() -> None:
    """A vector of a streamed net may come in beats, and a filter's bases need I and Q in one."""
    fir, taps = LAYERS["ComplexFIR"].example().nodes[0].layer, LAYERS["MemoryTaps"].example().nodes[0].layer
    for layer in (fir, taps):
        fmt = LAYERS["ComplexFIR"].example().input.format
        same = Conv1d(np.ones((2, 2, 1), int), np.zeros(2, int), INT8, fmt)
        nodes = (Node("same", same, ("input",)), Node("flat", Flatten(), ("same",)), Node("last", layer, ("flat",)))
        net = Net("whole", TensorType((2, 1), INT8), nodes)
        plan = schedule(net, 16)
        there = Layout.whole((2,))
        assert plan.layouts["flat"] == there or plan.steps["last"].adapters[0].output == there


def test_an_accumulator_beyond_a_dsp_is_refused() -> None:
    layer = Conv1d(np.ones((1, 1, 1), int), np.array([1 << 47]), INT8, INT8)
    with pytest.raises(BadInput, match="needs 49 bits and a DSP48E1 has 48; narrow"):
        schedule(Net("wide", TensorType((1, 4), INT8), (Node("n", layer, ("input",)),)), 16)
