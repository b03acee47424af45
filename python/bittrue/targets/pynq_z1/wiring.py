"""What is connected to what in the block design: clocks, resets, interrupts and streams."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.targets.pynq_z1.design import DMA, IP, PS7


@dataclass(frozen=True)
class Pin:
    """A pin or an interface of a cell."""

    cell: str
    name: str


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
    return tuple(Pin(*path.split("/")) for path in paths)


NETS = (
    Wire(
        "clk",
        Pin(PS7, "FCLK_CLK0"),
        _pins(
            f"{PS7}/M_AXI_GP0_ACLK",
            f"{PS7}/S_AXI_HP0_ACLK",
            "reset/slowest_sync_clk",
            "control/aclk",
            "memory/aclk",
            f"{DMA}/s_axi_lite_aclk",
            f"{DMA}/m_axi_mm2s_aclk",
            f"{DMA}/m_axi_s2mm_aclk",
            f"{IP}/aclk",
        ),
    ),
    Wire("rst", Pin(PS7, "FCLK_RESET0_N"), _pins("reset/ext_reset_in")),
    Wire("rst", Pin("reset", "interconnect_aresetn"), _pins("control/aresetn", "memory/aresetn")),
    Wire("rst", Pin("reset", "peripheral_aresetn"), _pins(f"{DMA}/axi_resetn", f"{IP}/aresetn")),
    Wire("INTERRUPT", Pin(DMA, "mm2s_introut"), _pins("interrupts/In0")),
    Wire("INTERRUPT", Pin(DMA, "s2mm_introut"), _pins("interrupts/In1")),
    Wire("INTERRUPT", Pin("interrupts", "dout"), _pins(f"{PS7}/IRQ_F2P")),
)
"""Every wire of one bit, and the two interrupts side by side."""

STREAMS = (
    (Pin(DMA, "M_AXIS_MM2S"), Pin(IP, "s_axis"), "input"),
    (Pin(IP, "m_axis"), Pin(DMA, "S_AXIS_S2MM"), "output"),
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
