"""Parameters that a hand-off file gives for a cell: what the scripts set, and what Vivado makes of it."""

from __future__ import annotations

from bittrue.targets.pynq_z1 import video, weights
from bittrue.targets.pynq_z1.clock import BUS
from bittrue.targets.pynq_z1.design import (
    ADDRESSES,
    DDR_BASE,
    DDR_RANGE,
    DESIGN,
    DMA,
    FROM_NET,
    IP,
    PS7,
    REGISTER_RANGE,
    TO_NET,
    Design,
)

_NO_GENERIC = ("c_addr_width", "c_single_interface")
"""Parameters of the DMA's dialogue that its VHDL does not have."""
_RESET = {
    "C_AUX_RESET_HIGH": "0", "C_AUX_RST_WIDTH": "4", "C_EXT_RESET_HIGH": "0", "C_EXT_RST_WIDTH": "4",
    "C_FAMILY": "zynq", "C_NUM_BUS_RST": "1", "C_NUM_INTERCONNECT_ARESETN": "1", "C_NUM_PERP_ARESETN": "1",
    "C_NUM_PERP_RST": "1", "USE_BOARD_FLOW": "false", "RESET_BOARD_INTERFACE": "Custom",
}  # fmt: skip


def parameters(design: Design, cell: str) -> dict[str, str]:
    """Of one of the cells of the design."""
    vlnv = {**design.vlnv, **weights.CELLS, **(video.CELLS if design.video else {})}[cell]
    kind = vlnv.split(":")[2]
    found = {"Component_Name": f"{DESIGN}_{cell.rpartition('/')[2]}_0"}
    found["EDK_IPTYPE"] = "BUS" if kind == "smartconnect" else "PERIPHERAL"
    return _own(design, cell, kind) | found


def _own(design: Design, cell: str, kind: str) -> dict[str, str]:
    if cell == PS7:
        return _ps7(design)
    if cell == DMA:
        config = design.dma_config()
        generics = {name.upper(): value for name, value in config.items() if name not in _NO_GENERIC}
        return generics | config | _window(ADDRESSES[DMA], "C")
    if cell in (TO_NET, FROM_NET):
        return design.converter_config(cell)
    if cell == IP:
        return _window(ADDRESSES[IP], "C_S_AXI_CTRL")
    if kind == "proc_sys_reset":
        return dict(_RESET)
    if kind == "smartconnect":
        return smartconnect(design, cell) | {"HAS_ARESETN": "1", "ADVANCED_PROPERTIES": "0"}
    if kind == "xlconcat":
        count = str((1 if design.source else 2) + design.video)
        return {"NUM_PORTS": count, "dout_width": count}
    return _video(cell)


def smartconnect(design: Design, cell: str) -> dict[str, str]:
    """Masters, slaves and clocks of a SmartConnect."""
    known = {"memory": (1 if design.source else 2, 1, 1), video.FRAMES: (1, 1, 1), weights.CELL: (1, 1, 2)}
    slaves, masters, clocks = known.get(cell, (1, 4 if design.video else 2, 2))
    return {"NUM_SI": str(slaves), "NUM_MI": str(masters), "NUM_CLKS": str(clocks)}


def _video(cell: str) -> dict[str, str]:
    if cell == video.VDMA:
        generics = {name.upper(): value for name, value in video.VDMA_CONFIG.items()}
        widths = {"C_M_AXI_MM2S_ADDR_WIDTH": "32", "C_M_AXI_S2MM_ADDR_WIDTH": "32"}
        return generics | video.VDMA_CONFIG | widths | _window(video.ADDRESSES[cell], "C")
    if cell == video.INTC:
        return video.INTC_CONFIG | {"C_NUM_INTR_INPUTS": "1"} | _window(video.ADDRESSES[cell], "C")
    return dict(video.CLOCK_CONFIG) if cell == video.CLOCK else {}


def _ps7(design: Design) -> dict[str, str]:
    """The processing system's parameters: clocks, ports in use, and the memory."""
    found = {
        "PCW_CRYSTAL_PERIPHERAL_FREQMHZ": "50",
        "PCW_USE_M_AXI_GP0": "1",
        "PCW_USE_S_AXI_HP0": "1",
        "PCW_S_AXI_HP0_DATA_WIDTH": "64",
        "PCW_USE_S_AXI_HP2": str(int(design.video)),
        "PCW_USE_FABRIC_INTERRUPT": "1",
    }
    if design.video:
        found["PCW_S_AXI_HP2_DATA_WIDTH"] = "64"
    if design.weights:
        found |= {"PCW_USE_S_AXI_HP1": "1", "PCW_S_AXI_HP1_DATA_WIDTH": "64"}
    for k, clock in enumerate((design.clock, BUS, None, None)):
        divisors = (clock.divisor0, clock.divisor1) if clock else (1, 1)
        found |= {f"PCW_FCLK{k}_PERIPHERAL_DIVISOR{n}": str(divisor) for n, divisor in enumerate(divisors)}
        found[f"PCW_FCLK{k}_PERIPHERAL_CLKSRC"] = "IO PLL"
        found[f"PCW_FPGA_FCLK{k}_ENABLE"] = "1" if clock else "0"
        if clock:
            found |= {f"PCW_FPGA{k}_PERIPHERAL_FREQMHZ": clock.asked, f"PCW_CLK{k}_FREQ": str(clock.hz)}
    return found | {"C_BASEADDR": f"0x{DDR_BASE:08X}", "C_HIGHADDR": f"0x{DDR_BASE + DDR_RANGE - 1:08X}"}


def _window(base: int, prefix: str) -> dict[str, str]:
    """First and last address of a cell's registers, under the names that Vivado gives them."""
    return {f"{prefix}_BASEADDR": f"0x{base:08X}", f"{prefix}_HIGHADDR": f"0x{base + REGISTER_RANGE - 1:08X}"}
