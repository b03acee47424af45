"""Cells of a slice: LUT, multiplexer, carry chain, flip-flop."""

from __future__ import annotations

from bittrue.timing.delays import DELAYS, LOGIC
from bittrue.timing.edges import CellTiming, Drive, Way, ends, nets
from bittrue.timing.netlist import Bit, Cell


def lut(cell: Cell) -> CellTiming:
    """A function of up to six bits, one level of logic."""
    ways = tuple(Way(bit, pin, DELAYS["LUT"], LOGIC) for pin, bits in cell.inputs.items() for bit in nets(bits))
    return CellTiming((Drive(cell, "O", nets(cell.outputs["O"]), ways=ways),))


def mux(cell: Cell) -> CellTiming:
    """A multiplexer beside its LUTs: no level of its own."""
    ways = tuple(Way(bit, pin, delay, 0) for pin, delay in DELAYS["MUXF"].items() for bit in nets(cell.inputs[pin]))
    return CellTiming((Drive(cell, "O", nets(cell.outputs["O"]), ways=ways),))


def carry(cell: Cell) -> CellTiming:
    """Four bits of a carry chain: a level where a path enters it, none from one CARRY4 to the next."""
    sources: dict[str, Bit] = {}
    for pin, bits in cell.inputs.items():
        sources |= {f"{pin}{k}": bit for k, bit in enumerate(bits)} if pin in ("S", "DI") else {pin: bits[0]}
    drives = []
    for pin in ("O", "CO"):
        for k, target in enumerate(cell.outputs.get(pin, ())):
            ways = tuple(
                Way(bit, source.rstrip("0123"), delay, 0 if source == "CI" else LOGIC)
                for source, bit in sources.items()
                if isinstance(bit, int) and (delay := DELAYS["CARRY4"][source][pin][k]) is not None
            )
            drives.append(Drive(cell, pin, nets((target,)), ways=ways))
    return CellTiming(tuple(drives))


def flip_flop(cell: Cell) -> CellTiming:
    """A register of a bit, on the rising edge."""
    table = DELAYS["flip_flop"]
    drive = Drive(cell, "Q", nets(cell.outputs.get("Q", ())), clock=(table["clock"], 0))
    return CellTiming((drive,), tuple(ends(cell, table["setup"])))
