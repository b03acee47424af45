"""What a module becomes on a Xilinx 7-series device, as Yosys maps it: cells by kind. No timing is estimated."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bittrue.cosim.cache import cache_dir, publish, staging_dir
from bittrue.errors import BadInput
from bittrue.lower.sources import Sources

FIX = "run: pip install pyosys==0.70"
READ = "read_verilog module.v"
PASSES = (
    "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top \\{top}",
    "tee -q -o cells.json stat -json -top \\{top}",
)
"""Without I/O and clock buffers: the module lies inside a design, it is not a whole chip."""

_CHILD = """\
import sys
from pyosys import libyosys
design = libyosys.Design()
for command in sys.argv[1:]:
    libyosys.run_pass(command, design)
"""

LUTS = {f"LUT{k}": 1 for k in range(1, 7)}
MEMORY_LUTS = {"RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "SRL16E": 1, "SRLC32E": 1}
FLIP_FLOPS = dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1"), 1)
BLOCK_RAM = {"RAMB18E1": 1, "RAMB36E1": 2}
LATCHES = ("LDCE", "LDPE")


def xc7_report(sources: Sources, top: str) -> dict[str, int]:
    """Number of cells of every kind (``DSP48E1``, ``LUT6``, ``FDRE``, ``RAMB18E1``, ...) of module ``top``.

    The same sources are synthesised once (`bittrue.cosim.cache`). Yosys runs in a process of its own, because it keeps
    much memory and ends the process where it fails.

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
    try:
        version = importlib.metadata.version("pyosys")
    except importlib.metadata.PackageNotFoundError:
        raise BadInput(f"Yosys for synthesis is not installed in this Python environment; {FIX}") from None
    passes = [READ, *before, *(line.format(top=top) for line in PASSES)]
    key = hashlib.sha256(repr((version, passes, sources)).encode()).hexdigest()[:32]
    final = cache_dir("synth", key)
    if not (final / "cells.json").is_file():
        stage = staging_dir(final)
        try:
            for file, text in sources.files("module.v").items():
                (stage / file).write_text(text, encoding="utf-8")
            command = [sys.executable, "-c", _CHILD, *passes]
            done = subprocess.run(command, cwd=stage, capture_output=True, text=True, check=False)
            if done.returncode or not (stage / "cells.json").is_file():
                raise RuntimeError(f"Yosys failed on module {top}:\n{(done.stdout + done.stderr)[-3000:]}")
            publish(stage, final)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    found: dict[str, Any] = json.loads((final / "cells.json").read_text(encoding="utf-8"))
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
