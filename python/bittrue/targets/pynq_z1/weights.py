"""The way of weights from memory to the net in overlays that stream them: a SmartConnect and a memory port.

::

    ps7  S_AXI_HP1 <-- weights (SmartConnect) <-- net m_axi_weights

The master runs on the net's clock, the port on that of the buses; the SmartConnect has both. HP0 is the DMA's and HP2
the video's. rtl/vivado/weights.tcl builds it.
"""

from __future__ import annotations

from bittrue.targets.pynq_z1.axi_signals import READ_ONLY, Interface
from bittrue.targets.pynq_z1.design import IP, PS7, VLNV
from bittrue.targets.pynq_z1.wiring import BUS_CLOCK, NET_CLOCK, Pin

CELL, MASTER, PORT = "weights", "m_axi_weights", "S_AXI_HP1"
CELLS = {CELL: VLNV["memory"]}
"""Kind of the further cell."""
LOADS = {
    NET_CLOCK: (Pin(CELL, "aclk"),),
    BUS_CLOCK: (Pin(CELL, "aclk1"), Pin(PS7, f"{PORT}_ACLK")),
    Pin("bus_reset", "interconnect_aresetn"): (Pin(CELL, "aresetn"),),
}
"""What hangs on clocks and resets besides."""
BUSES = ((Pin(IP, MASTER), Pin(CELL, "S00_AXI")), (Pin(CELL, "M00_AXI"), Pin(PS7, PORT)))
"""Master first."""
READER = Interface("AXI4", 64, mode=READ_ONLY, lacks=frozenset({"lock", "qos"}))
"""The shell's master."""
