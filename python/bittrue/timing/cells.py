"""The timing of a cell, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable

from bittrue.errors import BadInput
from bittrue.timing.dsp import dsp48e1
from bittrue.timing.edges import CellTiming
from bittrue.timing.fabric import carry, flip_flop, lut, mux
from bittrue.timing.memories import block_ram, lut_memory, shift_register
from bittrue.timing.netlist import Cell

MODELS: dict[str, Callable[[Cell], CellTiming]] = {
    **dict.fromkeys(("LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "INV"), lut),
    **dict.fromkeys(("MUXF7", "MUXF8"), mux),
    "CARRY4": carry,
    **dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE"), flip_flop),
    **dict.fromkeys(("SRL16E", "SRLC16E", "SRLC32E"), shift_register),
    **dict.fromkeys(("RAM32M", "RAM64M", "RAM32X1D", "RAM64X1D", "RAM128X1D"), lut_memory),
    **dict.fromkeys(("RAMB18E1", "RAMB36E1"), block_ram),
    "DSP48E1": dsp48e1,
}
"""What is known, by kind of cell."""


def timing_of(cell: Cell) -> CellTiming:
    """What a cell does to paths.

    Raises `BadInput` for a kind of cell that is not in `MODELS`, for a pin that is not in the delay table, and where
    pins that the kind has are missing.
    """
    if (model := MODELS.get(cell.kind)) is None:
        raise BadInput(
            f"cell {cell.name} is of kind {cell.kind}, which the delay table does not have; it has {', '.join(MODELS)}"
        )
    try:
        return model(cell)
    except (KeyError, IndexError) as error:
        raise BadInput(f"cell {cell.name} is no {cell.kind}: it lacks {error}; write the netlist with Yosys") from None
