"""The board's tests (tests/board) in the environment that has pynq, which needs NumPy 1; skipped where that is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "BITTRUE_BOARD_PYTHON"
PYTHON = Path(os.environ.get(VARIABLE, ROOT / ".venv-board" / "bin" / "python"))


def _why_not() -> str:
    """Why the tests cannot run here, or nothing."""
    if not PYTHON.is_file():
        return f"{PYTHON} is missing: make .venv-board/.done, or set {VARIABLE} to a Python with pynq"
    found = subprocess.run([str(PYTHON), "-c", "import pynq, bittrue"], capture_output=True, text=True, check=False)
    return f"{PYTHON} cannot import pynq and bittrue: {found.stderr[-300:]}" if found.returncode else ""


def test_the_driver_on_the_simulated_board() -> None:
    reason = _why_not()
    if reason:
        pytest.skip(reason)
    command = [str(PYTHON), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/board"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    assert "passed" in done.stdout and "skipped" not in done.stdout.splitlines()[-1], done.stdout[-500:]
