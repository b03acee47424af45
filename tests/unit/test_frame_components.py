"""Parts of the frame layers in Amaranth's simulator: divisions, magnitudes, long delays, and layers under stalls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from test_rtl_components import full_range, pipelined, simulate, stream, transferred

from bittrue import ref
from bittrue.lower.frames import least_interval
from bittrue.num import Format, requantise
from bittrue.spec import AvgPool1d, Conv1d, Flatten, MaxPool1d, Net, Node, TensorType
from bittrue_rtl.delay import LONG, postponed
from bittrue_rtl.divide import Divide
from bittrue_rtl.network import Network
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


@pytest.mark.parametrize("stall", [0.5, 0.95])
@pytest.mark.parametrize("layer", [Conv1d, MaxPool1d, AvgPool1d, Flatten])
def test_examples_under_stalls(layer: Any, stall: float) -> None:
    net = layer.example()
    codes = full_range(net.input.format, (5, *net.input.shape), seed=3)
    expected = transferred(ref.run(net, codes))
    run = stream(Network(net, least_interval(net)), transferred(codes), stall=stall, wanted=len(expected))
    np.testing.assert_array_equal(run.vectors, expected)


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


def test_nothing_is_taken_beyond_what_there_is_room_for() -> None:
    """A sink that takes nothing stops the source before long; then all frames come, whole."""
    net = MaxPool1d.example()
    codes = full_range(net.input.format, (12, *net.input.shape), seed=4)
    columns, expected = transferred(codes), transferred(ref.run(net, codes))
    network, found, waited = Network(net, least_interval(net)), [], []

    async def bench(ctx: Any) -> None:
        fed = idle = 0
        while len(found) < len(expected):
            ctx.set(network.i.valid, fed < len(columns))
            ctx.set(network.i.payload, [int(word) for word in columns[min(fed, len(columns) - 1)]])
            if idle == 400:
                waited.append(fed)
            ctx.set(network.o.ready, bool(waited))
            taken = fed < len(columns) and ctx.get(network.i.ready)
            fed, idle = fed + taken, 0 if taken else idle + 1
            if ctx.get(network.o.valid) and ctx.get(network.o.ready):
                found.append(list(ctx.get(network.o.payload)))
            await ctx.tick()

    simulate(network, bench)
    np.testing.assert_array_equal(found, expected)
    assert waited[0] < 3 * net.input.shape[1]
