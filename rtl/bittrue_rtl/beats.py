"""Queues of beats: one in and one out in every clock."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, ShapeLike, Signal, Value
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import SHALLOW
from bittrue_rtl.delay import delayed


def any_left(total: Value, taken: Value) -> Value:
    """Whether ``total - taken`` is not 0, ``taken`` being a bit that comes late."""
    return Mux(taken, total > 1, total != 0)


class BeatQueue(wiring.Component):
    """``depth`` payloads in a memory whose output register is the head of the stream.

    A write takes ``latency`` clocks to the output. Writing into a full queue is the writer's error: `taken` tells when
    a place becomes free.

    Parameters
    ----------
    shape : ShapeLike
    depth : int
    shallow : int
        Payloads of the deepest queue that is distributed RAM.

    Ports
    -----
    write : in
        ``payload`` is stored in this clock.
    payload : shape, in
    o : stream, out
    taken : out
        A payload left the memory for the output register in this clock: its place is free.
    """

    latency = 2

    def __init__(self, shape: ShapeLike, depth: int, shallow: int = SHALLOW) -> None:
        self.shape, self.depth, self.shallow = shape, depth, shallow
        super().__init__({"write": In(1), "payload": In(shape), "o": Out(stream.Signature(shape)), "taken": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        depth = max(2, self.depth)
        style = "block" if depth > self.shallow else "distributed"
        m.submodules.storage = storage = memory.Memory(
            shape=self.shape, depth=depth, init=[], attrs={"ram_style": style}
        )
        write, read = storage.write_port(), storage.read_port()
        stored = Signal(range(depth + 1))
        total = Signal(range(depth + 2))
        some = Signal()
        valid = Signal()
        move = some & (~valid | self.o.ready)
        m.d.comb += [
            total.eq(stored + self.write),
            write.en.eq(self.write),
            write.data.eq(self.payload),
            read.en.eq(move),
            self.taken.eq(move),
            self.o.valid.eq(valid),
            self.o.payload.eq(read.data),
        ]
        m.d.sync += [stored.eq(total - move), some.eq(any_left(total, move)), valid.eq(move | (valid & ~self.o.ready))]
        for strobe, port in ((self.write, write), (move, read)):
            with m.If(strobe):
                m.d.sync += port.addr.eq(Mux(port.addr == depth - 1, 0, port.addr + 1))
        return m


class BeatStreamQueue(wiring.Component):
    """A `BeatQueue` of LUTs with a stream on both sides: slack for the shorter of two branches that meet again.

    Ports
    -----
    i : stream, in
    o : stream, out
    """

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        self.shape, self.depth = shape, depth
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.queue = queue = self.queue()
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        free = Signal(range(self.depth + 1), init=self.depth)
        total = Signal(range(self.depth + 2))
        ready = Signal()
        payload = Signal(self.shape, reset_less=True)
        accept = ready & self.i.valid
        m.d.comb += [
            total.eq(free + queue.taken),
            self.i.ready.eq(ready),
            queue.write.eq(delayed(m, accept, 1, "accepted", reset=True)),
            queue.payload.eq(payload),
        ]
        m.d.sync += [payload.eq(self.i.payload), free.eq(total - accept), ready.eq(any_left(total, accept))]
        return m

    def queue(self) -> Any:
        """The queue behind the register at the input."""
        return BeatQueue(self.shape, self.depth, shallow=max(2, self.depth))
