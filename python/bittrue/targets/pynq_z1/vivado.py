"""Run the scripts of rtl/vivado: against the strict mock, and with Vivado where it is installed.

Both read ``<folder>/rtl/overlay.tcl``, work in ``<folder>/vivado`` and put bitstream and hand-off file into
``<folder>/overlay``. The mock works on a copy of the folder, so it leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bittrue.errors import BadInput
from bittrue.places import shipped
from bittrue.targets.pynq_z1.build import OverlayFolder
from bittrue.targets.pynq_z1.design import VIVADO

SCRIPT = shipped("rtl/vivado/build.tcl")
MOCK = shipped("tests/vivado/mock.tcl")
LOG = "vivado.log"


@dataclass(frozen=True)
class Checked:
    """What the mock says of the scripts.

    Parameters
    ----------
    error : str
        The first thing that is wrong, or nothing.
    record : dict
        The design that the scripts built: cells, connections, addresses.
    """

    error: str
    record: dict[str, Any]


def find(program: str) -> str | None:
    """Path of a program, or nothing."""
    return shutil.which(program)


def scripts() -> Path:
    """Path of the first script. Raises `BadInput` where this installation lacks it."""
    if not SCRIPT.is_file():
        raise BadInput(f"Vivado's scripts are not where bittrue is installed ({SCRIPT}); install it again, whole")
    return SCRIPT


def check(written: OverlayFolder) -> Checked | None:
    """Run the scripts against the mock; nothing where ``tclsh`` or the mock is missing.

    Raises `BadInput` where Verilog or memory files are not those of the manifest.
    """
    written.check_sources()
    tclsh, script = find("tclsh"), scripts()
    if tclsh is None or not MOCK.is_file():
        return None
    with tempfile.TemporaryDirectory() as name:
        place, record = Path(name) / "overlay-folder", Path(name) / "record.json"
        shutil.copytree(written.folder / "rtl", place / "rtl")
        (place / "overlay").mkdir()
        done = subprocess.run(
            [tclsh, str(MOCK), *arguments(script, place)],
            cwd=name,
            env={**os.environ, "BITTRUE_MOCK_RECORD": str(record)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("ERROR")]
            return Checked((lines or [done.stderr.strip() or "the mock failed without a word"])[0], {})
        return Checked("", json.loads(record.read_text(encoding="utf-8")))


def arguments(script: Path, folder: Path) -> list[str]:
    """Vivado's arguments for a build in ``folder``."""
    log = folder / "vivado" / LOG
    return ["-mode", "batch", "-nojournal", "-log", str(log), "-source", str(script), "-tclargs", str(folder)]


def build(written: OverlayFolder, environment: Mapping[str, str] | None = None) -> str:
    """Run Vivado and seal what it made.

    Returns
    -------
    str
        What failed, or nothing. Where it failed, only a pair of files that was there before and is whole is left.

    Raises
    ------
    BadInput
        Where Vivado is not on the PATH, or Verilog or memory files are not those of the manifest.
    """
    vivado = find("vivado")
    if vivado is None:
        raise BadInput(missing(written))
    written.check_sources()
    folder = written.folder.resolve()
    work = folder / "vivado"
    work.mkdir(exist_ok=True)
    command = [vivado, *arguments(scripts(), folder)]
    before = written.pair()
    child = None
    try:
        with _interrupt_held():  # once Vivado runs, it is known by its handle
            child = subprocess.Popen(command, cwd=work, env=environment, start_new_session=True)
        code = child.wait()
        if code == 0 and all(new and new != old for new, old in zip(written.pair(), before, strict=True)):
            written.seal()
            return ""
    finally:
        if child is not None and child.poll() is None:  # interrupted: Vivado's own children must not write on
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        written.clear_parts()
        if not written.sealed():
            written.clear()
    return f"Vivado ended with code {code}; {_reason(work / LOG)}"


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Let an interrupt wait until the block is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt


def missing(written: OverlayFolder) -> str:
    """What to say where there is no Vivado."""
    return (
        f"vivado is not on the PATH, so there is no bitstream; everything else is in {written.folder}: install Vivado "
        f"{VIVADO} (its free edition knows the part) and run the same command, or on a machine that has it and copies "
        f"of this folder and of {SCRIPT.parent}: vivado -mode batch -source {SCRIPT.parent.name}/{SCRIPT.name} "
        f"-tclargs {written.folder}"
    )


def _reason(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "it left no log"
    errors = [line for line in lines if line.startswith("ERROR")]
    return f"{errors[0] if errors else 'no line of the log begins with ERROR'}; see {log}"
