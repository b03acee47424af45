"""The block design of a source: that of a net without what feeds it.

::

    ps7  M_AXI_GP0 --> control (SmartConnect) --> dma S_AXI_LITE, net s_axi_ctrl
    ps7  S_AXI_HP0 <-- memory (SmartConnect) <-- dma M_AXI_S2MM
    net  m_axis --> from_net (clock converter) --> dma S_AXIS_S2MM
    dma  s2mm_introut --> interrupts (xlconcat) --> ps7 IRQ_F2P

rtl/vivado/source_design.tcl builds it.
"""

from __future__ import annotations

from dataclasses import replace

from bittrue.targets.pynq_z1.design import DMA, TO_NET
from bittrue.targets.pynq_z1.wiring import BUSES, NETS, STREAMS, Pin, Wire

_READER = Pin(DMA, "M_AXI_MM2S")


def _kept(wire: Wire) -> Wire:
    loads = tuple(load for load in wire.loads if load.cell != TO_NET and load != Pin(DMA, "m_axi_mm2s_aclk"))
    return replace(wire, loads=loads)


def _moved(pin: Pin) -> Pin:
    """The place of what came second where only one is left."""
    return replace(pin, name={"S01_AXI": "S00_AXI", "In1": "In0"}.get(pin.name, pin.name))


SOURCE_NETS = tuple(
    replace(wire, loads=tuple(_moved(load) for load in wire.loads))
    for wire in map(_kept, NETS)
    if not wire.driver.name.startswith("mm2s_")
)
"""Every wire of one bit, and the interrupt."""

SOURCE_STREAMS = tuple(stream for stream in STREAMS if stream[2] == "output")
"""Source, sink, and which side of the net it is."""

SOURCE_BUSES = tuple((master, _moved(slave)) for master, slave in BUSES if master != _READER)
"""Memory-mapped buses, master first."""
