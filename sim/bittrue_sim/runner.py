"""The one place that knows simulators and their flags: build a module for cocotb, run a bench, read the verdict."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from bittrue.cosim import verilator
from bittrue.cosim.cache import build_root, cache_dir, publish, staging_dir
from bittrue.cosim.streams import HardwareFault
from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue.lower.sources import Sources

SIMULATORS = ("verilator", "icarus")
TIMESCALE = "`timescale 1ns/1ps\n"
ICARUS_MINIMUM = 11
ICARUS_FLAGS = ("-g2005",)
"""With cocotb's own choice, -g2012, Icarus simulates Amaranth's Verilog wrongly (amaranth issues 594 and 1629): outputs
stay X, or the first sample comes out right and later ones repeat it."""
VERILATOR_FLAGS = ("--vpi", "--public-depth", "1")
"""cocotb reaches the ports through VPI; --public-flat-rw, cocotb's own choice, would keep every wire and be slow."""


def require(simulator: str) -> None:
    """Make sure that a simulator can be used.

    Raises `BadInput` for an unknown one, or where it, a compiler it needs, or cocotb is missing or too old.
    """
    if simulator not in SIMULATORS:
        raise BadInput(f"unknown simulator {simulator!r}; known are {' and '.join(SIMULATORS)}")
    try:
        import cocotb_tools.runner  # noqa: F401
    except ImportError:
        raise BadInput(f"cocotb is not installed in this Python environment; {install('sim')}") from None
    if simulator == "verilator":
        verilator.find()
    else:
        _icarus_version()


def build(simulator: str, sources: Sources, module: str) -> Path:
    """Compile Verilog for cocotb and return the build folder; the same sources are compiled once.

    Raises `BadInput` as `require` does, and RuntimeError with the tool's words where it refuses the Verilog.
    """
    require(simulator)
    timed = replace(sources, verilog=TIMESCALE + sources.verilog)
    return _build_verilator(timed, module) if simulator == "verilator" else _build_icarus(timed, module)


def run(
    simulator: str, build_dir: Path, module: str, bench: str, work: Path, environment: Mapping[str, str], seed: int
) -> None:
    """Run all cocotb tests of the Python module ``bench`` in the folder ``work``.

    Raises
    ------
    HardwareFault
        With the first failing test's own reason; or, where the simulator died without a verdict, the end of its log.
    """
    from cocotb_tools.runner import get_runner

    results, log = work / "results.xml", work / "simulation.log"
    died = ""
    try:
        get_runner(simulator).test(
            test_module=bench,
            hdl_toplevel=module,
            hdl_toplevel_lang="verilog",
            build_dir=build_dir,
            test_dir=work,
            results_xml=str(results.absolute()),
            log_file=log,
            extra_env=dict(environment),
            plusargs=[f"+verilator+seed+{1 + seed % 0x7FFFFFFE}", "+verilator+rand+reset+2"]
            if simulator == "verilator"
            else [],
            seed=seed,
        )
    except (RuntimeError, SystemExit, subprocess.CalledProcessError) as error:
        died = str(error)  # the reason stands in the results, where the simulator lived to write them
    judge(results, log, f"{simulator}, {died}" if died else simulator)


def judge(results: Path, log: Path, who: str) -> None:
    """Raise `HardwareFault` unless the results file says that tests ran and every one passed."""
    if not results.is_file():
        tail = log.read_text(errors="replace")[-3000:] if log.is_file() else "no log"
        raise HardwareFault(f"{who}: the simulation ended without results:\n{tail}")
    cases = ElementTree.parse(results).getroot().findall(".//testcase")
    if not cases:
        raise HardwareFault(f"{who}: no test ran; see {log}")
    for case in cases:
        for verdict in ("failure", "error", "skipped"):
            found = case.find(verdict)
            if found is not None:
                reason = (found.get("message") or found.get("error_msg") or found.text or "no reason given").strip()
                raise HardwareFault(f"{who}, {case.get('name')}: {reason}")


def _icarus_version() -> str:
    if not (shutil.which("iverilog") and shutil.which("vvp")):
        raise BadInput("Icarus Verilog is not installed (no iverilog and vvp on PATH); run: apt install iverilog")
    printed = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Icarus Verilog version (\d+)\S*", printed)
    if found is None or int(found[1]) < ICARUS_MINIMUM:
        version = found[0] if found else "the version of iverilog is unknown, it"
        raise BadInput(f"{version} is too old, {ICARUS_MINIMUM} or later is needed; run: apt install iverilog")
    return found[0]


def _build_icarus(sources: Sources, module: str) -> Path:
    key = _icarus_version(), ICARUS_FLAGS, module, sources.placed(build_root())
    digest = hashlib.sha256(repr(key).encode()).hexdigest()
    final = cache_dir("icarus", digest[:32])
    if not (final / "sim.vvp").is_file():
        stage = staging_dir(final)
        try:
            for file, text in sources.placed(final).files("top.v").items():
                (stage / file).write_text(text, encoding="utf-8")
            command = ["iverilog", *ICARUS_FLAGS, "-s", module, "-o", "sim.vvp", "top.v"]
            done = subprocess.run(command, cwd=stage, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"iverilog failed with exit code {done.returncode}:\n{done.stderr[-3000:]}")
            publish(stage, final)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return final


def _build_verilator(sources: Sources, module: str) -> Path:
    import cocotb
    from cocotb_tools import config

    main = config.share_dir / "lib" / "verilator" / "verilator.cpp"
    program = verilator.build(
        sources,
        module,
        {"main.cpp": f'#include "{main}"  // cocotb {cocotb.__version__}\n'},
        executable=True,
        verilate=VERILATOR_FLAGS,
        runtime=("verilated", "verilated_threads", "verilated_vpi"),
        link=(f"-L{config.libs_dir}", f"-Wl,-rpath,{config.libs_dir}", "-lcocotbvpi_verilator"),
    )
    return program.parent
