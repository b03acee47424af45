"""The AXI4-Lite slave keeps the rules of the bus: every request is answered once, in order, with what was asked.

Proved by k-induction: for ever, with resets at any time, for any host that keeps the rules itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import prove
import pytest
from amaranth.hdl import Assert, Assume, Module, Mux, Signal, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from contract import implies

from bittrue_rtl.axi_lite import AxiLiteSlave

pytestmark = prove.needs_tools

ANSWER = 2
PATIENCE = ANSWER + 6


class Host(wiring.Component):
    """A host that numbers what it sends on each channel, and shows something else in between; and the registers, which
    echo the index they are asked for.

    Assumed: an offer stays until it is taken. Asserted: writes reach the registers in order, address with its data;
    answers come in order, each once, none before its request, within `PATIENCE` clocks; they stay until they are
    taken; an idle slave opens its channels.
    """

    def __init__(self, slave: type = AxiLiteSlave) -> None:
        self.slave, self.inductive = slave(5, ANSWER), slave is AxiLiteSlave
        super().__init__({name: In(1) for name in ("awvalid", "wvalid", "bready", "arvalid", "rready")})
        names = ("addresses", "words", "writes", "answers", "asked", "told")
        self.counts = {name: Signal(3, name=name) for name in names}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.slave = slave = self.slave
        counts, echo = self.counts, Signal(3, reset_less=True)
        m.d.sync += echo.eq(slave.read_index)
        m.d.comb += [getattr(slave, name).eq(getattr(self, name)) for name in ("bready", "rready")]
        m.d.comb += [
            slave.awaddr.eq(Mux(self.awvalid, counts["addresses"], ~counts["addresses"])[:3] << 2),
            slave.wdata.eq(Mux(self.wvalid, counts["words"], ~counts["words"])[:3]),
            slave.wstrb.eq(slave.wdata),
            slave.araddr.eq(Mux(self.arvalid, counts["asked"], ~counts["asked"])[:3] << 2),
            slave.read_data.eq(echo),
        ]
        for channel in ("aw", "w", "ar"):
            valid, waiting = getattr(self, f"{channel}valid"), Signal(name=f"{channel}_waiting")
            m.d.comb += [getattr(slave, f"{channel}valid").eq(valid), Assume(valid | ~waiting)]
            m.d.sync += waiting.eq(valid & ~getattr(slave, f"{channel}ready"))
        moves = {
            "addresses": slave.awvalid & slave.awready,
            "words": slave.wvalid & slave.wready,
            "writes": slave.write,
            "answers": slave.bvalid & slave.bready,
            "asked": slave.arvalid & slave.arready,
            "told": slave.rvalid & slave.rready,
        }
        m.d.sync += [counts[name].eq(counts[name] + move) for name, move in moves.items()]
        m.d.comb += [Assert(condition) for condition in self.promises(m)]
        if self.inductive:
            m.d.comb += [Assert(condition) for condition in self.invariants()]
        return m

    def apart(self, ahead: str, behind: str) -> Signal:
        """How many more of one there have been than of the other."""
        return (self.counts[ahead] - self.counts[behind])[:3]

    def promises(self, m: Module) -> Sequence[ValueLike]:
        slave, counts = self.slave, self.counts
        both = (self.apart("addresses", "answers") != 0) & (self.apart("words", "answers") != 0)
        reading = self.apart("asked", "told") != 0
        idle = self.apart("addresses", "answers") == 0, self.apart("words", "answers") == 0, ~reading
        found: list[ValueLike] = [
            slave.bresp == 0,
            slave.rresp == 0,
            implies(slave.write, (slave.write_index == counts["writes"]) & (slave.write_data == counts["writes"])),
            implies(slave.write, slave.write_bytes == (counts["writes"] & 15)),
            implies(slave.write, (self.apart("addresses", "writes") != 0) & (self.apart("words", "writes") != 0)),
            implies(slave.bvalid, self.apart("writes", "answers") == 1),
            implies(slave.rvalid, (self.apart("asked", "told") == 1) & (slave.rdata == counts["told"])),
        ]
        waits = [("late_b", both, slave.bvalid), ("late_r", reading, slave.rvalid)]
        opens = zip(("shut_aw", "shut_w", "shut_ar"), idle, (slave.awready, slave.wready, slave.arready), strict=True)
        for name, wanted, given in (*waits, *opens):
            clocks = Signal(range(PATIENCE + 1), name=name)
            m.d.sync += clocks.eq(Mux(wanted & ~given, clocks + 1, 0))
            found.append(clocks < PATIENCE)
        for name, valid, ready in (("b", slave.bvalid, slave.bready), ("r", slave.rvalid, slave.rready)):
            stalled = Signal(name=f"{name}_stalled")
            m.d.sync += stalled.eq(valid & ~ready)
            found.append(implies(stalled, valid))
        return found

    def invariants(self) -> Sequence[ValueLike]:
        """What connects the numbers to the registers of the slave."""
        slave, counts, inside = self.slave, self.counts, prove.inside(self.slave)
        under_way = slave.write + sum(inside.answer[k] for k in range(ANSWER)) + slave.bvalid
        arriving = inside.arrives[0] + inside.arrives[1] + slave.rvalid
        return [
            self.apart("addresses", "writes") == inside.address_held + slave.write,
            self.apart("words", "writes") == inside.data_held + slave.write,
            (self.apart("writes", "answers") + slave.write)[:3] == inside.answering,
            under_way == inside.answering,
            arriving == inside.reading,
            self.apart("asked", "told") == inside.reading,
            implies(slave.write, ~inside.address_held & ~inside.data_held & ~slave.awready & ~slave.wready),
            implies(slave.awready, ~inside.address_held),
            implies(slave.wready, ~inside.data_held),
            implies(slave.arready, ~inside.reading),
            implies(inside.address_held | slave.write, slave.write_index == counts["writes"]),
            implies(inside.data_held | slave.write, slave.write_data == counts["writes"]),
            implies(inside.data_held | slave.write, slave.write_bytes == (counts["writes"] & 15)),
            implies(inside.reading, slave.read_index == counts["told"]),
        ]


def test_slave_by_induction() -> None:
    prove.assert_proved(Host(), "prove", PATIENCE + 2)


@pytest.mark.parametrize(
    "old, new",
    [
        ("commit = held[0] & held[1] & ~answering", "commit = held[0] & ~answering"),
        ("commit = held[0] & held[1] & ~answering", "commit = held[0] & held[1]"),
        ("with m.Elif(self.bvalid & self.bready):", "with m.Elif(self.bvalid):"),
        ("with m.Elif(self.rready):", "with m.Elif(self.rvalid):"),
        ("with m.If(self.awready):", "with m.If(1):"),
        ("with m.If(self.arready):", "with m.If(self.rready):"),
        ("[reading.eq(1), self.arready.eq(0)]", "[reading.eq(1)]"),
        ("m.d.sync += here.eq(0)", "m.d.sync += here.eq(here)"),
        ("READ = 2", "READ = 1"),
    ],
    ids=[
        "writes without data",
        "writes before the answer is taken",
        "takes its answer back",
        "takes its word back",
        "takes an address that is not its own",
        "asks for another word",
        "stays open",
        "writes twice",
        "reads too early",
    ],
)
def test_slave_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(Host(prove.mutant(AxiLiteSlave, old, new)), 24)
