"""The shell of a source in a cocotb bench, driven by the bus master and the sink of cocotbext-axi."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from bittrue.cosim.module_ports import check_ports
from bittrue.lower.source import source_plan
from bittrue.lower.source_shell import source_shell_ports
from bittrue.lower.stream_shell import shell_name
from bittrue.spec.source import Source
from bittrue.spec.source_store import save
from bittrue_sim import runner
from bittrue_sim.cosimulate import JOB
from bittrue_sim.shell_cosimulate import require

BENCH = "bittrue_sim.benches.source_shell_bench"


def cosimulate_source_shell(source: Source, interval: int, simulator: str, seed: int = 1) -> None:
    """Run `bittrue_sim.benches.source_shell_bench`; returns, or raises with the first thing that is wrong.

    ``interval`` is the number of clocks a frame, ``simulator`` ``"verilator"`` or ``"icarus"``. Errors as of
    `bittrue_sim.shell_cosimulate.cosimulate_shell`.
    """
    require(simulator)
    from bittrue_rtl.source_shell import source_shell_verilog

    built, module = source_shell_verilog(source, interval), shell_name(source.net)
    check_ports(built.verilog, module, source_shell_ports(source_plan(source, interval)))
    build_dir = runner.build(simulator, built, module)
    with tempfile.TemporaryDirectory(prefix="bittrue-source-shell-") as folder:
        work = Path(folder)
        save(source, work / "source")
        job = {"interval": interval, "seed": seed}
        (work / "job.json").write_text(json.dumps(job), encoding="utf-8")
        runner.run(simulator, build_dir, module, BENCH, work, {JOB: str(work)}, seed)
