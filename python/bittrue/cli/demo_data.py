"""``bittrue demo-data``: what the demo on the board needs of the PC."""

from __future__ import annotations

import argparse
import math

from bittrue.cli.overlay import named
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, remark, whole
from bittrue.files import made_folder

PASSES, SEED = 5, 1


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "write the demo's test signal, expected codes and amplifier model into an overlay folder"
    command = add_command(commands, "demo-data", call, does, net=False)
    command.add_argument(
        "nets", nargs="+", metavar="NET", help="what `bittrue overlay` was given: a net folder a bank, or one of such"
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


def call(arguments: argparse.Namespace) -> int:
    """Write demo.npz and say what is in it."""
    from bittrue.apps.dpd.captures import data
    from bittrue.apps.dpd.demonstrating import demo_data, plant

    banks = named(arguments.nets, arguments.names)
    kelvins = arguments.kelvin or demo_data.kelvins(arguments.nets, banks)
    stand, reason = plant.find(arguments.capture or data.DEFAULT)
    if reason:
        remark(reason)
    with made_folder(arguments.output) as folder:
        path = demo_data.write(folder, banks, kelvins, stand, count=arguments.passes, seed=arguments.seed)
    drifts = ", ".join(f"{name} ({kelvin:+g} K)" for name, kelvin in zip(banks, kelvins, strict=True))
    print(f"{path}: {arguments.passes} passes, banks {drifts}; amplifier: {stand.title}, simulated")
    return 0


def _kelvins(text: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(abs(value) <= 150 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of kelvins from -150 to 150, such as -65,0,60")
    return values
