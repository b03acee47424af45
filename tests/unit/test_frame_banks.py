"""Banks of nets of frames, in Amaranth's simulator: every frame by its own bank, in every layer with weights."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rtl_bench import full_range, gathered, sent, simulate

from bittrue import ref
from bittrue.cost import cost
from bittrue.lower.load import LOAD_CLOCKS, LoadPlan
from bittrue.lower.schedule import least_interval, schedule
from bittrue.num import Format
from bittrue.spec import LAYERS, Conv, Conv1d, Dense, Flatten, Linear, Net, Node, ReLU, Reshape, TensorType
from bittrue_rtl.frame_banks import FrameBanks
from bittrue_rtl.network import Network

FMT = Format(8, 7)
WEIGHED = [name for name in LAYERS if name.startswith("Conv")]


def others(net: Net, seed: int) -> Net:
    """A net alike with codes of the whole range of its weights, and small biases."""
    rng, nodes = np.random.default_rng(seed), []
    for node in net.nodes:
        layer = node.layer
        if isinstance(layer, Conv | Dense):
            fmt = layer.weight_format
            weight = rng.integers(fmt.lo, fmt.hi, layer.weight.shape, endpoint=True)
            layer = replace(layer, weight=weight, bias=rng.integers(-500, 500, layer.bias.shape))
        nodes.append(replace(node, layer=layer))
    return replace(net, nodes=tuple(nodes))


def deep() -> Net:
    """A vector of one element, which is weighed whole, then filters of several groups and segments, then a vector."""
    zeros = lambda *shape: np.zeros(shape, np.int64)  # noqa: E731
    nodes = (
        Node("whole", Dense(zeros(12, 1), zeros(12), FMT, Format(8, 5), ReLU()), ("input",)),
        Node("frame", Reshape((4, 3)), ("whole",)),
        Node("groups", Conv1d(zeros(6, 2, 3), zeros(6), FMT, Format(8, 5), ReLU(), padding=1, groups=2), ("frame",)),
        Node("wide", Conv1d(zeros(7, 6, 3), zeros(7), FMT, Format(8, 4), Linear(), padding=1), ("groups",)),
        Node("flat", Flatten(), ("wide",)),
        Node("out", Dense(zeros(3, 21), zeros(3), FMT, Format(9, 3)), ("flat",)),
    )
    return Net("deep", TensorType((1,), FMT), nodes)


NETS = {"deep": deep(), **{name: LAYERS[name].example() for name in WEIGHED}}


def through(network: Network, codes: np.ndarray, banks: np.ndarray, stall: float) -> tuple[np.ndarray, list[int]]:
    """Results of frames, each sent with the number of its bank, and the numbers that came with their last beats."""
    (given,), (made,) = network.net.inputs, network.net.outputs
    source, sink = network.layouts[given], network.layouts[made]
    beats, rng, results, numbers = sent(codes, source), random.Random(7), [], []

    async def bench(ctx: Any) -> None:
        fed, offering = 0, False
        for clock in itertools.count():
            offering = offering or (fed < len(beats) and rng.random() >= stall)
            frame, beat = divmod(min(fed, len(beats) - 1), source.transfers)
            ctx.set(network.i.valid, offering)
            ctx.set(network.i.payload, beats[min(fed, len(beats) - 1)].tolist())
            # within a frame the number may be any: that of its first beat counts
            ctx.set(network.bank, int(banks[frame]) if beat == 0 else rng.randrange(1 << len(network.bank)))
            ctx.set(network.o.ready, rng.random() >= stall)
            if ctx.get(network.o.valid) and ctx.get(network.o.ready):
                results.append(list(ctx.get(network.o.payload)))
                numbers.append(ctx.get(network.o_bank))
            if offering and ctx.get(network.i.ready):
                fed, offering = fed + 1, False
            if len(results) == len(codes) * sink.transfers:
                return
            assert clock < 200 * network.interval * len(codes) + 5000, "stuck"
            await ctx.tick()

    simulate(network, bench)
    return gathered(np.array(results), sink), numbers


QUICK = [("deep", 1, 0.6), ("Conv1d", 1, 0.0), ("ConvTranspose1d", 5, 0.6)]
EVERY = itertools.product(NETS, (1, 5), (0.0, 0.6))


@pytest.mark.parametrize(
    "name, factor, stall",
    [*QUICK, *(pytest.param(*case, marks=pytest.mark.heavy) for case in EVERY if case not in QUICK)],
)
def test_every_frame_runs_through_its_own_bank(name: str, factor: int, stall: float) -> None:
    nets = [others(NETS[name], seed) for seed in range(3)]
    interval, rng = factor * least_interval(nets[0]), np.random.default_rng(factor)
    network = Network(nets[0], interval, banks=nets)
    codes, banks = full_range(FMT, (10, *nets[0].input.shape), 3), rng.integers(0, 4, 10)
    found, numbers = through(network, codes, banks, stall)
    assert (found == ref.run_banks(nets, codes, np.where(banks == 3, 0, banks))).all()
    assert numbers == np.repeat(banks, network.layouts[nets[0].outputs[0]].transfers).tolist()


def test_several_engines_have_weights_of_their_own() -> None:
    """At an interval at which the groups of a layer have an engine each."""
    layer = Conv1d(np.zeros((6, 2, 3), np.int64), np.zeros(6, np.int64), FMT, Format(8, 5), padding=1, groups=3)
    nets = [others(Net("groups", TensorType((6, 4), FMT), (Node("conv", layer, ("input",)),)), seed) for seed in (1, 2)]
    interval = next(i for i in range(least_interval(nets[0]), 200) if engines(nets[0], i) == 3)
    codes, banks = full_range(FMT, (6, 6, 4), 3), np.array([0, 1, 1, 0, 1, 0])
    found, _ = through(Network(nets[0], interval, banks=nets), codes, banks, 0.0)
    assert (found == ref.run_banks(nets, codes, banks)).all()


def engines(net: Net, interval: int) -> int:
    (step,) = schedule(net, interval, banked=True).steps.values()
    return step.filters.engines


def test_the_layers_are_of_every_shape() -> None:
    """Chains of segments, segments side by side, several engines, several turns; and a vector that is weighed whole."""
    plans = [step.filters for net in NETS.values() for factor in (1, 5) for step in steps(net, factor)]
    folds = [(plan.fold, plan.engines) for plan in plans if plan]
    assert any(fold.chained and fold.segments > 1 for fold, _ in folds)
    assert any(not fold.chained for fold, _ in folds)
    assert any(engines > 1 for _, engines in folds) and any(fold.turns > 1 for fold, _ in folds)
    assert any(fold.turns == 1 for fold, _ in folds) and any(step.matrix for step in steps(deep(), 1))


def steps(net: Net, factor: int) -> list:
    return list(schedule(net, factor * least_interval(net), banked=True).steps.values())


@pytest.mark.parametrize("name", NETS)
def test_banks_change_no_clock_and_no_layout(name: str) -> None:
    net = NETS[name]
    interval = 3 * least_interval(net)
    plain, banked = schedule(net, interval), schedule(net, interval, banked=True)
    assert plain.layouts == banked.layouts
    assert [step.arrival for step in plain.steps.values()] == [step.arrival for step in banked.steps.values()]


def test_words_that_came_load_clocks_before_count() -> None:
    """The last word of the first, a middle and the last memory as the one that comes last."""
    before, after = others(Conv1d.example(), 1), others(Conv1d.example(), 2)
    network = Network(before, 4 * least_interval(before), banks=[before])
    assert network.plan is not None
    plan, layout = network.plan, network.layouts["input"]
    addresses, codes = (array.tolist() for array in plan.words(after))
    x = full_range(FMT, (1, *before.input.shape), 5)
    beats, expected = sent(x, layout), ref.run(after, x)
    lasts = np.flatnonzero(np.diff(np.array(addresses) >> plan.word_bits, append=1 << 30)).tolist()

    async def write(ctx: Any, address: int, code: int) -> None:
        ctx.set(network.load.valid, 1)
        ctx.set(network.load.address, plan.address(1, 0, 0) + address)
        ctx.set(network.load.data, code % (1 << plan.data_bits))
        await ctx.tick()
        ctx.set(network.load.valid, 0)

    async def computed(ctx: Any) -> np.ndarray:
        ctx.set(network.bank, 1)
        ctx.set(network.o.ready, 1)
        fed, results, sink = 0, [], network.layouts[before.last]
        while len(results) < sink.transfers:
            ctx.set(network.i.valid, fed < len(beats))
            ctx.set(network.i.payload, beats[min(fed, len(beats) - 1)].tolist())
            if ctx.get(network.o.valid):
                results.append(list(ctx.get(network.o.payload)))
            fed += fed < len(beats) and ctx.get(network.i.ready)
            await ctx.tick()
        return gathered(np.array(results), sink)

    async def bench(ctx: Any) -> None:
        assert (await computed(ctx) == ref.run(before, x)).all()
        for last in (lasts[0], lasts[len(lasts) // 2], lasts[-1]):
            for address in addresses:
                await write(ctx, address, 0)
            for k in [*(k for k in range(len(addresses)) if k != last), last]:
                await write(ctx, addresses[k], codes[k])
            await ctx.tick().repeat(LOAD_CLOCKS - 1)
            assert (await computed(ctx) == expected).all()

    simulate(network, bench)


@pytest.mark.parametrize("ways, depth", [(1, 2), (3, 4), (2, 5)])
def test_numbers_wait_in_order_for_every_user(ways: int, depth: int) -> None:
    """Frames enter where there is room; every user gets each number once, in order, and a clock later at the least."""
    dut, rng = FrameBanks(3, ways, depth), random.Random(depth)
    entered: list[int] = []
    taken: list[list[int]] = [[] for _ in range(ways)]

    async def bench(ctx: Any) -> None:
        lazy = 0.5
        for clock in range(1500):
            lazy = rng.choice([0.1, 0.5, 0.95]) if clock % 50 == 0 else lazy
            room, number = ctx.get(dut.room), rng.randrange(8)
            enter = bool(room) and rng.random() < 0.7
            ctx.set(dut.enter, enter)
            ctx.set(dut.bank, number)
            for out, found in zip(dut.outputs, taken, strict=True):
                ready = rng.random() >= lazy
                ctx.set(out.ready, ready)
                assert ctx.get(out.valid) == (len(found) < len(entered)), "a number is there from the next clock on"
                if ready and ctx.get(out.valid):
                    found.append(ctx.get(out.payload))
            entered.extend([number] * enter)
            assert len(entered) - min(map(len, taken)) <= depth
            await ctx.tick()

    simulate(dut, bench)
    assert all(found == entered[: len(found)] for found in taken) and min(map(len, taken)) > 100


def test_memories_by_formula() -> None:
    """A lane's weights of all banks in one memory, and a memory of biases a row."""
    net = deep()
    interval = 4 * least_interval(net)
    plan, found = LoadPlan(net, interval, 4), cost(net, interval, banks=3)
    assert sum(node.roms for node in found.nodes.values()) == len(plan.lanes)
    assert found.latency == cost(net, interval).latency and found.lanes == cost(net, interval).lanes
