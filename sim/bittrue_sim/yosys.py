"""Yosys on Verilog, once for each text: what it writes is kept in the build cache."""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bittrue.cosim.cache import cache_dir, publish, staging_dir
from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue.lower.sources import Sources

MODULE = "module.v"
"""Name under which the passes read the text."""

_CHILD = """\
import sys
from pyosys import libyosys
design = libyosys.Design()
for command in sys.argv[1:]:
    libyosys.run_pass(command, design)
"""


def version() -> str:
    """Version of pyosys. Raises `BadInput` where it is missing."""
    try:
        return importlib.metadata.version("pyosys")
    except importlib.metadata.PackageNotFoundError:
        raise BadInput(f"Yosys for synthesis is not installed in this Python environment; {install('synth')}") from None


def synthesised(sources: Sources, top: str, passes: Sequence[str], result: str) -> bytes:
    """What the passes write into a file of their folder, by running them once for the same sources and passes.

    Yosys runs in a process of its own, because it keeps much memory and ends the process where it fails.

    Parameters
    ----------
    sources : Sources
        The module and everything below it; the passes read the Verilog as ``module.v``.
    top : str
        The module's name, for messages.
    passes : sequence of str
        Yosys's commands.
    result : str
        Name of the file that they write.

    Raises
    ------
    BadInput
        Where pyosys is missing.
    RuntimeError
        Where Yosys refuses the text; the message holds what it printed.
    """
    key = hashlib.sha256(repr((version(), *passes, sources)).encode()).hexdigest()[:32]
    final = cache_dir("synth", key)
    if not (final / result).is_file():
        stage = staging_dir(final)
        try:
            for file, text in sources.files(MODULE).items():
                (stage / file).write_text(text, encoding="utf-8")
            command = [sys.executable, "-c", _CHILD, *passes]
            done = subprocess.run(command, cwd=stage, capture_output=True, text=True, check=False)
            if done.returncode or not (stage / result).is_file():
                raise RuntimeError(f"Yosys failed on module {top}:\n{(done.stdout + done.stderr)[-3000:]}")
            publish(stage, final)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return Path(final / result).read_bytes()
