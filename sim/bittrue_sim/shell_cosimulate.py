"""The shell of a net in cocotb benches, driven by the bus masters, sources and sinks of cocotbext-axi."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from bittrue.cosim.module_ports import check_ports
from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue.lower.sources import Sources
from bittrue.lower.stream_shell import end_layouts, is_framed, shell_name, shell_ports
from bittrue.spec import Net, save
from bittrue_sim import runner
from bittrue_sim.cosimulate import JOB

BENCH, FRAME_BENCH = "bittrue_sim.benches.shell_bench", "bittrue_sim.benches.frame_bench"
SCENARIOS = (
    "reset_values",
    "access_kinds",
    "streams",
    "stall_counter",
    "full_speed",
    "malformed_transfers",
    "reset_in_mid_stream",
    "bypass",
    "bank_swaps",
    "load_while_streaming",
    "refused_loads",
    "saturation_flags",
)
"""The tests of the bench."""
WITHOUT_BANKS = ("reset_values", "streams", "stall_counter", "full_speed", "malformed_transfers", "bypass")
"""Those that hardware with fixed weights passes."""
OF_FRAMES = ("reset_values", "frames", "full_speed_of_frames", "dropped_frames", "packets", "reset_in_mid_frame")
"""The tests of `bittrue_sim.benches.frame_bench`, for nets of frames."""
OF_FRAMES_IN_BANKS = (*OF_FRAMES, "banks_of_frames")
"""All of them: of hardware with banks."""


def cosimulate_shell(
    banks: Sequence[Net],
    interval: int,
    simulator: str,
    scenarios: Sequence[str] = SCENARIOS,
    *,
    fixed: bool = False,
    samples: int = 40,
    seed: int = 1,
    sources: Sources | None = None,
) -> None:
    """Run scenarios of `bittrue_sim.benches.shell_bench`; returns, or raises with the first thing that is wrong.

    Parameters
    ----------
    banks : sequence of Net
        What the hardware is built with, in the order of the banks.
    interval : int
        Clocks a sample.
    simulator : str
        ``"verilator"`` or ``"icarus"``.
    scenarios : sequence of str
        Some of `SCENARIOS`, or of `OF_FRAMES_IN_BANKS`; they run in one simulation.
    fixed : bool
        Build the first net alone, with fixed weights (`WITHOUT_BANKS`).
    samples : int
        Samples of one stretch of the scenario.
    seed : int
        For inputs and stalls.
    sources : Sources, optional
        Of the shell; generated where none is given.

    Raises
    ------
    BadInput
        For a simulator that is missing or too old, or where cocotbext-axi is missing.
    HardwareFault
        With the bench's reason, or where the text's ports are not a shell's.
    """
    require(simulator)
    built = sources if sources is not None else _verilog(banks[0], interval, () if fixed else tuple(banks))
    module = shell_name(banks[0])
    layouts = end_layouts(banks[0], interval, not fixed)
    bench = FRAME_BENCH if is_framed(layouts) else BENCH
    check_ports(built.verilog, module, shell_ports(banks[0], layouts))
    build_dir = runner.build(simulator, built, module)
    with tempfile.TemporaryDirectory(prefix="bittrue-shell-") as folder:
        work = Path(folder)
        names = [f"bank{k}" for k in range(len(banks))]
        for name, net in zip(names, banks, strict=True):
            save(net, work / name)
        job = {"banks": names, "fixed": fixed, "interval": interval, "samples": samples, "seed": seed}
        job["four_state"] = simulator == "icarus"
        (work / "job.json").write_text(json.dumps(job), encoding="utf-8")
        environment = {JOB: str(work), "COCOTB_TEST_FILTER": rf"\.({'|'.join(scenarios)})$"}
        runner.run(simulator, build_dir, module, bench, work, environment, seed)


def require(simulator: str) -> None:
    """Make sure that a simulator and cocotbext-axi can be used; `BadInput` where not."""
    runner.require(simulator)
    try:
        import cocotbext.axi  # noqa: F401
    except ImportError:
        raise BadInput(f"cocotbext-axi is not installed in this environment; {install('sim')}") from None


@lru_cache(maxsize=8)
def _verilog(net: Net, interval: int, banks: tuple[Net, ...]) -> Sources:
    """The generated module, once for all scenarios."""
    import bittrue_rtl.shell

    return bittrue_rtl.shell.verilog(net, interval, banks)
