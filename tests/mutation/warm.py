"""Runs of pytest in processes that are forked from one in which slow packages are imported already.

Nothing here imports the project: every fork imports it anew, from the copy that it is given.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

SLOW = [
    "numpy",
    "hypothesis.strategies",
    "pytest",
    "_hypothesis_pytestplugin",
    "torch",
    "amaranth.sim",
    "amaranth.back",
]
TOO_LONG = -1000
"""Instead of an exit code."""
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(SLOW)


def run_pytest(
    root: Path, paths: Sequence[Path], variables: dict[str, str], options: Sequence[str], seconds: int
) -> int:
    """Exit code of pytest in the folder ``root``, or `TOO_LONG`; ``printed`` there holds what it said.

    Parameters
    ----------
    paths : sequence of Path
        Where packages are looked for first, in the run and in what it starts.
    variables : dict of str
        The whole environment besides.
    """
    environment = variables | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    process = PROCESSES.Process(target=_main, args=(str(root), environment, list(options)))
    process.start()
    process.join(seconds)
    if process.exitcode is None and process.pid:
        os.killpg(process.pid, signal.SIGKILL)  # the tools that the tests had started, too
        process.join()
        return TOO_LONG
    return process.exitcode or 0


def _main(root: str, environment: dict[str, str], options: list[str]) -> None:
    os.setsid()
    os.chdir(root)
    printed = os.open("printed", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(printed, stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    sys.dont_write_bytecode = True
    if any(name.split(".")[0] in ("bittrue", "bittrue_rtl", "bittrue_sim") for name in sys.modules):
        sys.exit("the project is imported already, and not from the copy")
    import pytest

    sys.exit(int(pytest.main(options)))
