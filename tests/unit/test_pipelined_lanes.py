"""Pipelines whose DSP48E1 multiply in turn, take weights that can be loaded, or take several samples in a clock."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
from pipelined_nets import branches, sparse_tdnn

from bittrue import ref
from bittrue.cost import cost
from bittrue.lower.load import LOAD_CLOCKS
from bittrue.lower.means import Means
from bittrue.lower.pipelined import LoadedUnit, PipelinedUnit
from bittrue.lower.schedule import schedule
from bittrue.num import Format
from bittrue.spec import LAYERS, Dense, Net, Node, TensorType

pytest.importorskip("amaranth", reason="amaranth is not installed")
from rtl_bench import Codes, full_range, samples_through, simulate, stream
from test_rtl_banks import computed, load, nets, with_features

from bittrue_rtl.pipeline import Pipeline

FMT = Format(8, 7)


def follows_its_schedule(net: Net, interval: int, means: Means = Means(), banks: tuple[Net, ...] = ()) -> None:  # noqa: B008
    """Words of the reference; the first as late as the formula says and its turn, then one an interval."""
    codes = full_range(net.input.format, (24, *net.input.shape), seed=3)
    run = samples_through(Pipeline(net, interval, banks=banks, means=means), codes)
    np.testing.assert_array_equal(run.vectors, ref.run(net, codes))
    latency = cost(net, interval, 2 * bool(banks), **means.options).latency
    assert latency <= run.offered[0] - run.sent[0] < latency + interval
    assert {b - a for a, b in itertools.pairwise(run.offered[8:])} == {interval}
    stalled = samples_through(Pipeline(net, interval, banks=banks, means=means), codes, 0.3)
    np.testing.assert_array_equal(stalled.vectors, ref.run(net, codes))


@pytest.mark.parametrize("dsps", [9, 220])
@pytest.mark.parametrize("interval", [2, 3])
def test_multipliers_take_turns(interval: int, dsps: int) -> None:
    net = sparse_tdnn(seed=3)
    follows_its_schedule(net, interval, Means(dsps))
    assert cost(net, interval, dsps=dsps).dsps <= dsps
    plans = [unit.product for step in schedule(net, interval, dsps=dsps).steps.values() for unit in step.units]
    most = [-(-len(chain) // interval) for plan in plans if plan for chain in plan.chains]
    assert sum(most) == cost(net, interval, dsps=dsps).dsps - cost(net, interval, dsps=0).dsps


@pytest.mark.parametrize("layer", ["Dense", "MemoryTaps", "ComplexFIR", "Table"])
def test_examples_at_every_interval(layer: str) -> None:
    net = LAYERS[layer].example()
    for interval in (2, 3):
        follows_its_schedule(net, interval)
        if layer != "ComplexFIR":  # whose lowest code no bank holds; `with_features` below has another
            follows_its_schedule(net, interval, banks=(net,))


@pytest.mark.parametrize("interval", [2, 3])
def test_every_bit_of_a_sum_passes_a_block_that_multiplies_in_turn(interval: int) -> None:
    """Weights with common zeros at the lower end, alone in a block or not, behind adders, constants and nothing."""
    weight = np.array([[340, 680, -680, 12], [85, 0, 0, 1], [0, 0, 0, 0], [1364, 1, 0, 0], [85, 0, 0, 0]])
    layer = Dense(weight, np.array([5, -3, 7, 0, 0]), Format(12, 0), Format(24, 3))
    net = Net("whole", TensorType((4,), "Q1.3"), [Node("fc", layer, "input")])
    codes = full_range(net.input.format, (60, 4), seed=4)
    run = samples_through(Pipeline(net, interval), codes)
    np.testing.assert_array_equal(run.vectors, codes @ weight.T + layer.bias)


def test_blocks_at_one_place_never_multiply_alike_in_turn() -> None:
    weight = np.array([[85, 99, 77], [170, 198, 77], [85, 99, 77]])
    net = Net("alike", TensorType((3,), "Q1.7"), [Node("fc", Dense(weight, [0] * 3, Format(12, 0), "Q8.3"), "input")])
    unit = schedule(net, 2).steps["fc"].units[0]
    assert isinstance(unit, PipelinedUnit) and unit.product
    groups = []
    for row, chain in enumerate(unit.product.chains):
        for place in range(0, len(chain), 2):
            weights = [int(weight[row, given]) for given in chain[place : place + 2]]
            groups.append((place, *chain[place : place + 2], *(w // min(v & -v for v in weights) for w in weights)))
    assert len(groups) == len(set(groups)) == unit.dsps
    follows_its_schedule(net, 2)


# ---- weights to load ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs, outputs, interval", [(1, 1, 1), (3, 2, 1), (5, 2, 2), (1, 2, 2), (4, 1, 3)])
def test_a_sample_is_computed_with_words_that_came_load_clocks_before(inputs: int, outputs: int, interval: int) -> None:
    before, after = nets(inputs, outputs, 2)
    dut = Pipeline(before, interval, banks=[before])
    assert dut.plan is not None
    x = full_range(FMT, (1, inputs), 9)
    expected = list(ref.run(after, x)[0])
    words = [(int(a) + dut.plan.address(1, 0, 0), int(c)) for a, c in zip(*dut.plan.words(after), strict=True)]

    async def bench(ctx: Any) -> None:
        assert await computed(ctx, dut, x[0].tolist(), 1) == list(ref.run(before, x)[0])
        for last in range(len(words)):
            for address, _ in words:
                await load(ctx, dut, address, 0)
            for address, code in [*words[:last], *words[last + 1 :], words[last]]:
                await load(ctx, dut, address, code)
            await ctx.tick().repeat(LOAD_CLOCKS - 1)
            assert await computed(ctx, dut, x[0].tolist(), 1) == expected
            assert await computed(ctx, dut, x[0].tolist(), 0) == list(ref.run(before, x)[0])

    simulate(dut, bench)


@pytest.mark.parametrize("stalled", [False, True], ids=["free", "stalled"])
@pytest.mark.parametrize("shape", [(3, 2, 1), (9, 3, 2), (7, 2, 3), None], ids=str)
def test_neighbours_run_through_different_banks(shape: tuple[int, int, int] | None, stalled: bool) -> None:
    """Every sample by its own bank, at full speed and when stalled."""
    inputs, outputs, interval = shape or (2, 2, 1)
    given = nets(inputs, outputs, 4) if shape else [with_features(seed) for seed in range(4)]
    dut, rng = Pipeline(given[0], interval, banks=given), random.Random(interval)
    x = full_range(given[0].input.format, (40, inputs), 3)
    select = np.array([rng.randrange(4) for _ in x])
    results: list[list[int]] = []

    async def bench(ctx: Any) -> None:
        fed, offering, ready = 0, False, True
        for _ in range(4000):
            offering = offering or (fed < len(x) and (not stalled or rng.random() < 0.3))
            ready ^= stalled and rng.random() < 0.03
            ctx.set(dut.i.valid, offering)
            ctx.set(dut.i.payload, x[fed].tolist() if offering else [rng.randrange(-128, 128) for _ in range(inputs)])
            ctx.set(dut.bank, int(select[fed]) if offering else rng.randrange(4))
            ctx.set(dut.o.ready, ready)
            if ctx.get(dut.o.valid) and ready:
                results.append([ctx.get(dut.o_bank), *ctx.get(dut.o.payload)])
            if offering and ctx.get(dut.i.ready):
                fed, offering = fed + 1, False
            if len(results) == len(x):
                return
            await ctx.tick()

    simulate(dut, bench)
    assert [row[0] for row in results] == select.tolist()
    np.testing.assert_array_equal([row[1:] for row in results], ref.run_banks(given, x, select))


def test_all_weights_have_a_block_or_their_turn() -> None:
    net = sparse_tdnn()
    features = cost(net, 1, dsps=0).dsps
    assert [cost(net, interval, 2).dsps - features for interval in (1, 2, 3)] == [108, 6 * 8 + 2 * 3, 6 * 6 + 2 * 2]
    units = [unit for step in schedule(net, 2, banked=True).steps.values() for unit in step.units]
    assert sum(isinstance(unit, LoadedUnit) for unit in units) == 2


# ---- several samples a clock ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [2, pytest.param(4, marks=pytest.mark.heavy)])
@pytest.mark.parametrize("name", ["sparse", "ComplexFIR", "MemoryTaps", "Table"])
def test_samples_side_by_side_share_their_history(name: str, samples: int) -> None:
    net = sparse_tdnn(seed=2) if name == "sparse" else LAYERS[name].example()
    means = Means(60, samples=samples)
    codes = full_range(net.input.format, (20 * samples, *net.input.shape), seed=3)
    expected = ref.run(net, codes)
    for stall in (0.0, 0.3):
        run = stream(Pipeline(net, means=means), codes.reshape(20, -1), stall)
        np.testing.assert_array_equal(run.vectors.reshape(expected.shape), expected)
        assert stall or {b - a for a, b in itertools.pairwise(run.offered)} == {1}
        assert stall or run.offered[0] - run.sent[0] == cost(net, 1, **means.options).latency


def test_several_samples_cost_as_many_products_and_little_more_history() -> None:
    net = sparse_tdnn()
    one, two = (cost(net, 1, dsps=0, samples=samples) for samples in (1, 2))
    assert (two.dsps, two.adders, two.lanes) == (2 * one.dsps, 2 * one.adders, 2 * one.lanes)
    lines = [unit for unit in schedule(net, 1, samples=2).steps["features"].units if isinstance(unit, PipelinedUnit)]
    assert lines[0].reaches[0] == [1, 2] or sum(map(sum, lines[0].reaches)) < 2 * 3 * len(lines[0].reaches)
    assert cost(branches(), 1, samples=2).dsps > cost(branches(), 1).dsps - 1


# ---- flags ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval, samples", [(1, 1), (1, 2), (2, 1)])
def test_flags_are_those_of_the_reference(interval: int, samples: int) -> None:
    net = sparse_tdnn(seed=5)
    codes = full_range(net.input.format, (12 * samples, 2), seed=6)
    dut = Pipeline(net, interval, flagged=True, means=Means(30, samples=samples))
    seen = [0]

    def watch(ctx: Any, clock: int) -> None:
        seen[0] |= ctx.get(dut.saturated)

    def flags(part: Codes) -> int:
        found = ref.saturated([net], part, np.zeros(len(part), np.int64))
        return sum(int(values.any()) << k for k, values in enumerate(found.values()))

    stream(dut, codes.reshape(12, -1), 0.2, watch)
    assert seen[0] == flags(codes) != 0
    seen[0] = 0
    quiet = np.ones((12 * samples, 2), np.int64)
    stream(dut, quiet.reshape(12, -1), 0.2, watch)
    assert seen[0] == flags(quiet)
