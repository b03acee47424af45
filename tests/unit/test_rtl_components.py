"""Hardware blocks in Amaranth's simulator: exact words, the clocks that the schedule promises, and no clock wasted."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from rtl_bench import Codes, exact_and_on_schedule, full_range, pipelined, simulate, stream
from strategies import interval_for, tdnn

from bittrue import ref
from bittrue.cost import cost
from bittrue.lower.fold import Fold
from bittrue.lower.matrix import Matrix
from bittrue.lower.schedule import schedule
from bittrue.lower.units import QUEUE
from bittrue.num import Format, requantise
from bittrue.ranges import ranges
from bittrue.spec import LAYERS, Add, Dense, LeakyReLU, Linear, Net, Node, ReLU, Table, TensorType
from bittrue.spec.layer import Layer
from bittrue_rtl import matrix as matrix_module
from bittrue_rtl.isqrt import IntegerSquareRoot
from bittrue_rtl.mac import Lane
from bittrue_rtl.matrix import MatrixVector, Segment
from bittrue_rtl.network import Network
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.rom import Rom
from bittrue_rtl.serial import collected, serialised

# ---- square root, requantiser, lane, ROM ----------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [1, 5, 16, 24])
def test_square_root_of_corners_and_random_values(bits: int) -> None:
    rng, top = random.Random(bits), 1 << 2 * bits
    roots = [0, 1, 2, (1 << bits) - 1, 1 << (bits - 1)] + [rng.randrange(1 << bits) for _ in range(300)]
    values = [root * root + d for root in roots for d in (-1, 0, 1, 2 * root)] + [
        rng.randrange(top) for _ in range(300)
    ]
    values = [value for value in [*values, 0, top - 1] if 0 <= value < top]
    dut = IntegerSquareRoot(bits)
    assert pipelined(dut, dut.latency, [{"value": v} for v in values], "root") == [math.isqrt(v) for v in values]


@pytest.mark.parametrize("seed", range(12))
def test_requantiser_equals_the_number_core(seed: int) -> None:
    rng = random.Random(seed)
    acc_bits, bits = rng.randint(2, 48), rng.randint(1, 24)
    shift = rng.randint(-6, acc_bits + 4)
    negative_shift = rng.choice([None, 0, 0, rng.randint(1, 15)])
    lo, hi, fmt = -(1 << acc_bits - 1), (1 << acc_bits - 1) - 1, Format(bits, 0)
    ties = [(k << max(shift, 0)) + (1 << max(shift, 1) >> 1) + d for k in range(-3, 3) for d in (-1, 0, 1)]
    acc = [a for a in (lo, hi, 0, 1, -1, *ties) if lo <= a <= hi] + [rng.randint(lo, hi) for _ in range(200)]

    def expected(a: int) -> int:
        if a < 0:
            return 0 if negative_shift is None else int(requantise(a, shift + negative_shift, fmt))
        return int(requantise(a, shift, fmt))

    dut = Requantise(acc_bits, shift, fmt, negative_shift)
    assert pipelined(dut, dut.latency, [{"acc": a} for a in acc], "y") == [expected(a) for a in acc]


def test_lane_sums_from_its_carry_and_wraps_at_its_width() -> None:
    rng, acc_bits = random.Random(5), 36
    ends = [-(1 << 15), (1 << 15) - 1]
    words = [
        {"weight": rng.choice(ends), "given": rng.choice(ends), "first": int(k % 7 == 0)}
        | {"carry": rng.choice([0, (1 << acc_bits - 1) - 1, -(1 << acc_bits - 1), rng.randrange(1 << 30)])}
        for k in range(100)
    ]
    acc, expected = 0, []
    for k, word in enumerate(words):
        carry, first = (
            words[min(k + lead, len(words) - 1)][name]
            for name, lead in (("carry", Lane.carry_lead), ("first", Lane.first_lead))
        )
        acc = (carry if first else acc) + word["weight"] * word["given"]
        acc = (acc + (1 << acc_bits - 1)) % (1 << acc_bits) - (1 << acc_bits - 1)
        expected.append(acc)
    assert pipelined(Lane(16, 16, acc_bits), Lane.latency, words, "acc") == expected


@pytest.mark.parametrize("ports", [1, 2])
@pytest.mark.parametrize("depth, bits", [(1, 9), (2, 9), (5, 9), (64, 9), (65, 9), (200, 9), (600, 40), (2200, 9)])
def test_rom_holds_signed_words(depth: int, bits: int, ports: int) -> None:
    words = [int(w) for w in full_range(Format(bits, 0), (depth,), depth)]
    addresses = [*range(depth), *random.Random(depth).choices(range(depth), k=50)]
    rom, found = Rom(bits, words, ports), []

    async def bench(ctx: Any) -> None:
        for clock in range(len(addresses) + Rom.latency):
            for k, port in enumerate(rom.address):  # the second port runs through the addresses backwards
                ctx.set(port, (addresses[::-1] if k else addresses)[min(clock, len(addresses) - 1)])
            found.append([ctx.get(data) for data in rom.data])
            await ctx.tick()

    simulate(rom, bench)
    assert [row[0] for row in found[Rom.latency :]] == [words[a] for a in addresses]
    assert ports == 1 or [row[1] for row in found[Rom.latency :]] == [words[a] for a in reversed(addresses)]


# ---- vectors in series ----------------------------------------------------------------------------------------------


class ThereAndBack(wiring.Component):
    """A vector in series and collected again: ``y`` holds it ``length`` clocks after the clock behind ``load``."""

    def __init__(self, length: int, rotate: bool) -> None:
        self.length, self.rotate = length, rotate
        super().__init__(
            {"load": In(1), "strobe": In(1), "x": In(signed(6)).array(length)}
            | {"head": Out(signed(6)), "y": Out(signed(6)).array(length)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        elements = []
        for k in range(self.length):
            element = Signal(signed(6), name=f"element{k}")
            m.d.comb += element.eq(self.x[k])
            elements.append(element)
        head = serialised(m, self.load, elements, "s", rotate=self.rotate)
        m.d.comb += self.head.eq(head)
        m.d.comb += [y.eq(c) for y, c in zip(self.y, collected(m, head, self.strobe, self.length, "c"), strict=True)]
        return m


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_vector_goes_into_series_and_back(length: int, rotate: bool) -> None:
    dut = ThereAndBack(length, rotate)
    first, noise = [-32 + 7 * k for k in range(length)], [31 - k for k in range(length)]

    async def bench(ctx: Any) -> None:
        for vector, load in ((noise, 1), (first, 1), (noise, 0)):
            for port, word in zip(dut.x, vector, strict=True):
                ctx.set(port, word)
            ctx.set(dut.load, load)
            if load:
                await ctx.tick()
        ctx.set(dut.strobe, 1)
        for clock in range(2 * length):
            turn, k = divmod(clock, length)
            if turn == 0 or rotate:
                assert ctx.get(dut.head) == first[k]
            await ctx.tick()
            if clock == length - 1:
                assert [ctx.get(y) for y in dut.y] == first
                ctx.set(dut.strobe, 0)
        assert [ctx.get(y) for y in dut.y] == first

    simulate(dut, bench)


# ---- matrices -------------------------------------------------------------------------------------------------------


def dense(
    weight: Codes, bias: Codes, output: Format, activation: Any, weight_bits: int = 8, given_bits: int = 9
) -> Net:
    given = TensorType((weight.shape[1],), Format(given_bits, given_bits - 1))
    layer = Dense(weight, bias, Format(weight_bits, weight_bits - 1), output, activation)
    return Net("dense", given, (Node("fc", layer, ("input",)),))


SHAPES = {
    "one by one": (1, 1, 4),
    "one input, many turns": (1, 9, 16),
    "one input, outputs that leave turns empty": (1, 9, 4),
    "one output": (30, 1, 8),
    "turns": (3, 7, 8),
    "turns that fill the interval": (4, 8, 16),
    "turns, rows not divisible by rounders": (3, 17, 7),
    "as many inputs as clocks": (4, 4, 4),
    "one input more than clocks": (5, 3, 4),
    "one input more than clocks, interval 5": (6, 4, 5),
    "one input more than clocks, interval 7": (8, 3, 7),
    "one input more than clocks, interval 16": (17, 4, 16),
    "rows not divisible by rounders": (5, 11, 4),
    "wide": (33, 12, 8),
    "wide, many segments": (41, 6, 4),
    "the first layer of the TDNN": (30, 32, 16),
    "several chains": (101, 3, 4),
}


def shaped(name: str) -> tuple[Net, int]:
    inputs, outputs, interval = SHAPES[name]
    weight = full_range(Format(8, 7), (outputs, inputs), seed=inputs)
    bias = full_range(Format(18, 15), (outputs,), seed=outputs)
    activation = [Linear(), ReLU(), LeakyReLU(3)][(inputs + outputs) % 3]
    bits = ranges(dense(weight, bias, Format(8, 7), Linear()))["fc"].acc_bits
    return dense(weight, bias, Format(10, 15 - bits + 10), activation), interval


def test_hardware_grows_with_the_inputs_of_a_matrix_and_not_with_their_square() -> None:
    def lines(inputs: int) -> int:
        net = dense(np.ones((1, inputs), int), np.zeros(1, int), Format(16, 4), Linear())
        return rtlil.convert(Network(net, 4), name="net", emit_src=False).count("\n")

    assert lines(240) - lines(160) < 1.2 * (lines(160) - lines(80))


@pytest.mark.parametrize("name", SHAPES)
def test_matrix_is_exact_and_on_schedule(name: str) -> None:
    net, interval = shaped(name)
    step = schedule(net, interval).steps["fc"]
    assert step.matrix is not None and step.fold is not None
    vectors = full_range(net.input.format, (12, *net.input.shape), seed=1)
    run = stream(MatrixVector(step.matrix, interval), vectors)
    np.testing.assert_array_equal(run.vectors, ref.run(net, vectors))
    assert run.offered[0] - run.sent[0] == step.latency == step.fold.latency + QUEUE
    assert {b - a for a, b in itertools.pairwise(run.sent)} == {interval}
    assert {b - a for a, b in itertools.pairwise(run.offered)} == {interval}


@pytest.mark.parametrize("name", ["turns", "one input more than clocks", "rows not divisible by rounders"])
def test_matrix_is_exact_when_stalled(name: str) -> None:
    net, interval = shaped(name)
    matrix = schedule(net, interval).steps["fc"].matrix
    assert matrix is not None
    vectors = full_range(net.input.format, (20, *net.input.shape), seed=2)
    for stall in (0.5, 0.95):
        np.testing.assert_array_equal(
            stream(MatrixVector(matrix, interval), vectors, stall).vectors, ref.run(net, vectors)
        )


# ---- accumulators at their bounds -----------------------------------------------------------------------------------


def extreme(inputs: int, bits: int, acc_bits: int) -> tuple[Net, Codes]:
    """A matrix whose rows reach ``2**(acc_bits-1) - 1`` and ``-2**(acc_bits-1)`` for the returned vectors, no further.

    Row 0 is all lo and meets all lo; row 1 is all lo and meets all hi.
    """
    fmt = Format(bits, bits - 1)
    weight = np.full((2, inputs), fmt.lo)
    hi, lo = (1 << acc_bits - 1) - 1, -(1 << acc_bits - 1)
    bias = np.array([hi - inputs * fmt.lo * fmt.lo, lo - inputs * fmt.lo * fmt.hi])
    output = Format(16, 2 * (bits - 1) - (acc_bits - 16))
    return dense(weight, bias, output, Linear(), bits, bits), np.array([[fmt.lo] * inputs, [fmt.hi] * inputs])


@pytest.mark.filterwarnings("ignore:Initial value")  # of the narrow one
@pytest.mark.parametrize("interval", [4, 16])
@pytest.mark.parametrize("inputs, bits, acc_bits", [(7, 16, 34), (7, 16, 48), (16, 8, 21), (9, 17, 37)])
def test_accumulator_holds_its_bounds_and_not_a_bit_less_would(
    inputs: int, bits: int, acc_bits: int, interval: int
) -> None:
    net, vectors = extreme(inputs, bits, acc_bits)
    found = ranges(net)["fc"]
    assert found.acc_bits == acc_bits and found.acc[0].hi == (1 << acc_bits - 1) - 1
    assert found.acc[1].lo == -(1 << acc_bits - 1)
    matrix = schedule(net, interval).steps["fc"].matrix
    assert matrix is not None and matrix.acc_bits == acc_bits
    expected = ref.run(net, vectors)
    assert expected[0, 0] == 2**15 - 1 and expected[1, 1] == -(2**15)
    np.testing.assert_array_equal(stream(MatrixVector(matrix, interval), vectors).vectors, expected)
    narrow: Matrix = dataclasses.replace(matrix, acc_bits=acc_bits - 1)
    wrong = stream(MatrixVector(narrow, interval), vectors).vectors
    assert wrong[0, 0] != expected[0, 0] and wrong[1, 1] != expected[1, 1]


# ---- whole nets: latency, interval, and what the lanes do -----------------------------------------------------------


@pytest.mark.parametrize("interval", [4, 9])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_examples_are_exact_and_on_schedule(layer: type[Layer], interval: int) -> None:
    exact_and_on_schedule(layer.example(), interval_for(layer.example(), interval))


@pytest.mark.parametrize("elements", [8, 9, 17], ids=["one copy", "two", "three"])
def test_tables_of_several_look_ups_a_clock_are_exact_and_on_schedule(elements: int) -> None:
    fmt = Format.parse("Q1.5")
    table = Table(full_range(fmt, (64,), 2), fmt)
    net = Net("tables", TensorType((elements,), fmt), (Node("table", table, ("input",)),))
    assert cost(net, 4).nodes["table"].roms == -(-elements // 8)
    exact_and_on_schedule(net, 4)


def branches(seed: int) -> Net:
    """Two or three chains of Dense and Table, of different lengths, that meet in an Add."""
    rng, fmt, nodes = random.Random(seed), Format.parse("Q1.5"), []

    def chain(name: str, length: int) -> str:
        source, width = "input", 5
        for k in range(length + 1):
            outputs = 3 if k == length else rng.randint(1, 9)
            if k < length and rng.random() < 0.5:
                layer: Any = Table(full_range(fmt, (64,), seed), fmt)
            else:
                weight, width = full_range(fmt, (outputs, width), seed + k), outputs
                layer = Dense(weight, np.zeros(outputs, np.int64), fmt, fmt)
            nodes.append(Node(f"{name}{k}", layer, (source,)))
            source = f"{name}{k}"
        return source

    ends = tuple(chain(name, rng.randint(0, 3)) for name in "abc"[: rng.choice([2, 3])])
    return Net("branches", TensorType((5,), fmt), (*nodes, Node("sum", Add(fmt), ends)))


@pytest.mark.parametrize("interval", [4, 7, 24])
@pytest.mark.parametrize("seed", range(6))
def test_branches_meet_without_losing_a_clock(seed: int, interval: int) -> None:
    net = branches(seed)
    codes = full_range(net.input.format, (16, *net.input.shape), seed)
    run = stream(Network(net, interval), codes)
    np.testing.assert_array_equal(run.vectors, ref.run(net, codes))
    assert run.offered[0] - run.sent[0] == cost(net, interval).latency
    assert {b - a for a, b in itertools.pairwise(run.offered[8:])} == {interval}


def useful_lanes(segment: Segment, address: int) -> int:
    """Lanes of a segment that multiply a weight of the matrix at an address of their ROMs."""
    fold: Fold = segment.fold
    turn, step = divmod(address, fold.steps)
    outputs = min(fold.rows, fold.outputs - turn * fold.rows)
    return outputs if segment.index * fold.steps + step < fold.inputs else 0


@pytest.mark.parametrize("interval", [8, 32])
def test_lanes_work_as_much_as_the_formula_says(interval: int, monkeypatch: pytest.MonkeyPatch) -> None:
    segments: list[Segment] = []

    class Watched(Segment):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            segments.append(self)

    monkeypatch.setattr(matrix_module, "Segment", Watched)
    net, samples = tdnn("wide", seed=0), 3
    expected = cost(net, interval)
    begin = -(-expected.latency // interval) * interval
    busy: Counter[int] = Counter()  # by clock: lanes that multiply a weight
    addresses: Counter[Segment] = Counter()

    def watch(ctx: Any, clock: int) -> None:
        for segment in segments:
            if ctx.get(segment.active):
                busy[clock] += useful_lanes(segment, addresses[segment])
                addresses[segment] = (addresses[segment] + 1) % (segment.fold.turns * segment.fold.steps)

    codes = full_range(net.input.format, (begin // interval + samples + 1, 2), seed=4)
    run = stream(Network(net, interval), codes, watch=watch)
    np.testing.assert_array_equal(run.vectors, ref.run(net, codes))
    lanes = sum(segment.fold.rows for segment in segments)
    multiplied = sum(busy[clock] for clock in range(begin, begin + samples * interval))
    assert lanes == expected.lanes
    assert multiplied == samples * expected.macs
    assert multiplied / (lanes * samples * interval) == expected.utilisation
    assert interval != 8 or expected.utilisation >= 0.90
