"""The parts of a source in Amaranth's simulator: the generator, a latent's input, a parameter's, the gain."""

from __future__ import annotations

import random
from collections import deque

import big_source
import numpy as np
import pytest

pytest.importorskip("amaranth", reason="amaranth is not installed")

from rtl_bench import pipelined, simulate, stream

from bittrue.lower.layout import NOTHING, Layout
from bittrue.lower.source import STAGES, Feed
from bittrue.num import Format, requantise
from bittrue.spec.source import Latent
from bittrue_rtl.gain import Gain
from bittrue_rtl.latent_feed import LatentFeed
from bittrue_rtl.source import ParameterFeed
from bittrue_rtl.threefry import Threefry, key_of


def test_the_generator_gives_a_block_a_clock():
    rng = random.Random(3)
    generator = Threefry(4)
    assert Threefry.latency == STAGES == 17
    for key in (0, 2**64 - 1, rng.getrandbits(64)):
        counters = [0, 2**64 - 1, 1, 2**32, *(rng.getrandbits(64) for _ in range(20))]
        words = [key % 2**32, key >> 32, 0x1BD11BDA ^ key % 2**32 ^ key >> 32]
        given = [
            {"counter": counter, "key": words, "valid": k % 3 != 0, "tag": k % 16} for k, counter in enumerate(counters)
        ]
        held = [{"key": words}] * 4 + given  # a key is there before the counters
        found = pipelined(generator, STAGES, held, "block")[4:]
        assert found == [big_source.threefry(key, counter) for counter in counters]
    assert pipelined(generator, STAGES - 1, given, "o_valid") == [int(words["valid"]) for words in given]
    assert pipelined(generator, STAGES - 1, given, "o_tag") == [words["tag"] for words in given]


def test_the_key_of_a_seed():
    from amaranth.hdl import Module
    from amaranth.lib import wiring
    from amaranth.lib.wiring import In, Out

    class Keyed(wiring.Component):
        def __init__(self):
            super().__init__({"seed": In(64), "key": Out(96)})

        def elaborate(self, platform):
            m = Module()
            m.d.comb += self.key.eq(key_of(m, self.seed).as_value())
            return m

    seed = 0x0123456789ABCDEF
    (found,) = pipelined(Keyed(), 1, [{"seed": seed}], "key")
    low, high = seed % 2**32, seed >> 32
    assert found == low | high << 32 | (low ^ high ^ 0x1BD11BDA) << 64


LAYOUTS = [
    ((1, 5), 1, "uniform", 8, 5),
    ((3, 4), 3, "gaussian", 8, 2),
    ((6, 3), 2, "uniform", 5, 3),
    ((9, 2), 4, "gaussian", 12, 1),
    ((5, 1), 1, "gaussian", 4, 7),
]


@pytest.mark.parametrize(("shape", "beats", "distribution", "bits", "step"), LAYOUTS)
@pytest.mark.parametrize("stall", [0.0, 0.5])
def test_a_latent_asks_for_its_blocks_and_gives_its_codes(shape, beats, distribution, bits, step, stall):
    layout, seed, first, frames = Layout.spread(shape, beats), 0xFEDCBA9876543210, 0xC0000005, 4
    feed = Feed("x", Latent(77, distribution, step), layout, Format(bits, 0), 4 * layout.transfers)
    part, rng = LatentFeed(feed, 2), random.Random(1)
    wanted = frames * layout.transfers
    rows: list[list[int]] = []
    counters: list[int] = []

    async def bench(ctx):
        for clock in range(64):
            ctx.set(part.loading, 1)
            ctx.set(part.bit, first >> (31 - clock // 2) & 1)
            ctx.set(part.second, clock % 2)
            assert not ctx.get(part.asks)
            await ctx.tick()
        ctx.set(part.loading, 0)
        under_way = deque([None] * STAGES)
        for _ in range(20_000):
            ready = rng.random() >= stall
            ctx.set(part.o.ready, ready)
            granted = ctx.get(part.asks) and rng.random() >= stall
            ctx.set(part.granted, granted)
            if granted:
                counters.append(ctx.get(part.counter))
            under_way.append((ctx.get(part.counter), ctx.get(part.last)) if granted else None)
            block = under_way.popleft()
            ctx.set(part.given, block is not None)
            ctx.set(part.block, big_source.threefry(seed, block[0]) if block else rng.getrandbits(64))
            ctx.set(part.whole, block[1] if block else rng.getrandbits(1))
            if ctx.get(part.o.valid) and ready:
                rows.append([ctx.get(part.o.payload[k]) for k in range(layout.lanes)])
            if len(rows) == wanted:
                return
            await ctx.tick()

    simulate(part, bench)
    columns = [first * step + frame * step + i for frame in range(frames) for i in range(layout.positions)]
    for n, column in enumerate(columns):
        for b, table in enumerate(layout.table):
            for lane, channel in enumerate(table):
                if channel != NOTHING:
                    drawn = big_source.draw(seed, 77, column, channel)
                    assert rows[n * layout.beats + b][lane] == big_source.code(drawn, distribution, bits), (n, b, lane)
    groups = -(-shape[0] // 4)
    wanted_counters = [77 << 56 | g << 48 | column for column in columns for g in range(groups)]
    assert counters[: len(wanted_counters)] == wanted_counters


def test_a_parameter_changes_between_frames():
    layout = Layout.spread((1, 3), 1)
    part, found = ParameterFeed(layout, Format(8, 7)), []

    async def bench(ctx):
        ctx.set(part.loading, 1)
        ctx.set(part.value, -5)
        await ctx.tick().repeat(3)
        ctx.set(part.loading, 0)
        for clock in range(40):
            ctx.set(part.value, -5 if clock == 0 else clock)
            ready = clock % 3 != 1
            ctx.set(part.o.ready, ready)
            if ctx.get(part.o.valid) and ready:
                found.append((clock, ctx.get(part.o.payload[0])))
            await ctx.tick()

    simulate(part, bench)
    values = [value for _, value in found]
    assert values[:3] == [-5] * 3 and len(values) > 12
    for frame in range(1, len(values) // 3):
        last_of_before = found[3 * frame - 1][0]
        assert values[3 * frame : 3 * frame + 3] == [last_of_before] * 3


@pytest.mark.parametrize("gain", [4096, -4096, 1, 32767, -32768, 3001])
@pytest.mark.parametrize("stall", [0.0, 0.6])
def test_the_gain(gain, stall):
    fmt, rng = Format(16, 12), np.random.default_rng(2)
    y = np.r_[[-32768, 32767, 0, 1, -1, 2048, -2048], rng.integers(-32768, 32768, 33)].reshape(-1, 2)
    part = Gain(fmt, 2)
    found = stream(part, y, stall, lambda ctx, clock: ctx.set(part.gain, gain))
    assert (found.vectors == requantise(gain * y, 12, fmt)).all()
    if not stall:
        assert np.diff(found.offered).tolist() == [1] * (len(y) - 1)
