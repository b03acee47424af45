"""What the video hierarchy is connected to, as `bittrue.targets.pynq_z1.wiring` says it of the rest."""

from __future__ import annotations

from bittrue.targets.pynq_z1.axi_signals import INTC_LITE, READ_ONLY, VDMA_LITE, mover
from bittrue.targets.pynq_z1.video import CLOCK, FRAMES, HDMI, INTC, PORT, RESET, VDMA
from bittrue.targets.pynq_z1.wiring import Pin, Wire


def _pins(*paths: str) -> tuple[Pin, ...]:
    return tuple(map(Pin.at, paths))


BUS_LOADS = _pins(
    f"ps7/{PORT}_ACLK",
    f"{INTC}/s_axi_aclk",
    f"{FRAMES}/aclk",
    f"{VDMA}/s_axi_lite_aclk",
    f"{VDMA}/m_axi_mm2s_aclk",
    f"{CLOCK}/clk_in1",
)
"""What the bus clock drives besides."""
RESET_LOADS = {
    "peripheral_aresetn": _pins(f"{INTC}/s_axi_aresetn", f"{VDMA}/axi_resetn", f"{CLOCK}/resetn"),
    "interconnect_aresetn": _pins(f"{FRAMES}/aresetn"),
}
"""What the resets of the bus clock drive besides."""
NETS = (
    Wire(
        "clk",
        Pin(CLOCK, "clk_out1"),
        _pins(f"{RESET}/slowest_sync_clk", f"{VDMA}/m_axis_mm2s_aclk", f"{HDMI}/aclk"),
    ),
    Wire("clk", Pin(CLOCK, "clk_out2"), _pins(f"{HDMI}/serial_clk")),
    Wire("undef", Pin(CLOCK, "locked"), _pins(f"{RESET}/dcm_locked")),
    Wire("rst", Pin(RESET, "peripheral_aresetn"), _pins(f"{HDMI}/aresetn")),
    Wire("INTERRUPT", Pin(VDMA, "mm2s_introut"), _pins(f"{INTC}/intr")),
    Wire("INTERRUPT", Pin(INTC, "irq"), _pins("interrupts/In0")),
)
STREAMS = ((Pin(VDMA, "M_AXIS_MM2S"), Pin(HDMI, "s_axis"), "pixels"),)
BUSES = (
    (Pin("control", "M02_AXI"), Pin(VDMA, "S_AXI_LITE")),
    (Pin("control", "M03_AXI"), Pin(INTC, "s_axi")),
    (Pin(VDMA, "M_AXI_MM2S"), Pin(FRAMES, "S00_AXI")),
    (Pin(FRAMES, "M00_AXI"), Pin("ps7", PORT)),
)
INTERFACES = {
    (VDMA, "S_AXI_LITE"): VDMA_LITE,
    (INTC, "s_axi"): INTC_LITE,
    (VDMA, "M_AXI_MM2S"): mover(64, READ_ONLY),
}
