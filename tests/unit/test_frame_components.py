"""Parts of the layers of frames and images in Amaranth's simulator: divisions, magnitudes, long delays, queues of
beats, the pace of an input, and layers under stalls."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from rtl_bench import exact_and_on_schedule, full_range, gathered, pipelined, samples_through, sent, simulate

from bittrue import ref
from bittrue.lower.clocks import source
from bittrue.lower.layout import Layout
from bittrue.lower.schedule import least_interval, schedule
from bittrue.lower.units import JoinUnit
from bittrue.num import Format, requantise
from bittrue.spec import (
    LAYERS,
    Concat,
    Conv1d,
    ConvTranspose1d,
    Layer,
    MaxPool1d,
    MaxPool2d,
    Net,
    Node,
    Reshape,
    TensorType,
)
from bittrue_rtl.beats import BeatQueue
from bittrue_rtl.delay import LONG, postponed
from bittrue_rtl.divide import Divide
from bittrue_rtl.network import Network
from bittrue_rtl.pacer import Pacer
from bittrue_rtl.requantise import Requantise


@pytest.mark.parametrize("divisor", [1, 2, 3, 4, 5, 7, 8, 16, 25])
@pytest.mark.parametrize("bits", [1, 2, 5])
def test_division_cuts_off_toward_zero(bits: int, divisor: int) -> None:
    """Every sum of ``divisor`` words of ``bits`` bits, in an order in which neighbours differ."""
    lo, hi = -(1 << bits - 1) * divisor, ((1 << bits - 1) - 1) * divisor
    dut = Divide(bits, divisor)
    sums = np.random.default_rng(divisor).permutation(np.arange(lo, hi + 1)).tolist()
    expected = [abs(x) // divisor * (-1 if x < 0 else 1) for x in sums]
    assert pipelined(dut, dut.latency, [{"x": x} for x in sums], "y") == expected


@pytest.mark.parametrize("shift, bits", [(-2, 8), (0, 8), (1, 8), (4, 8), (4, 1), (12, 8)])
def test_magnitude_is_taken_of_the_rounded_word(shift: int, bits: int) -> None:
    dut, fmt = Requantise(11, shift, Format(bits, 0), magnitude=True, flagged=True), Format(bits, 0)
    acc = range(-(1 << 10), 1 << 10)
    words = [{"acc": a} for a in acc]
    expected = [min(abs(int(requantise(a, shift, fmt))), fmt.hi) for a in acc]
    assert pipelined(dut, dut.latency, words, "y") == expected
    wide = [abs(int(requantise(a, shift, Format(40, 0)))) for a in acc]
    assert pipelined(dut, dut.latency, words, "clamped") == [a > fmt.hi for a in wide]


class Postponed(wiring.Component):
    def __init__(self, clocks: int) -> None:
        self.clocks = clocks
        super().__init__({"strobe": In(1), "late": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.late.eq(postponed(m, self.strobe, self.clocks, "strobe"))
        return m


@pytest.mark.parametrize("clocks", [1, 2, LONG, LONG + 1, 40])
def test_a_strobe_is_postponed_and_none_is_lost(clocks: int) -> None:
    """As close together as they may be, and further apart."""
    times = np.cumsum([0] + [max(1, clocks - 1)] * 3 + [clocks, 3 * clocks, clocks + 1])
    words = [{"strobe": int(t in times)} for t in range(int(times[-1]) + 2)]
    assert pipelined(Postponed(clocks), clocks, words, "late") == [word["strobe"] for word in words]


STALLED = ["AvgPool1d", "Concat", "Conv1d", "Flatten", "MaxPool1d"]


@pytest.mark.parametrize("name, stall", [*((name, 0.5) for name in LAYERS), *((name, 0.95) for name in STALLED)])
def test_examples_under_stalls(name: str, stall: float) -> None:
    net = LAYERS[name].example()
    codes = full_range(net.input.format, (5, *net.input.shape), seed=3)
    run = samples_through(Network(net, least_interval(net)), codes, stall)
    np.testing.assert_array_equal(run.vectors, ref.run(net, codes))


def test_no_window_beside_a_frame_comes_before_the_frame() -> None:
    """The first window of each frame lies in the padding; it still waits until the frame has begun."""
    fmt = Format(8, 7)
    layer = Conv1d(np.full((1, 1, 1), 100), np.array([3]), fmt, fmt, padding=2)
    net = Net("beside", TensorType((1, 6), fmt), (Node("conv", layer, ("input",)),))
    network, clocks = Network(net, least_interval(net)), []

    async def bench(ctx: Any) -> None:
        fed = 0
        ctx.set(network.o.ready, 1)
        for clock in range(300):
            ctx.set(network.i.valid, clock >= 100 and fed < 6)
            fed += clock >= 100 and fed < 6 and ctx.get(network.i.ready)
            if ctx.get(network.o.valid):
                clocks.append(clock)
            await ctx.tick()

    simulate(network, bench)
    assert len(clocks) == 10 and min(clocks) > 100


@pytest.mark.parametrize("kind", [MaxPool1d, MaxPool2d])
def test_nothing_is_taken_beyond_what_there_is_room_for(kind: Any) -> None:
    """A sink that takes nothing stops the source before long; then all samples come, whole."""
    net = kind.example()
    codes = full_range(net.input.format, (12, *net.input.shape), seed=4)
    network, found, waited = Network(net, least_interval(net)), [], []
    source, sink = network.layouts["input"], network.layouts[net.outputs[0]]
    beats, wanted = sent(codes, source), len(codes) * sink.transfers

    async def bench(ctx: Any) -> None:
        fed = idle = 0
        for clock in itertools.count():
            assert clock < 5000, "stuck"
            ctx.set(network.i.valid, fed < len(beats))
            ctx.set(network.i.payload, [int(word) for word in beats[min(fed, len(beats) - 1)]])
            if idle == 400:
                waited.append(fed)
            ctx.set(network.o.ready, bool(waited))
            taken = fed < len(beats) and ctx.get(network.i.ready)
            fed, idle = fed + taken, 0 if taken else idle + 1
            if ctx.get(network.o.valid) and ctx.get(network.o.ready):
                found.append(list(ctx.get(network.o.payload)))
            if len(found) == wanted:
                return
            await ctx.tick()

    simulate(network, bench)
    np.testing.assert_array_equal(gathered(np.array(found), sink), ref.run(net, codes))
    assert waited[0] < 7 * source.transfers


# ---- orders, joins, folds -------------------------------------------------------------------------------------------


def one(layer: Layer, *shape: int) -> Net:
    return Net("one", TensorType(shape, Format(8, 7)), (Node("n", layer, ("input",)),))


ORDERS = [((3, 4), (4, 3)), ((2, 6), (3, 2, 2)), ((5, 7), (7, 5)), ((2, 3, 2), (12,)), ((12,), (4, 3))]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("given, shape", ORDERS, ids=str)
def test_other_orders_are_exact_and_on_schedule(given: tuple[int, ...], shape: tuple[int, ...], times: int) -> None:
    net = one(Reshape(shape), *given)
    interval = times * least_interval(net)
    if given != (12,):  # a position has one channel of many: it is written in several clocks
        interval *= given[0]
    exact_and_on_schedule(net, interval)


def test_joined_one_after_another_is_exact_and_on_schedule() -> None:
    """Inputs that come in one beat or in several, and are read in the order of the channels."""
    fmt, ones = Format(8, 7), np.ones((3, 5, 1), np.int64)
    nodes = (
        Node("narrow", Conv1d(3 * ones, np.zeros(3, np.int64), fmt, fmt), ("input",)),
        Node("pool", MaxPool1d(1, 1), ("input",)),
        Node("all", Concat(), ("pool", "narrow", "pool")),
    )
    net = Net("joined", TensorType((5, 6), fmt), nodes)
    unit = schedule(net, 6 * 16).steps["all"].part(JoinUnit)
    assert unit is not None and not unit.aside and unit.output.beats > 3
    exact_and_on_schedule(net, 6 * 16)


FOLDED = {
    "turns": (Conv1d, (3, 7, 1, 3), {"dilation": 2}, 40),
    "groups in turn": (Conv1d, (6, 9, 3, 2), {}, 40),
    "groups side by side": (Conv1d, (6, 9, 3, 2), {}, 3),
    "rows not divisible by rounders": (Conv1d, (2, 11, 1, 3), {}, 7),
    "phases in turn": (ConvTranspose1d, (3, 5, 1, 5), {"stride": 2}, 60),
    "phases in segments": (ConvTranspose1d, (6, 2, 1, 5), {"stride": 2}, 7),
    "groups of phases": (ConvTranspose1d, (6, 6, 3, 5), {"stride": 3}, 17),
}


@pytest.mark.parametrize("name", FOLDED)
def test_groups_and_turns_are_exact_and_on_schedule(name: str) -> None:
    kind, (channels, filters, groups, size), moves, clocks = FOLDED[name]
    rng, fmt = np.random.default_rng(7), Format(8, 7)
    weight = rng.integers(-128, 128, (filters, channels // groups, size))
    layer = kind(weight, rng.integers(-(1 << 13), 1 << 13, filters), fmt, Format(8, 3), groups=groups, **moves)
    net = one(layer, channels, 6)
    windows = net.types["n"].shape[1]
    exact_and_on_schedule(net, -(-clocks * windows // 6) * 6)


# ---- queues of beats, and the pace of an input ----------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_a_queue_of_beats_gives_one_a_clock_and_none_twice(depth: int) -> None:
    """Written whenever there is a place, and taken whenever the sink wants: a place is free when ``taken`` says so."""
    queue, rng, found = BeatQueue(8, depth), random.Random(depth), []

    async def bench(ctx: Any) -> None:
        free, number = depth, 0
        for clock in range(400):
            eager = clock // 100 % 2
            write = free > 0 and (eager or rng.random() < 0.5)
            ctx.set(queue.write, write)
            ctx.set(queue.payload, number % 256)
            ctx.set(queue.o.ready, eager or rng.random() < 0.5)
            free += ctx.get(queue.taken) - write
            number += write
            if ctx.get(queue.o.valid) and ctx.get(queue.o.ready):
                found.append((clock, ctx.get(queue.o.payload)))
            await ctx.tick()

    simulate(queue, bench)
    assert [word for _, word in found] == [k % 256 for k in range(len(found))]
    clocks = {clock for clock, _ in found}
    if depth >= BeatQueue.latency:
        assert set(range(110, 200)) <= clocks, "a beat a clock"


def paced_clocks(layout: Layout, clocks: int, wanted: int) -> list[int]:
    """When beats leave a `Pacer` whose source and sink never wait."""
    pacer, found = Pacer(layout, Format(8, 0), clocks), []

    async def bench(ctx: Any) -> None:
        ctx.set(pacer.i.valid, 1)
        ctx.set(pacer.o.ready, 1)
        for clock in range(100 + wanted * clocks):
            assert ctx.get(pacer.i.ready) == ctx.get(pacer.o.valid)
            if ctx.get(pacer.o.valid):
                found.append(clock)
            if len(found) == wanted:
                return
            await ctx.tick()

    simulate(pacer, bench)
    return found


@pytest.mark.parametrize(
    "positions, beats, clocks", [(1, 1, 1), (1, 3, 7), (4, 1, 4), (4, 2, 8), (5, 2, 23), (3, 1, 50)]
)
def test_an_input_comes_at_the_pace_of_the_plan_and_no_faster(positions: int, beats: int, clocks: int) -> None:
    """The clocks that the schedule takes the inputs to come at."""
    layout = Layout.spread((beats, positions), beats)
    assert layout.beats == beats
    expected = source(layout, 0, clocks, 4).ravel().tolist()
    assert paced_clocks(layout, clocks, len(expected)) == expected


def test_a_late_beat_moves_what_comes_after_it_and_no_pace_is_made_up_for() -> None:
    layout, clocks = Layout.whole((2, 3)), 12
    pacer, found = Pacer(layout, Format(8, 0), clocks), []

    async def bench(ctx: Any) -> None:
        ctx.set(pacer.o.ready, 1)
        for clock in range(60):
            ctx.set(pacer.i.valid, clock not in range(4, 11))
            if ctx.get(pacer.o.valid):
                found.append(clock)
            await ctx.tick()

    simulate(pacer, bench)
    assert found == [0, 11, 15, 19, 23, 27, 31, 35, 39, 43, 47, 51, 55, 59]
