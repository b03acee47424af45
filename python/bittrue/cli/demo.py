"""``bittrue demo``: the script of the board, on a simulated board where there is none."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from bittrue.board.demo import options
from bittrue.cli.parser import Commands, Parser, add_command, remark
from bittrue.errors import BadInput
from bittrue.places import shipped

SCRIPT = shipped("demo/hdmi_demo.py")
FPGA = Path("/sys/class/fpga_manager/fpga0")
"""What Linux shows where there is programmable logic."""
EXAMPLES = (
    "bittrue demo --overlay build/demo/overlay/tdnn_thermal.bit --output build/demo/demo.gif",
    "bittrue demo --bank hot --kelvin 60 --frames 5 --display none --output hot.png",
)


def add(commands: Commands[Parser]) -> None:
    """Add the command; its options are those of the script."""
    does = "run the predistortion demo: on the board, or on a simulated one where there is none"
    options.add(add_command(commands, "demo", call, does, net=False, examples=EXAMPLES))


def call(arguments: argparse.Namespace) -> int:
    """Put a simulated board below pynq unless there is a board, and run the script as it is; its exit code."""
    if not SCRIPT.is_file():
        raise BadInput(f"there is no {SCRIPT}, the demo's script; install bittrue again, whole")
    bit = options.overlay_of(arguments.overlay, SCRIPT)
    if not FPGA.exists():
        _simulated(bit)
    arguments.overlay = str(bit)
    before = sys.argv
    sys.argv = [str(SCRIPT), *options.words(arguments)]
    try:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    except SystemExit as done:
        return int(done.code or 0)
    finally:
        sys.argv = before
    return 0


def _simulated(bit: Path) -> None:
    from bittrue_sim.virtual_board import install

    remark("no programmable logic here: the board is simulated, its registers and streams are the Verilated RTL")
    install(bit.resolve().parents[1])
