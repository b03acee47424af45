"""``bittrue demo-data``: what the demo on the board needs of the PC."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from bittrue.applications import APPLICATIONS
from bittrue.cli import source_overlay
from bittrue.cli.application import printed
from bittrue.cli.overlay import named
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_json, net_folder
from bittrue.errors import BadInput, listed
from bittrue.files import made_folder
from bittrue.kit.application import Demonstration
from bittrue.spec import Net
from bittrue.spec.alike import check_alike
from bittrue.spec.store import content_hash
from bittrue.targets.pynq_z1.manifest import Manifest


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "write what the demo of an overlay plays, and the codes that are expected, into its folder"
    examples = [line for made in demonstrations() for line in made.examples]
    command = add_command(commands, "demo-data", call, does, net=False, examples=examples)
    command.add_argument(
        "nets",
        nargs="+",
        type=net_folder,
        metavar="NET",
        help="what bittrue overlay was given: nets, or one folder",
    )
    add_folder(command, "demo.npz: the one with the overlay's .bit, .hwh, .json and .npz")
    command.add_argument("--names", metavar="A,B,..", help="names of the banks (default: those of the folders)")
    for made in demonstrations():
        for option in made.options:
            command.add_argument(*option.flags, help=option.help, **option.settings)
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Write demo.npz and say what is in it."""
    source = source_overlay.asked(arguments.nets)
    banks = named(arguments.nets, arguments.names)
    check_alike(banks)  # refused like what no overlay holds: a demo plays the first of them
    net = next(iter(banks.values()))
    made = next((one for one in demonstrations() if one.sources == source and one.suits(net)), None)
    if made is None:
        known = " and ".join(one.about for one in demonstrations())
        raise BadInput(f"net {net.name} is for no demo; there are demos of {known}")
    for other in demonstrations():
        for option in other.options:
            if other is not made and option.given(arguments):
                raise BadInput(f"{option.flag} belongs to {other.about}; leave it out")
    made.check(banks)
    check_overlay(arguments.output, banks)
    with made_folder(arguments.output) as folder:
        return printed(made.write(folder, banks, arguments), arguments.json)


def demonstrations() -> list[Demonstration]:
    """Those of all applications."""
    return [one.demonstration for one in APPLICATIONS.values() if one.demonstration]


def check_overlay(folder: str, banks: Mapping[str, Net]) -> None:
    """Raise `BadInput` where the folder holds an overlay and it is of other banks: the demo would refuse the data."""
    given = [(name, content_hash(net)) for name, net in banks.items()]
    for path in sorted(Path(folder).glob("*.json")):
        try:
            built = [(bank.name, bank.hash) for bank in Manifest.read(path).banks]
        except BadInput:  # no manifest
            continue
        if built != given:
            names = listed(name for name, _ in built)
            raise BadInput(
                f"the overlay of {path} holds banks {names}, and not these nets by these names in this order; give "
                f"what `bittrue overlay` was given, or another folder"
            )
