"""The pace of an input: as evenly as the net was planned for, however fast its source is."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.layout import Layout
from bittrue.num import Format
from bittrue_rtl.shapes import vector


class Pacer(wiring.Component):
    """Lets the first beat of a position through ``clocks // positions`` clocks after that of the position before, and
    that of a sample ``clocks`` clocks after that of the sample before, at the earliest; the other beats follow at will.

    Ports
    -----
    i, o : stream of vector(fmt, layout.lanes), in and out
        Nothing is stored: ``o`` is ``i``, held back.
    """

    def __init__(self, layout: Layout, fmt: Format, clocks: int) -> None:
        self.layout, self.clocks = layout, clocks
        shape = stream.Signature(vector(fmt, layout.lanes))
        super().__init__({"i": In(shape), "o": Out(shape)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        layout, pace = self.layout, self.clocks // self.layout.positions
        rest = self.clocks - (layout.positions - 1) * pace  # of the last position
        left = Signal(range(max(2, rest)))
        none_left = Signal(init=1)
        inside = Signal()  # a position has begun
        beat = Signal(range(max(2, layout.beats)))
        position = Signal(range(max(2, layout.positions)))
        last_beat, last_position = beat == layout.beats - 1, position == layout.positions - 1
        following = Signal.like(left)
        go = inside | none_left
        accept = self.i.valid & self.o.ready & go
        m.d.comb += [
            self.o.payload.eq(self.i.payload),
            self.o.valid.eq(self.i.valid & go),
            self.i.ready.eq(self.o.ready & go),
            following.eq(Mux(none_left, 0, left - 1)),
        ]
        with m.If(accept & ~inside):
            m.d.comb += following.eq(Mux(last_position, rest - 1, pace - 1))
        with m.If(accept):
            m.d.sync += [beat.eq(Mux(last_beat, 0, beat + 1)), inside.eq(~last_beat)]
            with m.If(last_beat):
                m.d.sync += position.eq(Mux(last_position, 0, position + 1))
        m.d.sync += [left.eq(following), none_left.eq(following == 0)]
        return m
