"""``bittrue recipe``: a built-in recipe to start from."""

from __future__ import annotations

import argparse
import sys

from rich.table import Table
from rich.text import Text

from bittrue.cli.application import APPLICATIONS
from bittrue.cli.parser import Commands, Parser, add_command, console
from bittrue.errors import BadInput, listed, shown
from bittrue.kit.schema import nearest

EXAMPLES = ("bittrue recipe", "bittrue recipe tdnn-wide > mine.toml", "bittrue recipe ecg-tiny > mine.toml")


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "print a built-in recipe to start one's own from, or list them"
    command = add_command(commands, "recipe", call, does, net=False, examples=EXAMPLES)
    command.add_argument("name", metavar="NAME", nargs="?", help="a built-in recipe (default: list them)")


def call(arguments: argparse.Namespace) -> int:
    """Print the file of a recipe, byte by byte, or a table of all."""
    owners = {name: found.shelf for found in APPLICATIONS.values() for name in found.shelf.names()}
    if arguments.name is None:
        table = Table(box=None)
        for heading in ("recipe", "trained by", "what it is"):
            table.add_column(heading, justify="left")
        for name, shelf in owners.items():
            table.add_row(name, f"bittrue train {shelf.application}", Text(_about(shelf.content(name))))
        console().print(table)
        return 0
    if arguments.name not in owners:
        near = nearest(arguments.name, owners)
        raise BadInput(f"unknown recipe {shown(arguments.name)}; choose {listed(owners)}{near}")
    sys.stdout.write(owners[arguments.name].content(arguments.name).decode())
    return 0


def _about(content: bytes) -> str:
    """The comment that a recipe begins with."""
    lines = []
    for line in content.decode().splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)
