"""A small first-in first-out memory whose wide registers are enabled by registered strobes only."""

from __future__ import annotations

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE


class Queue(wiring.Component):
    """``depth`` payloads in distributed RAM behind an output register.

    The register is loaded by a strobe that is itself a register, so a payload of hundreds of bits has no decoded clock
    enable; the price is that payloads leave every second clock at most. A write takes ``latency`` clocks to the
    output. Writing into a full queue is the writer's error: `taken` tells when a place becomes free.

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

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        self.shape, self.depth = shape, depth
        super().__init__({"write": In(1), "payload": In(shape), "o": Out(stream.Signature(shape)), "taken": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.storage = storage = memory.Memory(
            shape=self.shape, depth=max(2, self.depth), init=[], attrs={"ram_style": "distributed"}
        )
        write, read = storage.write_port(), storage.read_port(domain="comb")
        stored = Signal(range(self.depth + 1))
        fetch = Signal(attrs=WIDE)
        valid = Signal()
        payload = Signal(self.shape, reset_less=True)
        last = storage.depth - 1
        m.d.comb += [write.en.eq(self.write), write.data.eq(self.payload), self.taken.eq(fetch)]
        m.d.sync += stored.eq(stored + self.write - fetch)
        m.d.sync += fetch.eq(~fetch & ((stored != 0) | self.write) & (~valid | self.o.ready))
        for strobe, port in ((self.write, write), (fetch, read)):
            with m.If(strobe):
                with m.If(port.addr == last):
                    m.d.sync += port.addr.eq(0)
                with m.Else():
                    m.d.sync += port.addr.eq(port.addr + 1)
        with m.If(fetch):
            m.d.sync += [payload.eq(read.data), valid.eq(1)]
        with m.Elif(self.o.ready):
            m.d.sync += valid.eq(0)
        m.d.comb += [self.o.valid.eq(valid), self.o.payload.eq(payload)]
        return m


class StreamQueue(wiring.Component):
    """A `Queue` with a stream on both sides: slack for the shorter of two branches that meet again.

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
        m.submodules.queue = queue = Queue(self.shape, self.depth)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        free = Signal(range(self.depth + 1), init=self.depth)
        ready = Signal()
        payload = Signal(self.shape, reset_less=True)
        m.d.sync += payload.eq(self.i.payload)
        accept = ready & self.i.valid
        m.d.sync += [
            free.eq(free - accept + queue.taken),
            ready.eq(~accept & (free != 0)),
        ]
        m.d.comb += [
            self.i.ready.eq(ready),
            queue.write.eq(delayed(m, accept, 1, "accepted", reset=True)),
            queue.payload.eq(payload),
        ]
        return m
