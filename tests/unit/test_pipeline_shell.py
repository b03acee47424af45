"""The stream side of a shell around a pipeline, in Amaranth's simulator: companions, bypass, counts, full speed."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
from pipelined_nets import sparse_tdnn

from bittrue import ref
from bittrue.lower.means import Means
from bittrue.lower.stream_shell import built_words, can_bypass, end_layouts, shell_latency, stream_bits
from bittrue.num import Format
from bittrue.spec import Dense, Net, Node, TensorType

pytest.importorskip("amaranth", reason="amaranth is not installed")
from rtl_bench import Codes, full_range, simulate

from bittrue_rtl.pipeline_shell import PipelineShell

FMT = Format(8, 7)


def passing() -> Net:
    """A net that can be bypassed: it turns and weighs."""
    weight = np.array([[90, -55], [101, 77]])
    return Net("passing", TensorType((2,), FMT), [Node("fc", Dense(weight, [99, -5], FMT, FMT), "input")])


def words(codes: Codes, bits: int) -> list[int]:
    """Samples of 8-bit containers as words of a stream."""
    size = bits // 8
    flat = (codes & 0xFF).astype(np.uint8).tobytes()
    return [int.from_bytes(flat[k : k + size], "little") for k in range(0, len(flat), size)]


class Moved:
    """What a run gave: words, their TLAST, and the clocks of words in and out."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.lasts: list[int] = []
        self.came: list[int] = []
        self.went: list[int] = []


def moved(shell: PipelineShell, given: list[int], lasts: list[int], stall: float = 0.0, bypassed: int = -1) -> Moved:
    """Words through the shell; from word ``bypassed`` on they are not computed."""
    run, rng = Moved(), random.Random(5)

    async def bench(ctx: Any) -> None:
        fed, offering = 0, False
        ctx.set(shell.s_axis_tkeep, -1)
        for clock in itertools.count():
            offering = offering or (fed < len(given) and rng.random() >= stall)
            ctx.set(shell.s_axis_tvalid, offering)
            ctx.set(shell.s_axis_tdata, given[min(fed, len(given) - 1)])
            ctx.set(shell.s_axis_tlast, lasts[min(fed, len(given) - 1)])
            ctx.set(shell.m_axis_tready, rng.random() >= stall)
            if ctx.get(shell.m_axis_tvalid) and ctx.get(shell.m_axis_tready):
                run.words.append(ctx.get(shell.m_axis_tdata))
                run.lasts.append(ctx.get(shell.m_axis_tlast))
                run.went.append(clock)
            if offering and ctx.get(shell.s_axis_tready):
                run.came.append(clock)
                fed, offering = fed + 1, False
                if fed == bypassed:
                    ctx.set(shell.bypass, 1)
            if len(run.words) == len(given):
                await ctx.tick().repeat(3)
                assert (ctx.get(shell.samples_in), ctx.get(shell.samples_out)) == (len(given), len(given))
                return
            assert clock < 6000, "stuck"
            await ctx.tick()

    simulate(shell, bench)
    return run


@pytest.mark.parametrize("interval, samples, word", [(1, 1, 1), (1, 2, 2), (2, 1, 1), (1, 1, 2), (1, 2, 8), (3, 1, 4)])
def test_words_and_their_tlast_at_full_speed_and_stalled(interval: int, samples: int, word: int) -> None:
    net, means = passing(), Means(1, samples=samples, word=word)
    layout = end_layouts(net, interval, False, means)[0]
    bits = stream_bits(net.input, layout)
    assert bits == 16 * word
    codes = full_range(FMT, (80 * word, 2), seed=1)
    given, expected = words(codes, bits), words(ref.run(net, codes), bits)
    lasts = np.random.default_rng(2).integers(0, 2, len(given)).tolist()
    for stall in (0.0, 0.4):
        run = moved(PipelineShell(net, interval, (), means), given, lasts, stall)
        assert np.array_equal(run.words, expected) and np.array_equal(run.lasts, lasts)
        if not stall:
            wait = run.went[0] - run.came[0] - shell_latency(net, interval, False, means)
            assert 0 <= wait < interval
            assert {b - a for a, b in itertools.pairwise(run.went[20:])} == {interval * means.parts}


def test_as_many_words_wait_inside_as_there_are_places_beside_them() -> None:
    """A sink that takes nothing: the shell fills up, and then every word leaves with its own companion."""
    net = sparse_tdnn()
    shell = PipelineShell(net, 1, (), Means(9))
    given = list(range(300))
    came: list[int] = []

    async def bench(ctx: Any) -> None:
        ctx.set(shell.s_axis_tkeep, -1)
        ctx.set(shell.s_axis_tvalid, 1)
        for _ in range(300):
            ctx.set(shell.s_axis_tdata, given[min(len(came), 299)])
            ctx.set(shell.s_axis_tlast, len(came) % 7 == 6)
            if ctx.get(shell.s_axis_tready):
                came.append(len(came))
            await ctx.tick()
        ctx.set(shell.s_axis_tvalid, 0)
        ctx.set(shell.m_axis_tready, 1)
        lasts = []
        for _ in range(400):
            if ctx.get(shell.m_axis_tvalid):
                lasts.append(ctx.get(shell.m_axis_tlast))
            await ctx.tick()
        assert lasts == [k % 7 == 6 for k in range(len(came))]

    simulate(shell, bench)
    assert shell.depth - 4 <= len(came) - 4 <= shell.depth  # two register stages hold two words each


@pytest.mark.parametrize("samples, word", [(1, 1), (2, 2), (2, 4)])
def test_bypassed_words_leave_as_they_came(samples: int, word: int) -> None:
    net, means = passing(), Means(1, samples=samples, word=word)
    assert can_bypass(net)
    bits = 16 * word
    codes = full_range(FMT, (60 * word, 2), seed=3)
    given, computed = words(codes, bits), words(ref.run(net, codes), bits)
    run = moved(PipelineShell(net, 1, (), means), given, [0] * len(given), 0.2, bypassed=30)
    change = next(k for k, found in enumerate(run.words) if found != computed[k])
    after = change + (means.parts > 1)  # a word may be bypassed in part
    assert 20 < change <= 31 and np.array_equal(run.words[after:], given[after:])


def test_registers_say_how_a_word_is_made() -> None:
    net, means = sparse_tdnn(), Means(40, samples=2)
    said = built_words(net, 1, (), means)
    assert said["FORMAT_IN"][0] >> 16 == 4 and said["SHAPE"][0] & 0xFFFFFF == 1
    assert said["LATENCY"] == (shell_latency(net, 1, False, means),)
    assert shell_latency(net, 1, True) != shell_latency(net, 1)
