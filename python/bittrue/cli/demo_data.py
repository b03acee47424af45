"""``bittrue demo-data``: what the demo on the board needs of the PC."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

from bittrue.applications import APPLICATIONS
from bittrue.cli.application import printed
from bittrue.cli.overlay import named
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_json, net_folder, whole
from bittrue.errors import BadInput
from bittrue.files import made_folder
from bittrue.spec import Net
from bittrue.spec.store import content_hash
from bittrue.targets.pynq_z1.manifest import Manifest

PASSES, SEED = 5, 1
EXAMPLES = (
    "bittrue demo-data weights/tdnn-thermal -o build/demo/overlay",
    "bittrue demo-data weights/tdnn-wide -o build/wide/overlay --passes 8 --seed 5 --capture stored",
)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "write the demo's test signal, expected codes and amplifier model into an overlay folder"
    command = add_command(commands, "demo-data", call, does, net=False, examples=EXAMPLES)
    command.add_argument(
        "nets",
        nargs="+",
        type=net_folder,
        metavar="NET",
        help="what bittrue overlay was given: nets, or one folder",
    )
    add_folder(command, "demo.npz: the one with the overlay's .bit, .hwh, .json and .npz")
    command.add_argument("--names", metavar="A,B,..", help="names of the banks (default: those of the folders)")
    command.add_argument(
        "--kelvin", type=_kelvins, metavar="K,K,..",
        help="temperature of each bank from the captured one (default: that of the thermal banks' recipe, else 0)",
    )  # fmt: skip
    command.add_argument(
        "--passes", type=whole(1, 64), default=PASSES, metavar="P", help=f"passes of the signal (default {PASSES})"
    )
    command.add_argument("--seed", type=whole(0, 1 << 31), default=SEED, metavar="S", help=f"default {SEED}")
    command.add_argument(
        "--capture", metavar="NAME|DIR", help="data of the amplifier (default: the built-in capture; stored: none)"
    )
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Write demo.npz and say what is in it."""
    banks = named(arguments.nets, arguments.names)
    made = next(application.demonstration for application in APPLICATIONS.values() if application.demonstration)
    made.check(banks)
    check_overlay(arguments.output, banks)
    with made_folder(arguments.output) as folder:
        return printed(made.write(folder, banks, arguments), arguments.json)


def check_overlay(folder: str, banks: Mapping[str, Net]) -> None:
    """Raise `BadInput` where the folder holds an overlay and it is of other banks: the demo would refuse the data."""
    given = [(name, content_hash(net)) for name, net in banks.items()]
    for path in sorted(Path(folder).glob("*.json")):
        try:
            built = [(bank.name, bank.hash) for bank in Manifest.read(path).banks]
        except BadInput:  # no manifest
            continue
        if built != given:
            names = ", ".join(name for name, _ in built)
            raise BadInput(
                f"the overlay of {path} holds banks {names}, and not these nets by these names in this order; give "
                f"what `bittrue overlay` was given, or another folder"
            )


def _kelvins(text: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(abs(value) <= 150 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of kelvins from -150 to 150, such as -65,0,60")
    return values
