"""What a module becomes on a Xilinx 7-series device, as Yosys maps it: cells by kind. No clock is estimated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bittrue.lower.sources import Sources
from bittrue_sim.yosys import MODULE, synthesised

READ = f"read_verilog {MODULE}"
PASSES = (
    "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top \\{top}",
    "tee -q -o cells.json stat -json -top \\{top}",
)
"""Without I/O and clock buffers: the module lies inside a design, it is not a whole chip."""

LUTS = {f"LUT{k}": 1 for k in range(1, 7)}
MEMORY_LUTS = {"RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "SRL16E": 1, "SRLC32E": 1}
FLIP_FLOPS = dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1"), 1)
BLOCK_RAM = {"RAMB18E1": 1, "RAMB36E1": 2}
LATCHES = ("LDCE", "LDPE")


def xc7_report(sources: Sources, top: str) -> dict[str, int]:
    """Number of cells of every kind (``DSP48E1``, ``LUT6``, ``FDRE``, ``RAMB18E1``, ...) of module ``top``.

    The same sources are synthesised once (`bittrue_sim.yosys`).

    Parameters
    ----------
    sources : Sources
        The module and everything below it.
    top : str
        The module's name.

    Raises
    ------
    BadInput
        Where pyosys is missing.
    RuntimeError
        Where Yosys refuses the Verilog; the message holds what it printed.
    """
    return _kinds(_statistics(sources, top)["design"])


def xc7_parts(sources: Sources, top: str, parts: Sequence[str]) -> dict[str, dict[str, int]]:
    """`xc7_report` of each of some modules below ``top``, by name, and of all the rest together, under ``top``.

    Parts keep their borders: nothing is shared or simplified across them, so the sum can be more than that of the whole
    module. No part lies in another. Parameters and errors as of `xc7_report`.
    """
    found = _statistics(sources, top, *(f"setattr -mod -set keep_hierarchy 1 \\{part}" for part in parts))
    modules = {name.removeprefix("\\"): _kinds(statistics) for name, statistics in found["modules"].items()}
    missing = [part for part in parts if part not in modules]
    if missing:
        raise RuntimeError(f"module {top} has no part {missing[0]} after synthesis; it has {', '.join(modules)}")
    reports = {part: modules.pop(part) for part in parts}
    rest: dict[str, int] = {}
    for report in modules.values():
        for kind, count in report.items():
            if kind.removeprefix("\\") not in parts:
                rest[kind] = rest.get(kind, 0) + count
    return reports | {top: rest}


def _kinds(statistics: Mapping[str, Any]) -> dict[str, int]:
    kinds = statistics["num_cells_by_type"]
    return {kind: int(kinds[kind]) for kind in sorted(kinds) if kind != "$scopeinfo"}  # a note, not a cell


def _statistics(sources: Sources, top: str, *before: str) -> dict[str, Any]:
    """What Yosys's ``stat`` counts after synthesis, with the passes ``before`` between reading and that."""
    passes = [READ, *before, *(line.format(top=top) for line in PASSES)]
    found: dict[str, Any] = json.loads(synthesised(sources, top, passes, "cells.json"))
    return found


def xc7_use(report: Mapping[str, int]) -> dict[str, int]:
    """Resources of a report of `xc7_report`.

    ``DSP48E1``; ``LUT``, those used as memory and shift registers included (two small LUTs may still share one: an
    upper bound); ``FF``; ``RAMB18``, a RAMB36E1 as two.
    """

    def total(weights: Mapping[str, int]) -> int:
        return sum(report.get(kind, 0) * weight for kind, weight in weights.items())

    return {
        "DSP48E1": report.get("DSP48E1", 0),
        "LUT": total(LUTS | MEMORY_LUTS),
        "FF": total(FLIP_FLOPS),
        "RAMB18": total(BLOCK_RAM),
    }
