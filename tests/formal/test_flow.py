"""Flow control by credit around a datapath that never stops: it loses nothing and never overruns its queue.

Proved by k-induction: for ever, with resets at any time, for small intervals and latencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import prove
import pytest
from amaranth.hdl import Assert, Module, Mux, Signal, ValueLike
from contract import Contract, implies, stored_words

from bittrue_rtl.delay import delayed
from bittrue_rtl.flow import Flow

pytestmark = prove.needs_tools


class FlowContract(Contract):
    """The datapath is a row of registers: an input register that follows ``load``, then ``latency - 1`` more.

    Besides the `Contract`: vectors are accepted at least ``interval`` clocks apart, and a result never meets a queue
    without a place.
    """

    def __init__(self, interval: int, latency: int, flow: type = Flow) -> None:
        dut = flow(self.bits, interval, latency)
        super().__init__(dut, capacity=dut.depth + 1, patience=latency + interval + 4, inductive=flow is Flow)
        self.since = Signal(range(interval + 1), init=interval)  # clocks since the last vector was accepted
        self.stages: list[tuple[Signal, Signal]] = []

    def open(self) -> ValueLike:
        return self.dut.open

    def input(self, m: Module) -> ValueLike:
        dut = self.dut
        word, valid = Signal(self.bits, name="word", reset_less=True), dut.start
        with m.If(dut.load):
            m.d.sync += word.eq(self.sent)
        self.stages.append((valid, word))
        for k in range(1, dut.latency):
            valid, word = delayed(m, valid, 1, f"valid{k}", reset=True), delayed(m, word, 1, f"word{k}")
            self.stages.append((valid, word))
        m.d.comb += [dut.valid.eq(self.offer), dut.done.eq(valid), dut.result.eq(word)]
        accepted = self.offer & dut.open
        m.d.sync += self.since.eq(Mux(accepted, 1, Mux(self.since == dut.interval, self.since, self.since + 1)))
        with m.If(accepted):
            m.d.comb += Assert(self.since == dut.interval)
        return accepted

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        inside = prove.inside(self.dut)
        found, stored, loaded = stored_words(self, m, inside.submodules.queue)
        ahead, due = stored + loaded, []
        for valid, word in reversed(self.stages):
            due.append(implies(valid, word == self.number(ahead)))
            ahead = ahead + valid
        under_way = reduce(add, (valid for valid, _ in self.stages))
        interval = self.dut.interval
        return [
            *found,
            *due,
            self.held == ahead,
            inside.credit + under_way + stored == self.dut.depth,
            implies(inside.is_open, self.dut.load & (inside.credit != 0) & (self.since == interval)),
            inside.wait == Mux(self.since >= interval - 1, 0, interval - 1 - self.since),
        ]


@pytest.mark.parametrize("interval, latency", [(4, 1), (4, 2), (4, 6), (5, 8), (7, 4)])
def test_flow_by_induction(interval: int, latency: int) -> None:
    contract = FlowContract(interval, latency)
    # as many clocks as a word may take to the output: the invariants say where every word is, not since when
    prove.assert_proved(contract, "prove", contract.patience + 2)


@pytest.mark.parametrize(
    "old, new, within",
    [
        ("Signal(range(self.depth + 1), init=self.depth)", "Signal(range(self.depth + 2), init=self.depth + 1)", 24),
        ("total.eq(credit + queue.taken)", "total.eq(credit + self.done)", 24),
        ("wait.eq(self.interval - 2)", "wait.eq(self.interval - 3)", 12),
        ("return ~accept & (wait == 0)", "return (wait == 0)", 12),
        ("queue.write.eq(self.done)", "queue.write.eq(self.done & ~queue.taken)", 20),
        ("delayed(m, accept, 1", "delayed(m, is_open, 1", 12),
        ("load.eq(opens)", "load.eq(opens & self.valid)", 12),
    ],
    ids=[
        "one credit too many",
        "credit comes back too early",
        "accepts a clock too early",
        "accepts twice",
        "loses a result that meets a fetch",
        "takes noise for a vector",
        "keeps what was there before",
    ],
)
def test_flow_with_a_bug(old: str, new: str, within: int) -> None:
    prove.assert_refuted(FlowContract(4, 3, prove.mutant(Flow, old, new)), within)
