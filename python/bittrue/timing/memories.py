"""Memories: LUTs as shift registers and as memory, and block RAM."""

from __future__ import annotations

from bittrue.errors import BadInput
from bittrue.timing.delays import BLOCK_RAM, DELAYS, LOGIC
from bittrue.timing.edges import CellTiming, Drive, Way, ends, nets
from bittrue.timing.netlist import Cell

DIGITS = "0123456789"
READS = {"DPO": "DPRA", "SPO": "A"}
"""Address of an output of a memory of LUTs; that of DOA is ADDRA."""
WRITES = {
    "WE": "WE",
    **dict.fromkeys(("A", "ADDRD"), "address"),
    **dict.fromkeys(("D", "DI", "DIA", "DIB", "DIC", "DID"), "data"),
}
"""Pins of a memory of LUTs that are read at the clock edge, and which of its setup times they have."""


def shift_register(cell: Cell) -> CellTiming:
    """A LUT as a shift register: reading it is a level of logic."""
    table = DELAYS["shift_register"]
    ways = tuple(
        Way(bit, pin, table["read"], LOGIC)
        for pin, bits in cell.inputs.items()
        if pin.startswith("A")
        for bit in nets(bits)
    )
    drives = tuple(
        Drive(cell, pin, nets(bits), (table["clock"], LOGIC), ways if pin == "Q" else ())
        for pin, bits in cell.outputs.items()
    )
    return CellTiming(drives, tuple(ends(cell, table["setup"])))


def lut_memory(cell: Cell) -> CellTiming:
    """LUTs as a memory: read without a clock, a level of logic; written with one."""
    table = DELAYS["lut_memory"]
    read = table["read" if "32" in cell.kind else "read_of_64"]
    drives = []
    for pin, bits in cell.outputs.items():
        address = READS.get(pin) or f"ADDR{pin[-1]}"
        ways = tuple(
            Way(bit, name, read, LOGIC)
            for name, given in cell.inputs.items()
            if name.rstrip(DIGITS) == address
            for bit in nets(given)
        )
        drives.append(Drive(cell, pin, nets(bits), (table["clock"], LOGIC), ways))
    setups = {pin: table["setup"][kind] for pin in cell.inputs if (kind := WRITES.get(pin.rstrip(DIGITS)))}
    return CellTiming(tuple(drives), tuple(ends(cell, setups)))


def block_ram(cell: Cell) -> CellTiming:
    """A block RAM: its read is one of the things that a path may have only one of, unless its output register is on."""
    table, drives, setups = DELAYS["block_ram"], [], {}
    for pin, bits in cell.outputs.items():
        if nets(bits):
            port = "DOA_REG" if pin.startswith(("DOA", "DOPA")) else "DOB_REG"
            registered = cell.number(port, 0)
            clock = (table["clock_of_output_register"], 0) if registered else (table["clock"], BLOCK_RAM)
            drives.append(Drive(cell, pin, nets(bits), clock))
    for pin in cell.inputs:
        if not pin.startswith("CLK"):
            kind = next((kind for kind in table["setup"] if pin.startswith(kind)), None)
            setups[pin] = _known(cell, pin, None if kind is None else table["setup"][kind])
    return CellTiming(tuple(drives), tuple(ends(cell, setups)))


def _known(cell: Cell, pin: str, delay: int | None) -> int:
    """The delay of a pin; one that is not in the table may only be constant. Raises `BadInput`."""
    if delay is None and nets(cell.inputs[pin]):
        raise BadInput(
            f"cell {cell.name} ({cell.kind}) uses pin {pin}, which the delay table does not have; tie it to a "
            f"constant or add its delay to bittrue/timing/xc7_speed1.json"
        )
    return delay or 0
