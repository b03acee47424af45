"""The module that a block design takes: an AXI4-Stream of frames to the pins of an HDMI connector."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.sources import Sources
from bittrue_rtl.hdmi.core import Core
from bittrue_rtl.hdmi.raster import HD, Mode
from bittrue_rtl.hdmi.serialiser import Serialiser
from bittrue_rtl.printing import printed

NAME = "hdmi_out"
CLOCK_WORD = 0b0000011111
"""Of the clock's pair: a period a pixel."""


class HdmiOut(wiring.Component):
    """`Core` and a `Serialiser` a pair; it has no registers, and sends black where no frames come.

    Ports
    -----
    aclk : in
        The pixel clock.
    serial_clk : in
        Five times the pixel clock, in phase.
    aresetn : in
        Synchronous reset, active low.
    s_axis_* : AXI4-Stream
        A pixel a beat: red in bits 0 to 7, green, blue. TUSER is high with the first of a frame, TLAST with the last of
        a line; TKEEP is not looked at.
    hdmi_tx_clk_p, hdmi_tx_clk_n, hdmi_tx_d_p, hdmi_tx_d_n : out
        To the pins; channel 0 is blue.
    """

    def __init__(self, mode: Mode = HD) -> None:
        self.mode = mode
        stream = {"tdata": In(24), "tkeep": In(3), "tuser": In(1), "tlast": In(1), "tvalid": In(1), "tready": Out(1)}
        super().__init__(
            {
                **{name: In(1) for name in ("aclk", "serial_clk", "aresetn")},
                **{f"s_axis_{name}": way for name, way in stream.items()},
                **{f"hdmi_tx_{name}": Out(bits) for name, bits in _PAIRS.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        domain = ClockDomain("sync")
        domain.clk = self.aclk
        m.domains += domain
        m.d.comb += domain.rst.eq(~self.aresetn)
        m.submodules.core = core = Core(self.mode)
        m.d.comb += [
            core.data.eq(self.s_axis_tdata),
            core.user.eq(self.s_axis_tuser),
            core.last.eq(self.s_axis_tlast),
            core.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(core.ready & self.aresetn),
        ]
        reset = Signal(init=1)  # a register of its own: the serialisers want it free of glitches
        m.d.sync += reset.eq(0)
        words = (core.blue, core.green, core.red, Const(CLOCK_WORD, 10))
        for k, (name, word) in enumerate(zip(("blue", "green", "red", "clock"), words, strict=True)):
            m.submodules[f"{name}_pair"] = pair = Serialiser()
            m.d.comb += [
                pair.word.eq(word),
                pair.pixel_clock.eq(self.aclk),
                pair.serial_clock.eq(self.serial_clk),
                pair.reset.eq(reset),
            ]
            for side in "pn":
                whole = getattr(self, f"hdmi_tx_clk_{side}" if name == "clock" else f"hdmi_tx_d_{side}")
                m.d.comb += (whole if name == "clock" else whole[k]).eq(getattr(pair, side))
        return m


_PAIRS = {"clk_p": 1, "clk_n": 1, "d_p": 3, "d_n": 3}


def verilog(mode: Mode = HD) -> Sources:
    """Verilog-2005 of the module; it needs OSERDESE2 and OBUFDS of the 7 series and nothing else."""
    return printed(HdmiOut(mode), NAME)
