"""A stream of pixels to the raster: frames as the video DMA sends them, over and over."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Pixels(wiring.Component):
    """Takes a pixel in every clock of the picture, the first of a frame at its beginning; black where there is none.

    A stream that is late, or whose first pixel or line ends are elsewhere than the raster's, is not in step: the rest
    of the picture is black, pixels are thrown away up to the next first one, and that one waits for the next picture.

    Ports
    -----
    data, user, last, valid, ready : AXI4-Stream
        24 bits of a pixel; ``user`` marks the first of a frame (PG020), ``last`` the last of a line.
    active, at_first, at_last : in
        Of `bittrue_rtl.hdmi.raster.Raster`.
    pixel : unsigned(24), out
        Register: that of the clock before, black outside of the picture.
    late : out
        High for one clock when the stream has fallen out of step.
    """

    def __init__(self) -> None:
        inputs = {name: In(1) for name in ("user", "last", "valid", "active", "at_first", "at_last")}
        super().__init__({"data": In(24), **inputs, "ready": Out(1), "pixel": Out(24), "late": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        shown = Signal()  # in step, in a picture
        fits, taken = Signal(), Signal()
        in_step = Signal()
        m.d.comb += [
            in_step.eq(shown | self.at_first),
            fits.eq(self.valid & (self.user == self.at_first) & (self.last == self.at_last)),
            taken.eq(self.active & in_step & fits),
            self.late.eq(self.active & shown & ~fits),
            # out of step, all go but a first one
            self.ready.eq(taken | (~shown & ~self.at_first & ~self.user)),
        ]
        with m.If(self.active & in_step):
            m.d.sync += shown.eq(fits)
        m.d.sync += self.pixel.eq(0)
        with m.If(taken):
            m.d.sync += self.pixel.eq(self.data)
        return m
