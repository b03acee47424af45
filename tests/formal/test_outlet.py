"""As many words leave as were asked for, in order, and TLAST with the right ones: proved by k-induction."""

from __future__ import annotations

from typing import Any

import prove
import pytest
from amaranth.hdl import Assert, Assume, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from contract import implies

from bittrue_rtl.outlet import Outlet

COUNT = 4
"""Bits of the counters: what they count to does not matter."""
ENDLESS = (1 << COUNT) - 1
pytestmark = prove.needs_tools


class OutletContract(wiring.Component):
    """Words are numbered as they are taken. What was asked for last, and how many were taken since, is counted here.

    Asserted: a word is taken only while some are left, and always where one is offered, the output waits for nothing
    and no border holds it; none that begins a frame under ``hold``; TLAST is that of the word's place; words leave in
    order, and an offered one stays until it is taken.
    """

    bits = 4

    def __init__(self, words: int, outlet: type = Outlet) -> None:
        self.words, self.inductive = words, outlet is Outlet
        self.dut = outlet(self.bits + 1, words, COUNT)
        super().__init__(
            {name: In(1) for name in ("offer", "ready", "load", "hold")} | {"count": In(COUNT), "packet": In(COUNT)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        inside = prove.inside(dut) if self.inductive else None
        left, size, since = (Signal(COUNT, name=name) for name in ("left_here", "size_here", "since"))
        asked, number, place = (
            Signal(COUNT, name="asked"),
            Signal(self.bits, name="number"),
            Signal(range(self.words + 1)),
        )
        taken = self.offer & dut.i.ready
        last = ((left == 1) & (asked != ENDLESS)) | ((size != 0) & (since + 1 == size))
        m.d.comb += [
            dut.i.valid.eq(self.offer),
            dut.i.payload.eq(number),
            dut.o.ready.eq(self.ready),
            dut.load.eq(self.load),
            dut.count.eq(self.count),
            dut.packet.eq(self.packet),
            dut.hold.eq(self.hold),
            Assume(self.packet < 1 << (COUNT - 1)),
        ]
        running = (asked == ENDLESS) | (left != 0)
        with m.If(taken):
            m.d.sync += [number.eq(number + 1), place.eq(Mux(place == self.words - 1, 0, place + 1))]
        with m.If(self.load):
            m.d.sync += [asked.eq(self.count), left.eq(self.count), size.eq(self.packet), since.eq(0)]
        with m.Elif(taken):
            m.d.sync += [left.eq(left - 1), since.eq(Mux(since + 1 == size, 0, since + 1))]
        free = running & ~(self.hold & (place == 0))
        m.d.comb += [
            Assert(implies(dut.i.ready, free)),
            Assert(dut.running == running),
            Assert(dut.first == (place == 0)),
            Assert(dut.ended == (taken & (place == self.words - 1))),
        ]
        self._leave(m, taken, last, number, free)
        if inside is not None:
            m.d.comb += [Assert(found) for found in self._invariants(inside, left, size, since, asked, place)]
        return m

    def _leave(self, m: Module, taken: Any, last: Any, number: Any, free: Any) -> None:
        """What comes out: numbers in order, each with the TLAST that it was taken with."""
        o = self.dut.o
        received, stalled = Signal(self.bits, name="received"), Signal(name="stalled")
        marks = [Signal(name=f"mark{k}") for k in range(2)]  # of the words inside, the one that leaves first
        held, gone = (number - received)[: self.bits], o.valid & self.ready
        m.d.sync += [received.eq(received + gone), stalled.eq(o.valid & ~self.ready)]
        with m.If(gone):
            m.d.sync += marks[0].eq(marks[1])
        after = (held - gone)[: self.bits]
        with m.If(taken):
            for k, mark in enumerate(marks):
                with m.If(after == k):
                    m.d.sync += mark.eq(last)
        m.d.comb += [
            Assert(held <= 2),
            Assert(o.valid == (held != 0)),
            Assert(implies(stalled, o.valid)),
            Assert(implies(o.valid, (o.payload.data == received) & (o.payload.last == marks[0]))),
            Assert(implies(free & (held < 2), self.dut.i.ready)),
        ]
        if self.inductive:
            sink = prove.inside(self.dut).submodules.sink
            inner = prove.inside(sink)
            second = inner.held  # data, and TLAST above it
            m.d.comb += [
                Assert(inner.full == (held == 2)),
                Assert(inner.valid == (held != 0)),
                Assert(inner.empty == ~inner.valid),
                Assert(
                    implies(
                        inner.full, (second[: self.bits + 1] == (received + 1)[: self.bits]) & (second[-1] == marks[1])
                    )
                ),
            ]

    def _invariants(self, inside: Any, left: Any, size: Any, since: Any, asked: Any, place: Any) -> list[Any]:
        dut, endless = self.dut, asked == ENDLESS
        return [
            inside.left == left,
            inside.endless == endless,
            inside.ends == ((left == 1) & ~endless),
            implies(~endless, left <= asked),
            (inside.size == size) & (inside.packets == (size != 0)) & (size < 1 << (COUNT - 1)),
            implies(size != 0, (since < size) & (inside.until == size - since)),
            inside.closes == ((size != 0) & (since + 1 == size)),
            (inside.beat == place) & (place < self.words),
            implies(dut.running & ~endless, left != 0),
        ]


@pytest.mark.parametrize("words", [1, 3])
def test_outlet_by_induction(words: int) -> None:
    prove.assert_proved(OutletContract(words), "prove", 3)


BUGS = {
    "takes one too many": ("running.eq(~ends)", "running.eq(left != 0)"),
    "begins a frame under hold": ("~(self.hold & first)", "~(self.hold & ~first)"),
    "ends one too soon": ("(left == 2) & ~endless", "(left == 3) & ~endless"),
    "ends a stream without end": ("endless.eq(self.count.all())", "endless.eq(0)"),
    "closes no packet but the first": ("Mux(closes, size == 1, until == 2)", "Mux(closes, 0, until == 2)"),
    "counts a packet too long": ("Mux(closes, size, until - 1)", "Mux(closes, size + 1, until - 1)"),
    "forgets which word is first": ("first.eq(end)", "first.eq(0)"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("bug", BUGS)
def test_outlet_with_a_bug(bug: str) -> None:
    old, new = BUGS[bug]
    prove.assert_refuted(OutletContract(3, prove.mutant(Outlet, old, new)), 12)
