"""Every user gets the numbers that frames entered with, each once and in order: proved by k-induction."""

from __future__ import annotations

from typing import Any

import prove
import pytest
from amaranth.hdl import Assert, Assume, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from contract import implies

from bittrue_rtl.frame_banks import FrameBanks

pytestmark = prove.needs_tools


class FrameBanksContract(wiring.Component):
    """Frames enter with numbers that count up, where there is room.

    Asserted: a user is offered the number that it has not taken yet, from the clock after its frame entered on; nothing
    is lost, and where all users wait for frames there is room for one.
    """

    bits = 3

    def __init__(self, ways: int, depth: int, banks: type = FrameBanks) -> None:
        assert depth < 1 << self.bits, "numbers that wait must differ"
        self.inductive, self.depth, self.dut = banks is FrameBanks, depth, banks(self.bits, ways, depth)
        super().__init__({"enter": In(1), "ready": In(ways)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        inside = prove.inside(dut) if self.inductive else None
        number = Signal(self.bits, name="number")
        m.d.comb += [dut.enter.eq(self.enter), dut.bank.eq(number), Assume(implies(self.enter, dut.room))]
        m.d.sync += number.eq(number + self.enter)
        idle, shut = Signal(), Signal(2)
        m.d.sync += shut.eq(Mux(idle & ~dut.room, shut + 1, 0))
        m.d.comb += Assert(shut < 2)
        empty = []
        for k, out in enumerate(dut.outputs):
            received, held = Signal(self.bits, name=f"received{k}"), Signal(self.bits, name=f"held{k}")
            taken = out.valid & self.ready[k]
            m.d.comb += [out.ready.eq(self.ready[k]), held.eq(number - received)]
            m.d.sync += received.eq(received + taken)
            m.d.comb += [
                Assert(out.valid == (held != 0)),
                Assert(implies(out.valid, out.payload == received)),
                Assert(held <= self.depth),
                Assert(implies(dut.room, held < self.depth)),
            ]
            empty.append(held == 0)
            if inside is not None:
                m.d.comb += [Assert(found) for found in self._invariants(m, inside, k, received, held)]
        m.d.comb += idle.eq(sum(empty) == len(empty))
        return m

    def _invariants(self, m: Module, inside: Any, k: int, received: Any, held: Any) -> list[Any]:
        """Counts and pointers, and what stands in every row of a memory."""
        numbers, depth = getattr(inside.submodules, f"numbers{k}"), self.depth
        read, write = numbers.read_ports[0], numbers.write_ports[0]
        found = [
            getattr(inside, f"stored{k}") == held,
            (read.addr < depth) & (write.addr < depth),
            write.addr == Mux(read.addr + held >= depth, read.addr + held - depth, read.addr + held),
        ]
        for address in range(depth):
            row = numbers.read_port(domain="comb")
            m.d.comb += row.addr.eq(address)
            place = Mux(address >= read.addr, address - read.addr, address + depth - read.addr)
            found.append(implies(place < held, row.data == (received + place)[: self.bits]))
        return found


@pytest.mark.parametrize("ways, depth", [(1, 2), (2, 3), (2, 5)])
def test_frame_banks_by_induction(ways: int, depth: int) -> None:
    prove.assert_proved(FrameBanksContract(ways, depth), "prove", 4)


BUGS = {
    "has room beyond its places": ("stored < self.depth - 1", "stored < self.depth"),
    "looks at one user only": ("Cat(*rooms).all()", "rooms[0]"),
    "offers what was taken": ("any_left(total, taken)", "any_left(stored, taken)"),
    "goes on without a user": ("(taken, read)", "(valid, read)"),
    "writes over the last number": ("(self.enter, write), (taken, read)", "(self.enter & valid, write), (taken, read)"),
    "never has room": ("self.room.eq(Cat(*rooms).all())", "self.room.eq(0)"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_frame_banks_with_a_bug(bug: str) -> None:
    prove.assert_refuted(FrameBanksContract(2, 3, prove.mutant(FrameBanks, *BUGS[bug])), 14)
