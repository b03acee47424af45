"""An overlay folder with a hand-written shell, so that the scripts run without generating Verilog."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit")]

from mock_vivado import small_design  # noqa: E402
from shell_stand_in import VERILOG  # noqa: E402


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the scripts read: settings and Verilog."""
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh is missing: install the Debian package tcl")
    place = tmp_path / "folder"
    (place / "rtl").mkdir(parents=True)
    (place / "overlay").mkdir()
    (place / "rtl" / "overlay.tcl").write_text(small_design().settings_tcl())
    (place / "rtl" / "stand_in_shell.v").write_text(VERILOG)
    return place
