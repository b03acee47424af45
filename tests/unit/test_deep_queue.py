"""Queues in block RAM: every beat in the clock of the formula, a beat a clock, and what decides where a queue lies."""

from __future__ import annotations

import random
from collections import deque
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from rtl_bench import simulate

from bittrue.cost import XC7Z020, cost, resources
from bittrue.lower import slack
from bittrue.lower.bram import SHALLOW, rom_blocks
from bittrue.lower.meeting import meeting, together
from bittrue.lower.schedule import schedule
from bittrue.lower.slack import DEEP, FRONT, LUTS, SHORT, Slack, is_deep
from bittrue.lower.stored import memory
from bittrue.num import Format
from bittrue.spec import Add, Net, Node, TensorType
from bittrue_rtl import pieces
from bittrue_rtl.beats import BeatQueue, BeatStreamQueue
from bittrue_rtl.deep_queue import DeepQueue, DeepStreamQueue
from bittrue_rtl.network import Network
from bittrue_rtl.printing import printed

BITS = 11


@pytest.fixture(params=[(1 << 14, 36), (4, 3)], ids=["one piece", "pieces of 4 words of 3 bits"])
def cut(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a memory is cut."""
    monkeypatch.setattr(pieces, "shape", lambda *_: (*request.param, 1))


@pytest.mark.parametrize("offers, takes", [(1.0, 1.0), (1.0, 0.5), (0.5, 1.0), (0.7, 0.7), (0.9, 0.1)])
def test_every_beat_comes_in_its_clock(cut: None, offers: float, takes: float) -> None:
    """As from a queue that is nothing but late: a beat is there `DEEP` clocks after it was taken, or when the one
    before has gone."""
    queue, rng = DeepStreamQueue(BITS, 21), random.Random(f"{offers} {takes}")
    due: deque[tuple[int, int]] = deque()
    gone = 0

    async def bench(ctx: Any) -> None:
        nonlocal gone
        for clock in range(600):
            offered, ready, word = rng.random() < offers, rng.random() < takes, rng.randrange(1 << BITS)
            ctx.set(queue.i.valid, offered)
            ctx.set(queue.i.payload, word)
            ctx.set(queue.o.ready, ready)
            there = bool(due) and due[0][0] + DEEP <= clock
            assert ctx.get(queue.o.valid) == there, f"clock {clock}"
            if there:
                assert ctx.get(queue.o.payload) == due[0][1], f"clock {clock}"
                if ready:
                    due.popleft()
                    gone += 1
            if clock and len(due) < 21:
                assert ctx.get(queue.i.ready), f"clock {clock}: {len(due)} wait"
            if offered and ctx.get(queue.i.ready):
                due.append((clock, word))
            await ctx.tick()

    simulate(queue, bench)
    assert gone > 600 * min(offers, takes) * 0.8 and (len(due) >= 21) == (takes < 0.6)


def test_latencies_are_those_of_the_formula() -> None:
    assert BeatQueue.latency + 1 == SHORT and DeepQueue.latency + 1 == DEEP
    assert Slack(7, 5).clocks == SHORT and Slack(7, 5, deep=True).clocks == DEEP


# ---- where a queue lies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, bits", [(320, 8), (64, 500), (1984, 1), (128, 16)])
def test_the_longest_queue_of_luts(words: int, bits: int) -> None:
    """One place more and LUTs are worth more than block RAM, a share of the one by a share of the other."""
    assert not is_deep(words, bits) and is_deep(words + 1, bits)
    assert (XC7Z020.lutram or 0) // (2 * XC7Z020.ramb36) == LUTS
    assert words == SHALLOW or memory(words, bits) <= LUTS * rom_blocks(words, bits)


def test_what_it_takes() -> None:
    assert Slack(999, 8).stored == slack.Stored(16, memory(1000, 8)) and Slack(999, 8).ramb18 == 0
    deep = Slack(4095, 8, deep=True)
    assert (deep.words, deep.ramb18, deep.stored) == (4096, 2, slack.Stored(16, memory(FRONT, 8)))


def beside(length: int) -> Net:
    """A chain of sums, 30 x 8 bits, beside a branch that waits for all of them."""
    fmt = Format(8, 7)
    names = ["input", *(f"n{k}" for k in range(length))]
    nodes = [Node(name, Add(fmt), (before, before)) for before, name in pairwise(names)]
    return Net("beside", TensorType((30,), fmt), (*nodes, Node("sum", Add(fmt), (names[-1], "input"))))


def test_a_deep_queue_counts_as_block_ram_in_cost_and_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    net = beside(9)
    shallow, before, latency = schedule(net, 8).steps["sum"].queues[1], resources(net, 8), cost(net, 8).latency
    assert shallow and not shallow.deep and cost(net, 8).nodes["sum"].ramb18 == 0
    monkeypatch.setattr(slack, "is_deep", lambda words, bits: words > 4)
    deep, after = schedule(net, 8).steps["sum"].queues[1], resources(net, 8)
    assert deep == Slack(shallow.places, 240, deep=True)
    assert cost(net, 8).nodes["sum"].ramb18 == rom_blocks(deep.words, 240, shallow=0) > 0
    assert cost(net, 8).latency == latency and before.lutram is not None
    assert after.lutram == before.lutram - memory(shallow.words, 240) + memory(FRONT, 240)
    assert "net.slack_sum_1.queue.front" in printed(Network(net, 8), "net").verilog


def test_a_deep_queue_delays_the_meeting_of_what_waits_less_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four clocks apart are enough for a queue of LUTs; behind one of block RAM the later branch has to wait too."""
    early, late = np.arange(0, 400, 8)[np.newaxis], np.arange(4, 404, 8)[np.newaxis]
    gone, queues = meeting([early, late], [9, 8], together, 1)
    assert queues == (Slack(1, 9), None) and (gone[0] == late).all()
    monkeypatch.setattr(slack, "is_deep", lambda words, bits: bits == 9)
    gone, queues = meeting([early, late], [9, 8], together, 1)
    assert queues == (Slack(1, 9, deep=True), Slack(1, 8)) and (gone[0] == late + SHORT).all()


def test_a_shallow_queue_is_distributed_ram() -> None:
    """That of a stream of beats however many places it has, up to those of `is_deep`."""
    assert "net.slack_sum_1.queue.front" not in printed(Network(beside(9), 8), "net").verilog
    text = printed(BeatStreamQueue(8, 300), "queue").verilog
    assert 'ram_style = "distributed"' in text and "block" not in text
    assert 'ram_style = "block"' in printed(BeatQueue(8, 300), "queue").verilog
