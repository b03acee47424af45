"""``bittrue demo``: the script of the board, on a simulated board where there is none."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from bittrue.board import BoardError
from bittrue.board.demo import options, window
from bittrue.board.demo.radio.bundle import draws_maps
from bittrue.board.source_manifest import SourceManifest, read_any
from bittrue.cli.parser import Commands, Parser, add_command, remark
from bittrue.errors import BadInput
from bittrue.places import shipped

FILES = {"dpd": "hdmi", "ecg": "ecg", "noise": "noise", "radio": "radio"}
SCRIPTS = {name: shipped(f"demo/{file}_demo.py") for name, file in FILES.items()}
TAKES = {"dpd": "takes samples", "ecg": "takes frames", "noise": "is a noise source", "radio": "draws maps"}
HOLDS = {"ecg": "a net of frames", "noise": "a noise source", "radio": "a net that draws maps"}
SLOW = "noise", "radio"
"""Demos whose frames take so many clocks that a simulated board is silent for long."""
OF_DPD = "bypass", "bank", "kelvin"
"""Options that mean nothing to other demos."""
SIMULATED = 300.0
"""Seconds without a word that the simulated board of one of `SLOW` may take."""
FPGA = Path("/sys/class/fpga_manager/fpga0")
"""What Linux shows where there is programmable logic."""
EXAMPLES = (
    "bittrue demo --overlay build/demo/overlay/tdnn_thermal.bit --output build/demo/demo.gif",
    "bittrue demo --bank hot --kelvin 60 --frames 5 --display none --output hot.png",
    "bittrue demo --app ecg --overlay build/demo/overlay/ecg_tiny.bit --output beats.png",
    "bittrue demo --app noise --overlay build/demo/overlay/noise_fgn.bit --output noise.gif",
    "bittrue demo --app radio --overlay build/demo/overlay/radio_map_32.bit --output maps.gif",
)


def add(commands: Commands[Parser]) -> None:
    """Add the command; its options are those of the script."""
    does = "run the demo of an overlay: on the board, or on a simulated one where there is none"
    command = add_command(commands, "demo", call, does, net=False, examples=EXAMPLES)
    command.add_argument(
        "--app",
        choices=sorted(SCRIPTS),
        help="predistortion, heartbeats, noise or radio maps (default: what the overlay's net is for)",
    )
    options.add(command)


def call(arguments: argparse.Namespace) -> int:
    """Put a simulated board below pynq unless there is a board, and run the script as it is; its exit code."""
    bit = options.overlay_of(arguments.overlay, SCRIPTS["dpd"])
    app = _app(arguments, bit)
    script = SCRIPTS[app]
    if not script.is_file():
        raise BadInput(f"there is no {script}, the demo's script; install bittrue again, whole")
    if not FPGA.exists():
        _simulated(bit)
        if app in SLOW:
            arguments.timeout = max(arguments.timeout, SIMULATED)
        if arguments.display == "auto":  # nobody sees the simulated board's HDMI connector
            arguments.display = "window" if window.possible() else "none"
    arguments.overlay = str(bit)
    before = sys.argv
    added = options.add if app == "dpd" else options.add_common
    sys.argv = [str(script), *options.words(arguments, added)]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as done:
        return int(done.code or 0)
    finally:
        sys.argv = before
    return 0


def _app(arguments: argparse.Namespace, bit: Path) -> str:
    """Which demo an overlay is for: of noise where it is a source, of radio maps where its net draws them, of
    heartbeats where it takes other frames.

    Raises `BadInput` where another one, or an option of another one, is asked for.
    """
    try:
        manifest = read_any(bit.with_suffix(".json"))
    except BoardError as error:
        raise BadInput(str(error)) from None
    if isinstance(manifest, SourceManifest):
        app = "noise"
    else:
        app = "radio" if draws_maps(manifest) else "ecg" if manifest.framed else "dpd"
    if arguments.app not in (app, None):
        raise BadInput(f"the net of {bit} {TAKES[app]}, so its demo is {app} and not {arguments.app}; leave --app out")
    for option in OF_DPD:
        if app != "dpd" and getattr(arguments, option) not in (None, False):
            raise BadInput(f"--{option} belongs to the demo of predistortion, and {bit} holds {HOLDS[app]}")
    return app


def _simulated(bit: Path) -> None:
    from bittrue_sim.virtual_board import install

    remark("no programmable logic here: the board is simulated, its registers and streams are the Verilated RTL")
    install(bit.resolve().parents[1])
