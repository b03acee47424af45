"""An overlay folder with a hand-written shell, so that the scripts run without generating Verilog."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit")]

from mock_vivado import MEMORY, small_design  # noqa: E402
from shell_stand_in import VERILOG  # noqa: E402

ROM = f'module rom;\n  reg [7:0] words [0:2];\n  initial $readmemh("{MEMORY}", words);\nendmodule\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the scripts read: settings, Verilog and a memory file."""
    if shutil.which("tclsh") is None:
        pytest.skip("tclsh is missing: install the Debian package tcl")
    place = tmp_path / "folder"
    (place / "rtl").mkdir(parents=True)
    (place / "overlay").mkdir()
    (place / "rtl" / "overlay.tcl").write_text(small_design().settings_tcl([MEMORY]))
    (place / "rtl" / "stand_in_shell.v").write_text(VERILOG + ROM)
    (place / "rtl" / MEMORY).write_text("0a\n0b\n0c\n")
    return place
