"""Whole frames pass in order, each word once, and of the others no word: proved by k-induction, with any resets."""

from __future__ import annotations

from typing import Any

import prove
import pytest
from amaranth.hdl import Assert, Assume, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from contract import implies

from bittrue_rtl.framer import Framer

pytestmark = prove.needs_tools


class FramerContract(wiring.Component):
    """Words that know whether their frame will be whole: its words are numbered, those of the others carry a mark.

    Asserted: the words that leave are those numbers in order, without the mark, with the marks of their place; a strobe
    tells of every frame; an offered word stays until it is taken; no word of a whole frame waits longer than the
    memory's latency, and an empty memory opens the input.
    """

    bits, patience = 4, 5

    def __init__(self, words: int, depth: int, framer: type = Framer) -> None:
        self.inductive, self.words, self.depth = framer is Framer, words, depth
        assert depth + 2 < 1 << self.bits, "numbers of words inside must differ"
        self.dut = framer(self.bits + 1, words, depth)
        super().__init__({name: In(1) for name in ("offer", "last", "doom", "packets", "open", "ready")})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        self.inside = prove.inside(dut) if self.inductive else None
        self.number, self.doomed = Signal(self.bits, name="number"), Signal(name="doomed")
        self.place, self.skip = Signal(range(self.words + 1), name="place"), Signal(name="skip")
        accepted = self.offer & dut.i.ready
        doomed = Mux(self.place == 0, self.doom, self.doomed)
        m.d.comb += [
            dut.i.valid.eq(self.offer),
            dut.i.payload.last.eq(self.last),
            dut.i.payload.data.eq(Cat((self.number + self.place)[: self.bits], doomed)),
            dut.packets.eq(self.packets),
            dut.open.eq(self.open),
            dut.o.ready.eq(self.ready),
        ]
        refused, before = Signal(name="refused"), Signal(2, name="offered_before")
        offered = Cat(self.last, self.doom)
        m.d.sync += [refused.eq(self.offer & ~dut.i.ready), before.eq(offered), self.doomed.eq(doomed)]
        m.d.comb += Assume(implies(refused, self.offer & (before == offered)))
        self._follow(m, accepted, doomed)
        self._leave(m)
        return m

    def _follow(self, m: Module, accepted: Any, doomed: Any) -> None:
        """What a word means, and what the strobes must say a clock later."""
        end = self.place == self.words - 1
        counts = accepted & ~self.skip
        good = counts & end & (self.last | self.packets)
        bad = counts & Mux(end, ~(self.last | self.packets), self.last)
        m.d.comb += [Assume(implies(good, ~doomed)), Assume(implies(bad, doomed))]
        with m.If(good):
            m.d.sync += [self.place.eq(0), self.number.eq(self.number + self.words)]
        with m.Elif(bad):
            m.d.sync += [self.place.eq(0), self.skip.eq(end)]
        with m.Elif(counts):
            m.d.sync += self.place.eq(self.place + 1)
        with m.Elif(accepted & self.last):
            m.d.sync += self.skip.eq(0)
        for name, now in (("whole", good), ("short", bad & ~end), ("long", bad & end)):
            told = Signal(name=f"told_{name}")
            m.d.sync += told.eq(now)
            m.d.comb += Assert(getattr(self.dut, name) == told)
        last = Signal(name="told_last")
        m.d.sync += last.eq(self.last)
        m.d.comb += Assert(implies(self.dut.whole, self.dut.last == last))

    def _leave(self, m: Module) -> None:
        dut, o = self.dut, self.dut.o
        received, held = Signal(self.bits, name="received"), Signal(self.bits, name="held")
        place, stalled = Signal(range(self.words + 1), name="given_place"), Signal(name="stalled")
        taken, last = o.valid & self.ready, place == self.words - 1
        m.d.comb += held.eq(self.number - received)
        m.d.sync += [received.eq(received + taken), stalled.eq(o.valid & ~self.ready)]
        with m.If(taken):
            m.d.sync += place.eq(Mux(last, 0, place + 1))
        with m.If(o.valid):
            m.d.comb += [
                Assert(o.payload.data == Cat(received, 0)),
                Assert((o.payload.first == (place == 0)) & (o.payload.ends == last)),
                Assert(held != 0),
            ]
        m.d.comb += [Assert(implies(stalled, o.valid)), Assert(held <= self.depth + 2)]
        late, shut = Signal(range(self.patience + 1)), Signal(range(self.patience + 1))
        m.d.sync += [
            late.eq(Mux((held != 0) & ~o.valid, late + 1, 0)),
            shut.eq(Mux((held == 0) & self.open & ~dut.i.ready, shut + 1, 0)),
        ]
        m.d.comb += [Assert(late < self.patience), Assert(shut < self.patience)]
        if self.inside is not None:
            m.d.comb += [Assert(found) for found in self._invariants(m, received, held, place)]

    def _invariants(self, m: Module, received: Any, held: Any, place: Any) -> list[Any]:
        """Places, counts and pointers, and what stands in every row of the memory."""
        inside, dut, depth = self.inside, self.dut, self.depth
        storage = inside.submodules.storage
        read, write = storage.read_ports[0], storage.write_ports[0]
        whole, back = dut.whole, inside.back
        stored, valid, used, fetched = inside.stored, inside.valid, inside.used, inside.fetched

        def onwards(address: Any, count: Any) -> Any:
            return Mux(address + count >= depth, address + count - depth, address + count)

        committed = stored + Mux(whole, self.words, 0)
        found = [
            (inside.place == self.place) & (inside.skip == self.skip) & (self.place < self.words),
            implies(back, (self.place == 0) & ~whole & (used >= stored + inside.moved)),
            implies(~back, used == committed + self.place + inside.moved),
            (used <= depth) & (stored <= depth) & (read.addr < depth) & (write.addr < depth) & (inside.begin < depth),
            held == committed + valid + fetched,
            write.addr == onwards(read.addr, used - inside.moved),
            implies(~whole, inside.begin == onwards(read.addr, stored)),
            implies(inside.room, used < depth),
            inside.some == (stored != 0),
            (inside.given_place == place) & (inside.given_first == (place == 0)),
            inside.given_ends == (place == self.words - 1),
            (place < self.words) & ((place + held) % self.words == 0),
            implies(valid, inside.word == Cat(received, 0)),
            implies(fetched, read.data == Cat((received + valid)[: self.bits], 0)),
        ]
        there = used - inside.moved
        rows = [storage.read_port(domain="comb") for _ in range(depth)]
        m.d.comb += [row.addr.eq(k) for k, row in enumerate(rows)]
        for k, row in enumerate(rows):
            position = Mux(k >= read.addr, k - read.addr, k + depth - read.addr)
            number = (received + valid + fetched + position)[: self.bits]
            found += [
                implies(position < committed, row.data == Cat(number, 0)),
                implies(~back & (position >= committed) & (position < there), row.data == Cat(number, self.doomed)),
            ]
        return found


