"""What is connected to what in the block design: clocks, resets, interrupts and streams.

What a stream passes on its way from one clock to the other has a clock and a reset on each side. On the DMA's side the
reset is the DMA's own output: a clock converter that is reset on either side forgets what it holds, so that nothing of
a transfer that was aborted comes with the next one.

The tables are those of the overlay without HDMI; `bittrue.targets.pynq_z1.layout` adds what the video hierarchy has.
"""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.targets.pynq_z1.design import DMA, FROM_NET, IP, PS7, TO_NET


@dataclass(frozen=True)
class Pin:
    """A pin or an interface of a cell."""

    cell: str
    name: str

    @classmethod
    def at(cls, path: str) -> Pin:
        """That of a path: what is behind the last stroke is its name, the rest is the cell."""
        return cls(*path.rsplit("/", 1))


@dataclass(frozen=True)
class Wire:
    """One driver and what it drives.

    Parameters
    ----------
    kind : str
        ``clk``, ``rst`` or ``INTERRUPT``, as hand-off files call it.
    driver : Pin
    loads : tuple of Pin
    """

    kind: str
    driver: Pin
    loads: tuple[Pin, ...]

    @property
    def pins(self) -> tuple[Pin, ...]:
        """Driver and loads."""
        return (self.driver, *self.loads)


def _pins(*paths: str) -> tuple[Pin, ...]:
    return tuple(map(Pin.at, paths))


NET_CLOCK, BUS_CLOCK = Pin(PS7, "FCLK_CLK0"), Pin(PS7, "FCLK_CLK1")
"""Drivers of the two clocks: that of the net, and that of buses and DMA."""

NETS = (
    Wire(
        "clk",
        NET_CLOCK,
        _pins(
            "net_reset/slowest_sync_clk",
            "control/aclk1",
            f"{TO_NET}/m_axis_aclk",
            f"{FROM_NET}/s_axis_aclk",
            f"{IP}/aclk",
        ),
    ),
    Wire(
        "clk",
        BUS_CLOCK,
        _pins(
            f"{PS7}/M_AXI_GP0_ACLK",
            f"{PS7}/S_AXI_HP0_ACLK",
            "bus_reset/slowest_sync_clk",
            "control/aclk",
            "memory/aclk",
            f"{DMA}/s_axi_lite_aclk",
            f"{DMA}/m_axi_mm2s_aclk",
            f"{DMA}/m_axi_s2mm_aclk",
            f"{TO_NET}/s_axis_aclk",
            f"{FROM_NET}/m_axis_aclk",
        ),
    ),
    Wire("rst", Pin(PS7, "FCLK_RESET0_N"), _pins("net_reset/ext_reset_in", "bus_reset/ext_reset_in")),
    Wire("rst", Pin("bus_reset", "interconnect_aresetn"), _pins("control/aresetn", "memory/aresetn")),
    Wire("rst", Pin("bus_reset", "peripheral_aresetn"), _pins(f"{DMA}/axi_resetn")),
    Wire(
        "rst",
        Pin("net_reset", "peripheral_aresetn"),
        _pins(f"{TO_NET}/m_axis_aresetn", f"{FROM_NET}/s_axis_aresetn", f"{IP}/aresetn"),
    ),
    Wire("rst", Pin(DMA, "mm2s_prmry_reset_out_n"), _pins(f"{TO_NET}/s_axis_aresetn")),
    Wire("rst", Pin(DMA, "s2mm_prmry_reset_out_n"), _pins(f"{FROM_NET}/m_axis_aresetn")),
    Wire("INTERRUPT", Pin(DMA, "mm2s_introut"), _pins("interrupts/In0")),
    Wire("INTERRUPT", Pin(DMA, "s2mm_introut"), _pins("interrupts/In1")),
    Wire("INTERRUPT", Pin("interrupts", "dout"), _pins(f"{PS7}/IRQ_F2P")),
)
"""Every wire of one bit, and the two interrupts side by side."""

STREAMS = (
    (Pin(DMA, "M_AXIS_MM2S"), Pin(TO_NET, "S_AXIS"), "input"),
    (Pin(TO_NET, "M_AXIS"), Pin(IP, "s_axis"), "input"),
    (Pin(IP, "m_axis"), Pin(FROM_NET, "S_AXIS"), "output"),
    (Pin(FROM_NET, "M_AXIS"), Pin(DMA, "S_AXIS_S2MM"), "output"),
)
"""Source, sink, and which side of the net it is."""

BUSES = (
    (Pin(PS7, "M_AXI_GP0"), Pin("control", "S00_AXI")),
    (Pin("control", "M00_AXI"), Pin(DMA, "S_AXI_LITE")),
    (Pin("control", "M01_AXI"), Pin(IP, "s_axi_ctrl")),
    (Pin(DMA, "M_AXI_MM2S"), Pin("memory", "S00_AXI")),
    (Pin(DMA, "M_AXI_S2MM"), Pin("memory", "S01_AXI")),
    (Pin("memory", "M00_AXI"), Pin(PS7, "S_AXI_HP0")),
)
"""Memory-mapped buses, master first."""
