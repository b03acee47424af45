"""Runs the scripts of rtl/vivado, or changed copies of them, against the mock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bittrue.targets.pynq_z1.clock import CLOCK_MHZ, fclk
from bittrue.targets.pynq_z1.design import Design
from bittrue.targets.pynq_z1.vivado import MOCK, SCRIPT
from bittrue.targets.pynq_z1.vivado import arguments as vivado_arguments

MEMORY = "stand_in_shell.rom.words.mem"
"""The memory file of the shell in the folder of tests/vivado/conftest.py."""


@dataclass(frozen=True)
class Ran:
    """Exit code, everything printed, and the recorded design."""

    code: int
    output: str
    record: dict[str, Any]


def small_design() -> Design:
    """The overlay of the hand-written shell."""
    return Design("stand_in", fclk(CLOCK_MHZ), 32, 32)


def run(folder: Path, script: Path = SCRIPT, arguments: tuple[str, ...] = (), **settings: str) -> Ran:
    """Run a script on a folder, or with other arguments; ``settings`` are the mock's, without their prefix."""
    record = folder.parent / "record.json"
    record.unlink(missing_ok=True)
    environment = {**os.environ, "BITTRUE_MOCK_RECORD": str(record)}
    environment |= {f"BITTRUE_MOCK_{name}": value for name, value in settings.items()}
    command = ["tclsh", str(MOCK), *vivado_arguments(script, folder)]
    command[-1:] = arguments or command[-1:]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    found = json.loads(record.read_text()) if record.is_file() else {}
    return Ran(done.returncode, done.stdout + done.stderr, found)


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the scripts beside the folder with one text replaced; returns its build.tcl.

    ``file`` may also be one of the folder, by its path there.
    """
    scripts = folder.parent / "scripts"
    shutil.copytree(SCRIPT.parent, scripts)
    path = folder / file if "/" in file else scripts / file
    text = path.read_text()
    assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new))
    return scripts / SCRIPT.name