@pytest.mark.parametrize("words, depth", [(1, 2), (2, 4), (3, 5)])
def test_framer_by_induction(words: int, depth: int) -> None:
    prove.assert_proved(FramerContract(words, depth), "prove", 6)


BUGS = {
    "passes a short frame on": ("good = ended & (", "good = (ended | (accept & ~skip & self.i.payload.last)) & ("),
    "passes a long frame on": ("good = ended & (self.i.payload.last | self.packets)", "good = ended"),
    "does not skip the rest": ("m.d.sync += skip.eq(1)", "m.d.sync += skip.eq(0)"),
    "skips the frame after": ("with m.Elif(accept & self.i.payload.last):", "with m.Elif(good):"),
    "forgets to go back": ("write.addr.eq(begin), ", ""),
    "keeps the places of a dropped frame": (", used.eq(stored)]", "]"),
    "begins where the frame began": ("with m.If(self.whole):", "with m.If(0):"),
    "overruns": ("(used < self.depth - 1)", "(used < self.depth)"),
    "takes a word while it goes back": ("(skip | room) & ~back", "skip | room"),
    "takes one more without packets": ("self.packets),", "0),"),
    "marks the wrong end": ('self.words, "given")', 'self.words - 1, "given")'),
    "overwrites its output": ("fetched & (~valid | self.o.ready)", "fetched"),
    "does not stop": (" & self.open", ""),
}


@pytest.mark.parametrize("bug", BUGS)
def test_framer_with_a_bug(bug: str) -> None:
    old, new = BUGS[bug]
    contract = StopContract if bug == "does not stop" else FramerContract
    prove.assert_refuted(contract(3, 5, prove.mutant(Framer, old, new)), 20)


class StopContract(FramerContract):
    """With ``open`` low for long nothing more is stored."""

    def _leave(self, m: Module) -> None:
        closed = Signal(range(4))
        m.d.sync += closed.eq(Mux(self.open, 0, Mux(closed == 3, 3, closed + 1)))
        m.d.comb += Assert(implies((closed == 3) & ~self.skip, ~(self.offer & self.dut.i.ready)))


def test_framer_stops() -> None:
    prove.assert_proved(StopContract(3, 5), "bmc", 12)
