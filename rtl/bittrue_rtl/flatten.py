"""A frame as a vector side by side."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.num import Format
from bittrue_rtl.delay import delayed
from bittrue_rtl.queue import Queue
from bittrue_rtl.serial import collected
from bittrue_rtl.shapes import drive, vector


class Flattened(wiring.Component):
    """``y[c * length + n] = x[c, n]``: the columns of a frame in registers, channel by channel.

    A frame is let in when there is a place for its vector.

    Parameters
    ----------
    given : Format
    channels, length : int
    interval : int
        Clocks between two columns.

    Ports
    -----
    i : stream of vector(given, channels), in
    o : stream of vector(given, channels * length), out
    """

    depth = 2

    def __init__(self, given: Format, channels: int, length: int, interval: int) -> None:
        self.given, self.channels, self.length, self.interval = given, channels, length, interval
        self.shape = vector(given, channels * length)
        super().__init__({"i": In(stream.Signature(vector(given, channels))), "o": Out(stream.Signature(self.shape))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.queue = queue = Queue(self.shape, self.depth)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        credit, wait = Signal(range(self.depth + 1), init=self.depth), Signal(range(self.interval))
        count = Signal(range(max(2, self.length)))  # columns of the frame so far
        is_open = Signal()
        accept = self.i.valid & is_open
        last = accept & (count == self.length - 1)
        with m.If(accept):
            m.d.sync += [wait.eq(self.interval - 2), count.eq(Mux(last, 0, count + 1))]
        with m.Elif(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        m.d.sync += [
            credit.eq(credit - (accept & (count == 0)) + queue.taken),
            is_open.eq(~accept & (wait == 0) & ((count != 0) | (credit != 0))),
        ]
        column = Signal(self.i.payload.shape(), reset_less=True)
        m.d.sync += column.eq(self.i.payload)
        columns = collected(m, column, delayed(m, accept, 1, "accepted", reset=True), self.length, "column")
        drive(m, queue.payload, (held[c] for c in range(self.channels) for held in columns))
        m.d.comb += self.i.ready.eq(is_open)
        m.d.comb += queue.write.eq(delayed(m, last, 2, "whole", reset=True))
        return m
