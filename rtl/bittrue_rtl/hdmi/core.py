"""Pixels to the ten-bit words of the three channels, on the pixel clock."""

from __future__ import annotations

from amaranth.hdl import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue_rtl.delay import delayed
from bittrue_rtl.hdmi.pixels import Pixels
from bittrue_rtl.hdmi.raster import Mode, Raster
from bittrue_rtl.hdmi.tmds import Encoder


class Core(wiring.Component):
    """`Raster`, `Pixels` and an `Encoder` a channel: blue with the syncs, green, red (DVI 1.0, section 3.1).

    Parameters
    ----------
    mode : Mode

    Ports
    -----
    data, user, last, valid, ready : AXI4-Stream
        As of `Pixels`; red in bits 0 to 7, green, blue: the bytes of a pixel in memory.
    blue, green, red : unsigned(10), out
        Bit 0 is sent first.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        super().__init__(
            {
                "data": In(24),
                **{name: In(1) for name in ("user", "last", "valid")},
                "ready": Out(1),
                **{name: Out(10) for name in ("blue", "green", "red")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.raster = raster = Raster(self.mode)
        m.submodules.pixels = pixels = Pixels()
        m.d.comb += [
            pixels.active.eq(raster.active),
            pixels.at_first.eq(raster.first),
            pixels.at_last.eq(raster.last),
            self.ready.eq(pixels.ready),
        ]
        m.d.comb += [getattr(pixels, name).eq(getattr(self, name)) for name in ("data", "user", "last", "valid")]
        active = delayed(m, raster.active, 1, "active")
        syncs = delayed(m, Cat(raster.hsync, raster.vsync), 1, "syncs")
        for k, name in enumerate(("red", "green", "blue")):
            m.submodules[f"{name}_channel"] = encoder = Encoder()
            m.d.comb += [
                encoder.data.eq(pixels.pixel[8 * k : 8 * k + 8]),
                encoder.active.eq(active),
                getattr(self, name).eq(encoder.word),
            ]
            if name == "blue":
                m.d.comb += encoder.control.eq(syncs)
        return m
