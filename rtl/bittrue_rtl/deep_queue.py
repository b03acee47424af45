"""Queues of beats in block RAM: as many words as there are blocks, one in and one out in every clock."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, ShapeLike, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.slack import FRONT
from bittrue_rtl.beats import BeatQueue, BeatStreamQueue, any_left
from bittrue_rtl.pieces import UNSET, Pieces, picked


class DeepQueue(wiring.Component):
    """``depth`` payloads in block RAM, each piece of it with a register behind (`bittrue_rtl.pieces`), and a front: a
    `BeatQueue` of `FRONT` places that the memory keeps filled.

    A payload is read as soon as the front has a place that nothing on its way there needs, so what comes out of the
    registers never waits. A write takes ``latency`` clocks to the output. Writing into a full queue is the writer's
    error: `taken` tells when a place becomes free.

    Ports
    -----
    write : in
        ``payload`` is stored in this clock.
    payload : shape, in
    o : stream, out
    taken : out
        A payload is read on its way to the front: its place is free.
    """

    latency = 5

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        self.shape, self.depth = shape, depth
        super().__init__({"write": In(1), "payload": In(shape), "o": Out(stream.Signature(shape)), "taken": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        depth = max(2, self.depth)
        payload = Value.cast(self.payload)
        pieces = Pieces(m, len(payload), [0] * depth, 1, 0, {"ram_style": "block", UNSET: "1"})
        m.submodules.front = front = BeatQueue(self.shape, FRONT)
        wiring.connect(m, front.o, wiring.flipped(self.o))
        stored = Signal(range(depth + 1))
        total = Signal(range(depth + 2))
        some = Signal()
        free = Signal(range(FRONT + 1), init=FRONT)
        there = Signal(range(FRONT + 2))
        room = Signal(init=1)
        move = Signal()
        fetched = Signal()
        behind = Signal()
        write_address = Signal(range(depth))
        read_address = Signal(range(depth))
        m.d.comb += [
            move.eq(some & room),
            self.taken.eq(move),
            total.eq(stored + self.write),
            there.eq(free + front.taken),
            front.write.eq(behind),
            Value.cast(front.payload).eq(picked(m, pieces.read(read_address), read_address, "word")),
        ]
        m.d.sync += [
            stored.eq(total - move),
            some.eq(any_left(total, move)),
            free.eq(there - move),
            room.eq(any_left(there, move)),
            fetched.eq(move),
            behind.eq(fetched),
        ]
        pieces.write(self.write, write_address, payload)
        for strobe, address in ((self.write, write_address), (move, read_address)):
            with m.If(strobe):
                m.d.sync += address.eq(Mux(address == depth - 1, 0, address + 1))
        return m


class DeepStreamQueue(BeatStreamQueue):
    """A `DeepQueue` with a stream on both sides: slack for the shorter of two branches that meet again much later."""

    def queue(self) -> DeepQueue:
        return DeepQueue(self.shape, self.depth)
