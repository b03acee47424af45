"""The video hierarchy of the overlay: frames in memory to the HDMI connector of the PYNQ-Z1, 1280x720 at 60 Hz.

::

    memory --> ps7 S_AXI_HP2 --> frames (SmartConnect) --> axi_vdma M_AXI_MM2S
    axi_vdma M_AXIS_MM2S --> hdmi_out s_axis --> pins of the HDMI connector
    bus clock --> pixel_clock (clk_wiz): clk_out1 the pixel clock, clk_out2 five times it
    axi_vdma mm2s_introut --> interrupt_controller (axi_intc) --> ps7 IRQ_F2P, bit 0

``axi_vdma`` is where ``pynq.lib.video`` looks for it, and what its driver binds to. ``hdmi_out`` is
`bittrue_rtl.hdmi.out`: timing, TMDS and serialisers in one core without registers. The VDMA's stream side runs on the
pixel clock: it crosses inside the VDMA, whose constraints cover it.

Sources: AXI Video DMA (PG020), AXI interrupt controller (PG099), clocking wizard (PG065), CEA-861 for the timing.
"""

from __future__ import annotations

from bittrue.targets.pynq_z1.clock import BUS_MHZ

HIERARCHY = "video"
VDMA, HDMI = f"{HIERARCHY}/axi_vdma", f"{HIERARCHY}/hdmi_out"
CLOCK, RESET, FRAMES = f"{HIERARCHY}/pixel_clock", f"{HIERARCHY}/pixel_reset", f"{HIERARCHY}/frames"
INTC = "interrupt_controller"
HDMI_VLNV = "bittrue:bittrue:hdmi_out:1.0"
HDMI_MODULE = "hdmi_out"
PORT = "S_AXI_HP2"
"""The memory port of the frames: it does not share an arbiter with the DMA's, which is HP0 (UG585, chapter 5)."""

CELLS = {
    VDMA: "xilinx.com:ip:axi_vdma:6.3",
    HDMI: HDMI_VLNV,
    CLOCK: "xilinx.com:ip:clk_wiz:6.0",
    RESET: "xilinx.com:ip:proc_sys_reset:5.0",
    FRAMES: "xilinx.com:ip:smartconnect:1.0",
    INTC: "xilinx.com:ip:axi_intc:4.1",
}
ADDRESSES = {VDMA: 0x4300_0000, INTC: 0x4180_0000}
PIXEL_MHZ, SERIAL_MHZ = 74.25, 371.25
"""Of 1280x720 at 60 Hz, and five times that: two bits of ten a clock edge. 100 MHz / 5 * 37.125 / 10 is the first."""
PIXEL_BITS = 24
PIXEL_HZ = 74_250_000

VDMA_CONFIG = {
    "c_include_s2mm": "0",
    "c_include_mm2s": "1",
    "c_include_mm2s_dre": "0",
    "c_num_fstores": "3",
    "c_m_axi_mm2s_data_width": "64",
    "c_m_axis_mm2s_tdata_width": str(PIXEL_BITS),
    "c_mm2s_max_burst_length": "16",
    "c_mm2s_linebuffer_depth": "4096",
    "c_mm2s_genlock_mode": "0",
    "c_use_mm2s_fsync": "0",
}
"""Reading only, three frames: one is shown, one waits, one is drawn."""
CLOCK_CONFIG = {
    "PRIM_IN_FREQ": f"{BUS_MHZ:.3f}",
    "PRIM_SOURCE": "No_buffer",
    "NUM_OUT_CLKS": "2",
    "CLKOUT1_REQUESTED_OUT_FREQ": f"{PIXEL_MHZ:.3f}",
    "CLKOUT2_USED": "true",
    "CLKOUT2_REQUESTED_OUT_FREQ": f"{SERIAL_MHZ:.3f}",
    "USE_RESET": "true",
    "RESET_TYPE": "ACTIVE_LOW",
    "RESET_PORT": "resetn",
    "USE_LOCKED": "true",
}
INTC_CONFIG = {"C_IRQ_CONNECTION": "1"}
"""A single wire for the interrupt."""

TMDS = {
    "hdmi_tx_clk_p": ("L16",),
    "hdmi_tx_clk_n": ("L17",),
    "hdmi_tx_d_p": ("K17", "K19", "J18"),
    "hdmi_tx_d_n": ("K18", "J19", "H18"),
}
"""Ports of the design and their balls on the PYNQ-Z1, channel 0 first."""
