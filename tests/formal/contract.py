"""What every stream stage promises, as assertions around it.

No stage looks at its payload, so one payload pattern stands for all: words are numbered as they are accepted. A word
lost, doubled, invented or out of order shows as a wrong number at the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import prove
from amaranth.hdl import Assert, Module, Mux, Signal, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from bittrue_rtl.queue import Queue


class Contract(wiring.Component):
    """A stage with streams ``i`` and ``o``, fed with numbered words whenever ``offer`` is high.

    Asserted: words leave in order, each once; an offered word stays, unchanged, until it is taken; at most
    ``capacity`` words are inside; a word inside comes to the output, and an empty stage opens its input, within
    ``patience`` clocks. `invariants` make the proof inductive; they are asserted, never assumed, and left out where a
    bug is to be found: it must break a promise.
    """

    bits = 5

    def __init__(self, dut: Any, capacity: int, patience: int, inductive: bool) -> None:
        assert capacity < 1 << self.bits, "numbers of words inside must differ"
        self.dut, self.capacity, self.patience, self.inductive = dut, capacity, patience, inductive
        super().__init__({"offer": In(1), "ready": In(1)})
        self.sent, self.received, self.held = (Signal(self.bits, name=name) for name in ("sent", "received", "held"))

    def input(self, m: Module) -> ValueLike:
        """Connect the input with words ``self.sent``; high where one is accepted."""
        m.d.comb += [self.dut.i.valid.eq(self.offer), self.dut.i.payload.eq(self.sent)]
        return self.offer & self.dut.i.ready

    def open(self) -> ValueLike:
        """The input takes a word that is offered."""
        return self.dut.i.ready

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        """What connects the numbers to the registers of the stage."""
        raise NotImplementedError

    def number(self, position: ValueLike) -> Any:
        """Number of the word with ``position`` words in front of it."""
        return (self.received + position)[: self.bits]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = self.dut
        o = self.dut.o
        accepted, taken = Signal(), Signal()
        m.d.comb += [
            accepted.eq(self.input(m)),
            o.ready.eq(self.ready),
            taken.eq(o.valid & o.ready),
            self.held.eq(self.sent - self.received),
        ]
        m.d.sync += [self.sent.eq(self.sent + accepted), self.received.eq(self.received + taken)]
        stalled, before = Signal(), Signal.like(o.payload, name="before")
        m.d.sync += [stalled.eq(o.valid & ~o.ready), before.eq(o.payload)]
        m.d.comb += Assert(self.held <= self.capacity)
        with m.If(o.valid):
            m.d.comb += [Assert(self.held != 0), Assert(self.expected(o.payload))]
        with m.If(stalled):
            m.d.comb += [Assert(o.valid), Assert(o.payload == before)]
        for name, wanted, given in (("late", self.held != 0, o.valid), ("shut", self.held == 0, self.open())):
            clocks = Signal(range(self.patience + 1), name=name)
            m.d.sync += clocks.eq(Mux(wanted & ~given, clocks + 1, 0))
            m.d.comb += Assert(clocks < self.patience)
        if self.inductive:
            m.d.comb += [Assert(condition) for condition in self.invariants(m)]
        return m

    def expected(self, payload: Any) -> ValueLike:
        """The output payload is the one that is due."""
        return payload == self.received


class Books(Contract):
    """Of a queue whose writer keeps the books: a place is free at the start, and again when `taken` says so.

    Parameters
    ----------
    queue : type
        Of one depth; `inside` knows ``known`` alone, so that other ones, and other ``places``, are not inductive.
    places : int, optional
        That the writer believes in, the depth without.
    """

    known: type

    def __init__(self, queue: type, depth: int, capacity: int, patience: int, places: int | None = None) -> None:
        inductive = queue is self.known and places is None
        super().__init__(queue(self.bits, depth), capacity, patience, inductive)
        self.places = depth if places is None else places
        self.free = Signal(range(self.places + 1), init=self.places)

    def open(self) -> ValueLike:
        return self.free != 0

    def input(self, m: Module) -> ValueLike:
        write = self.offer & (self.free != 0)
        m.d.comb += [self.dut.write.eq(write), self.dut.payload.eq(self.sent)]
        m.d.sync += self.free.eq(self.free - write + self.dut.taken)
        return write

    def inside(self, m: Module) -> tuple[Sequence[ValueLike], ValueLike, ValueLike]:
        """Invariants of the queue, and how many words are in its places and ahead of them."""
        raise NotImplementedError

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        found, stored, ahead = self.inside(m)
        return [*found, self.held == stored + ahead, self.free + stored == self.places]


def implies(condition: ValueLike, conclusion: ValueLike) -> ValueLike:
    """``conclusion`` holds where ``condition`` does."""
    return ~condition | conclusion


def stored_words(contract: Contract, m: Module, queue: Queue) -> tuple[list[ValueLike], Signal, Signal]:
    """Invariants of a `Queue`: its pointers, its count, and the number in every row of its memory in use.

    Then how many words its memory and its output register hold.
    """
    inside = prove.inside(queue)
    storage = inside.submodules.storage
    read, write = storage.read_ports[0], storage.write_ports[0]
    rows = [storage.read_port(domain="comb") for _ in range(storage.depth)]
    m.d.comb += [row.addr.eq(k) for k, row in enumerate(rows)]
    apart = Mux(write.addr >= read.addr, write.addr - read.addr, write.addr + storage.depth - read.addr)
    found: list[ValueLike] = [
        inside.stored <= queue.depth,
        implies(inside.fetch, ~inside.valid & (inside.stored != 0)),
        implies(queue.write, inside.stored < queue.depth),
        read.addr < storage.depth,
        write.addr < storage.depth,
        Mux(inside.stored == storage.depth, apart == 0, apart == inside.stored),
        implies(inside.valid, inside.payload == contract.received),
    ]
    for k, row in enumerate(rows):
        position = Mux(k >= read.addr, k - read.addr, k + storage.depth - read.addr)
        found.append(implies(position < inside.stored, row.data == contract.number(position + inside.valid)))
    return found, inside.stored, inside.valid
