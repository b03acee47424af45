"""The way out of a stream that has no end: as many words as were asked for."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue_rtl.streams import SkidBuffer


class Outlet(wiring.Component):
    """Takes words from ``i`` while some are asked for, and knows where frames begin.

    Parameters
    ----------
    bits : int
        Of a word.
    words : int
        Of a frame.
    count_bits : int
        Of ``count`` and ``packet``.

    Ports
    -----
    i : stream of bits, in
    o : stream of {data, last}, out
        ``last`` is high with the last word that was asked for, and with every ``packet`` th.
    load : in
        From the next clock on ``count`` words are taken, and no more: all ones have no end, 0 stops.
    count, packet : unsigned(count_bits), in
        Taken with ``load``; packets of 0 words have no end.
    hold : in
        No word is taken that begins a frame.
    first : out
        The next word begins a frame.
    ended : out
        The last word of a frame is taken in this clock.
    running : out
        Words are asked for.
    """

    def __init__(self, bits: int, words: int, count_bits: int = 32) -> None:
        self.words, self.count_bits = words, count_bits
        self.made = data.StructLayout({"data": bits, "last": 1})
        strobes = {name: Out(1) for name in ("first", "ended", "running")}
        wanted = {"load": In(1), "count": In(count_bits), "packet": In(count_bits), "hold": In(1)}
        super().__init__({"i": In(stream.Signature(bits)), "o": Out(stream.Signature(self.made)), **wanted, **strobes})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.sink = sink = SkidBuffer(self.made)
        wiring.connect(m, sink.o, wiring.flipped(self.o))
        beat = Signal(range(max(2, self.words)))
        first = Signal(init=1)
        go = self.running & ~(self.hold & first)
        take = go & self.i.valid & sink.i.ready
        end = beat == self.words - 1
        with m.If(take):
            m.d.sync += [beat.eq(Mux(end, 0, beat + 1)), first.eq(end)]
        m.d.comb += [
            self.first.eq(first),
            self.ended.eq(take & end),
            self.i.ready.eq(go & sink.i.ready),
            sink.i.valid.eq(go & self.i.valid),
            sink.i.payload.data.eq(self.i.payload),
        ]
        m.d.comb += sink.i.payload.last.eq(self._last(m, take))
        return m

    def _last(self, m: Module, take: Signal) -> Signal:
        """Count words down, and packets; high where the next word ends either."""
        left = Signal(self.count_bits)
        until = Signal(self.count_bits)
        size = Signal(self.count_bits)
        ends = Signal()  # the next word is the last one asked for
        closes = Signal()  # the next word is the last one of a packet
        running = Signal()
        endless = Signal()
        packets = Signal()
        with m.If(self.load):
            m.d.sync += [
                left.eq(self.count),
                ends.eq(self.count == 1),
                running.eq(self.count != 0),
                endless.eq(self.count.all()),
                until.eq(self.packet),
                size.eq(self.packet),
                closes.eq(self.packet == 1),
                packets.eq(self.packet != 0),
            ]
        with m.Elif(take):
            m.d.sync += [
                left.eq(left - 1),
                ends.eq((left == 2) & ~endless),
                running.eq(~ends),
                until.eq(Mux(closes, size, until - 1)),
                closes.eq(Mux(closes, size == 1, until == 2) & packets),
            ]
        m.d.comb += self.running.eq(running)
        return ends | closes
