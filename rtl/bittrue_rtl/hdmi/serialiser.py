"""Ten bits a pixel clock onto a differential pair of pins: two OSERDESE2 of the 7 series side by side, and an OBUFDS.

Source: 7 Series SelectIO Resources (UG471), section OSERDESE2 width expansion: of ten bits, D1 to D8 of the master go
first, D1 at once, then D3 and D4 of the slave; and 7 Series Libraries Guide (UG768).
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

_SHAPE = {
    "p_DATA_RATE_OQ": "DDR",
    "p_DATA_RATE_TQ": "SDR",
    "p_DATA_WIDTH": 10,
    "p_TRISTATE_WIDTH": 1,
}
_UNUSED = {f"i_T{k}": Const(0) for k in range(1, 5)} | {"i_TCE": Const(0), "i_TBYTEIN": Const(0)}


class Serialiser(wiring.Component):
    """A pair of pins.

    Ports
    -----
    word : unsigned(10), in
        On the pixel clock; bit 0 is sent first.
    pixel_clock, serial_clock : in
        The second is five times the first and in phase with it: both from one MMCM.
    reset : in
        Held over some pixel clocks, and let go with one of them.
    p, n : out
        To the pins.
    """

    def __init__(self) -> None:
        names = ("pixel_clock", "serial_clock", "reset")
        super().__init__({"word": In(10), **{name: In(1) for name in names}, "p": Out(1), "n": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        serial, passed = Signal(), Signal(2)
        bits = {f"i_D{k + 1}": self.word[k] for k in range(8)}
        m.submodules.master = Instance(
            "OSERDESE2", **self._common("MASTER"), **bits, i_SHIFTIN1=passed[0], i_SHIFTIN2=passed[1], o_OQ=serial
        )
        rest = {f"i_D{k}": Const(0) for k in (1, 2, 5, 6, 7, 8)}
        rest |= {"i_D3": self.word[8], "i_D4": self.word[9], "i_SHIFTIN1": Const(0), "i_SHIFTIN2": Const(0)}
        m.submodules.slave = Instance(
            "OSERDESE2", **self._common("SLAVE"), **rest, o_SHIFTOUT1=passed[0], o_SHIFTOUT2=passed[1]
        )
        m.submodules.buffer = Instance("OBUFDS", p_IOSTANDARD="TMDS_33", i_I=serial, o_O=self.p, o_OB=self.n)
        return m

    def _common(self, mode: str) -> dict[str, Any]:
        clocks = {"i_CLK": self.serial_clock, "i_CLKDIV": self.pixel_clock, "i_RST": self.reset, "i_OCE": Const(1)}
        return {**_SHAPE, "p_SERDES_MODE": mode, **clocks, **_UNUSED}
