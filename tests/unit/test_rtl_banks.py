"""Memories that are loaded at run time, in Amaranth's simulator: when a word arrives, and which ones do not."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import ResetInserter, Signal
from rtl_bench import Codes, full_range, pipelined, simulate
from test_load import tdnn

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.lower.load import LOAD_CLOCKS, LoadPlan
from bittrue.num import Format
from bittrue.spec import LAYERS, Add, ComplexFIR, Dense, MemoryTaps, Net, Node, TensorType
from bittrue_rtl.network import Network
from bittrue_rtl.ram import Ram
from bittrue_rtl.requantise import Requantise

FMT = Format(8, 7)


# ---- parts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, banks, bits", [(1, 2, 9), (3, 4, 9), (16, 4, 9), (17, 4, 9), (40, 2, 9), (300, 2, 80)])
def test_ram_holds_its_banks_and_takes_words(words: int, banks: int, bits: int) -> None:
    """Against a dictionary; a word read in the clock of its write is the one before."""
    rng, stride = random.Random(words), 1 << (words - 1).bit_length()
    half = 1 << bits - 1
    first = [[rng.randrange(-half, half) for _ in range(words)] for _ in range(banks)]
    held = {bank * stride + k: word for bank in range(banks) for k, word in enumerate(first[bank])}
    ram = Ram(bits, first)

    async def bench(ctx: Any) -> None:
        read_before, expected = 0, None
        for _ in range(600):
            read, write, at = rng.choice([*held]), rng.random() < 0.4, rng.choice([*held])
            at = read if rng.random() < 0.3 else at
            word = rng.randrange(-half, half)
            for port, value in ((ram.address, read), (ram.write, write), (ram.write_address, at)):
                ctx.set(port, value)
            ctx.set(ram.write_data, word % (2 * half))
            piece = read_before // (len(ram.words) // len(ram.data))
            assert expected is None or ctx.get(ram.data[piece]) == expected
            read_before, expected = read, held[read]
            if write:
                held[at] = word
            await ctx.tick()

    simulate(ram, bench)


@pytest.mark.parametrize("negative_shift", [0, 2, None])
@pytest.mark.parametrize("shift", [-3, 0, 4])
def test_requantiser_tells_what_it_clamps(shift: int, negative_shift: int | None) -> None:
    """Every word around the ends of the output, and all others: against exact rationals."""
    dut = Requantise(12, shift, FMT, negative_shift, flagged=True)

    def clamped(acc: int) -> bool:
        if acc < 0 and negative_shift is None:
            return False
        by = shift + (negative_shift or 0) * (acc < 0)
        rounded = (2 * acc + (1 << by)) >> by + 1 if by > 0 else acc << -by
        return not FMT.lo <= rounded <= FMT.hi

    words = range(-(1 << 11), 1 << 11)
    found = pipelined(dut, dut.latency, [{"acc": a} for a in words], "clamped")
    assert found == [clamped(a) for a in words] and len({*found}) == 2


# ---- loading a net --------------------------------------------------------------------------------------------------


def small(weight: Codes, bias: Codes, output: Format = Format(14, 8)) -> Net:  # noqa: B008
    given = TensorType((weight.shape[1],), FMT)
    return Net("small", given, (Node("fc", Dense(weight, bias, FMT, output), ("input",)),))


def nets(inputs: int, outputs: int, count: int) -> list[Net]:
    return [
        small(full_range(FMT, (outputs, inputs), seed), full_range(Format(12, 0), (outputs,), seed + 50))
        for seed in range(count)
    ]


async def computed(ctx: Any, dut: Network, x: list[int], bank: int) -> list[int]:
    """The result of one sample, offered from this clock on."""
    ctx.set(dut.i.payload, x)
    ctx.set(dut.bank, bank)
    ctx.set(dut.i.valid, 1)
    ctx.set(dut.o.ready, 1)
    while not ctx.get(dut.i.ready):
        await ctx.tick()
    await ctx.tick()
    ctx.set(dut.i.valid, 0)
    while not ctx.get(dut.o.valid):
        await ctx.tick()
    assert ctx.get(dut.o_bank) == bank
    result = list(ctx.get(dut.o.payload))
    await ctx.tick()
    return result


async def load(ctx: Any, dut: Network, address: int, code: int) -> None:
    ctx.set(dut.load.valid, 1)
    ctx.set(dut.load.address, address)
    ctx.set(dut.load.data, code % (1 << dut.plan.data_bits))
    await ctx.tick()
    ctx.set(dut.load.valid, 0)


@pytest.mark.parametrize("inputs, outputs, interval", [(1, 1, 4), (3, 1, 4), (9, 2, 4), (2, 9, 8)])
def test_a_sample_is_computed_with_words_that_came_load_clocks_before(inputs: int, outputs: int, interval: int) -> None:
    """Each word in its turn as the last one, with the sample accepted `LOAD_CLOCKS` later."""
    before, after = nets(inputs, outputs, 2)
    dut = Network(before, interval, banks=[before])
    assert dut.plan is not None
    x = full_range(FMT, (1, inputs), 9)
    expected = list(ref.run(after, x)[0])
    assert expected != list(ref.run(before, x)[0])
    words = [(int(a) + dut.plan.address(1, 0, 0), int(c)) for a, c in zip(*dut.plan.words(after), strict=True)]

    async def bench(ctx: Any) -> None:
        assert await computed(ctx, dut, x[0].tolist(), 1) == list(ref.run(before, x)[0])
        for last in range(len(words)):
            for address, _ in words:
                await load(ctx, dut, address, 0)
            for address, code in [*words[:last], *words[last + 1 :], words[last]]:
                await load(ctx, dut, address, code)
            await ctx.tick().repeat(LOAD_CLOCKS - 1)  # a tick has passed since the last word
            assert ctx.get(dut.i.ready)
            assert await computed(ctx, dut, x[0].tolist(), 1) == expected
            assert await computed(ctx, dut, x[0].tolist(), 0) == list(ref.run(before, x)[0])

    simulate(dut, bench)


def test_words_beyond_a_memory_go_nowhere() -> None:
    """A net of deep and of shallow memories, whose addresses leave gaps: whatever is written there."""
    net = tdnn()
    dut = Network(net, 8, banks=[net])
    assert dut.plan is not None
    plan = dut.plan
    assert len(plan.lanes) < 1 << plan.lane_bits and len({lane.word_bits for lane in plan.lanes}) > 1
    gaps = [
        (bank << plan.lane_bits | lane) << plan.word_bits | word
        for bank in range(2)
        for lane in range(1 << plan.lane_bits)
        for word in range(plan.lanes[lane].words if lane < len(plan.lanes) else 0, 1 << plan.word_bits)
    ]
    x = full_range(net.input.format, (6, 2), 1)
    expected = ref.run(net, x).tolist()

    async def bench(ctx: Any) -> None:
        for address in gaps:
            await load(ctx, dut, address, -1)
        await ctx.tick().repeat(LOAD_CLOCKS)
        assert [await computed(ctx, dut, sample.tolist(), 1) for sample in x] == expected

    simulate(dut, bench)


@pytest.mark.parametrize("inputs, outputs, interval", [(3, 2, 4), (9, 3, 4), (2, 9, 8)])
def test_words_under_way_outlive_a_reset(inputs: int, outputs: int, interval: int) -> None:
    before, after = nets(inputs, outputs, 2)
    dut, reset = Network(before, interval, banks=[before]), Signal()
    assert dut.plan is not None
    words = [(int(a) + dut.plan.address(1, 0, 0), int(c)) for a, c in zip(*dut.plan.words(after), strict=True)]
    x = full_range(FMT, (1, inputs), 9)

    async def bench(ctx: Any) -> None:
        for k, (address, code) in enumerate(words):
            ctx.set(reset, k % 3 == 2)
            await load(ctx, dut, address, code)
        ctx.set(reset, 1)
        await ctx.tick().repeat(3)
        ctx.set(reset, 0)
        await ctx.tick().repeat(LOAD_CLOCKS)
        assert await computed(ctx, dut, x[0].tolist(), 1) == list(ref.run(after, x)[0])

    simulate(ResetInserter(reset)(dut), bench)


@pytest.mark.parametrize("inputs", [1, 6])
def test_loaded_codes_reach_the_ends_of_the_accumulator(inputs: int) -> None:
    """Hardware that is built with zeros, loaded with the largest codes that the formats hold."""
    zeros = np.zeros((2, inputs), np.int64)
    plan = LoadPlan(small(zeros, zeros[:, 0]), 4, 2)
    bias, matrix = Format(plan.lanes[-1].bits, 0), plan.steps["fc"].matrix
    assert matrix is not None
    coarse = Format(14, 28 - matrix.acc_bits)
    worst = small(np.full((2, inputs), FMT.lo), np.array([bias.hi, bias.lo]), coarse)
    net = small(zeros, zeros[:, 0], coarse)
    dut = Network(net, 4, banks=[net])
    assert dut.plan is not None
    x = np.array([[FMT.lo] * inputs, [FMT.hi] * inputs])
    expected = ref.run(worst, x)
    assert expected[0, 0] > 1 << 12 and expected[1, 1] < -(1 << 12), "the upper half of the accumulator is in use"

    async def bench(ctx: Any) -> None:
        for address, code in zip(*dut.plan.words(worst), strict=True):
            await load(ctx, dut, int(address), int(code))
        await ctx.tick().repeat(LOAD_CLOCKS)
        assert [await computed(ctx, dut, sample.tolist(), 0) for sample in x] == expected.tolist()

    simulate(dut, bench)


def with_features(seed: int) -> Net:
    """Features, a dense layer, and a branch around both."""
    fir = replace(tdnn(seed).nodes[3], inputs=("input",))
    taps = Node("taps", MemoryTaps((0, 1), (1,), Format(10, 9)), ("input",))
    rng = np.random.default_rng(seed)
    weight = rng.integers(-200, 200, (2, 6))
    fc = Node("fc", Dense(weight, rng.integers(-4000, 4000, 2), Format(9, 8), Format(12, 10)), ("taps",))
    return Net(
        "small", TensorType((2,), Format(16, 15)), (taps, fc, fir, Node("sum", Add(Format(14, 13)), ("fc", "fir")))
    )


@pytest.mark.parametrize("stalled", [False, True], ids=["free", "stalled"])
@pytest.mark.parametrize("shape", [(3, 2, 4), (9, 3, 4), (2, 9, 8), (9, 7, 5), (7, 2, 16), (101, 1, 4), None], ids=str)
def test_neighbours_run_through_different_banks(shape: tuple[int, int, int] | None, stalled: bool) -> None:
    """Segments, turns, features and branches: every sample by its own bank, at full speed and when stalled."""
    inputs, outputs, interval = shape or (2, 2, 6)
    given = nets(inputs, outputs, 4) if shape else [with_features(seed) for seed in range(4)]
    dut, rng = Network(given[0], interval, banks=given), random.Random(interval)
    x = full_range(given[0].input.format, (40, inputs), 3)
    select = np.array([rng.randrange(4) for _ in x])
    results, clocks = [], []

    async def bench(ctx: Any) -> None:
        fed, offering, ready = 0, False, True
        for clock in range(8000):
            offering = offering or (fed < len(x) and (not stalled or rng.random() < 0.3))
            ready ^= stalled and rng.random() < 0.03  # long stalls fill every queue
            ctx.set(dut.i.valid, offering)
            ctx.set(dut.i.payload, x[fed].tolist() if offering else [rng.randrange(-128, 128) for _ in range(inputs)])
            ctx.set(dut.bank, int(select[fed]) if offering else rng.randrange(4))
            ctx.set(dut.o.ready, ready)
            if ctx.get(dut.o.valid) and ready:
                results.append([ctx.get(dut.o_bank), *ctx.get(dut.o.payload)])
                clocks.append(clock)
            if offering and ctx.get(dut.i.ready):
                fed, offering = fed + 1, False
            if len(results) == len(x):
                return
            await ctx.tick()

    simulate(dut, bench)
    assert [row[0] for row in results] == select.tolist()
    np.testing.assert_array_equal([row[1:] for row in results], ref.run_banks(given, x, select))
    assert stalled or {b - a for a, b in itertools.pairwise(clocks)} == {interval}


# ---- flags ----------------------------------------------------------------------------------------------------------


def clamping(kind: str) -> Net:
    """The example of a layer, in a format too narrow for all of its results."""
    net = LAYERS[kind].example()
    node = net.nodes[-1]
    fields: dict[str, Any] = {"MemoryTaps": {"output": Format(9, 8)}, "Add": {"output": Format(6, 7)}}.get(kind, {})
    if isinstance(node.layer, Dense):
        fields = {"weight": node.layer.weight[::-1].copy(), "bias": node.layer.bias[::-1].copy()}  # the large ones last
    if isinstance(node.layer, ComplexFIR):
        fields = {"weight": node.layer.weight | 1}  # without the lowest code, which has no negative
    return replace(net, nodes=(*net.nodes[:-1], replace(node, layer=replace(node.layer, **fields))))  # type: ignore[type-var]


@pytest.mark.parametrize("kind", ["Dense", "ComplexFIR", "MemoryTaps", "Add", "Table"])
@pytest.mark.parametrize("interval", [4, 16])
def test_every_sample_raises_its_own_flags_before_it_is_out(kind: str, interval: int) -> None:
    net = clamping(kind)
    dut = Network(net, interval, banks=[net])
    x = full_range(net.input.format, (24, *net.input.shape), 4) >> np.arange(24)[:, None] % 4
    expected = np.stack(list(ref.saturated([net], x, np.zeros(24, np.int64)).values()), axis=1)
    assert kind == "Table" or 0 < expected[:, -1].mean() < 1, "some samples, not all"
    seen = []

    async def bench(ctx: Any) -> None:
        ctx.set(dut.o.ready, 1)
        for sample in x:
            ctx.set(dut.i.payload, sample.tolist())
            ctx.set(dut.i.valid, 1)
            flags, clocks = 0, 0
            while not ctx.get(dut.o.valid):
                flags |= ctx.get(dut.saturated)
                taken = ctx.get(dut.i.ready)
                await ctx.tick()
                if taken:
                    ctx.set(dut.i.valid, 0)
                clocks += 1
                assert clocks < 500
            seen.append(flags | ctx.get(dut.saturated))
            await ctx.tick()
            for _ in range(interval):
                assert not ctx.get(dut.saturated)
                await ctx.tick()

    simulate(dut, bench)
    assert [[flags >> k & 1 for k in range(len(net.nodes))] for flags in seen] == expected.astype(int).tolist()


def test_banks_that_are_not_alike_are_refused() -> None:
    one, other = nets(2, 2, 1)[0], nets(2, 3, 1)[0]
    with pytest.raises(BadInput, match=r"fc.weight: shape \(3, 2\) against \(2, 2\)"):
        Network(one, 8, banks=[one, other])
