"""``bittrue train``: a net from a recipe."""

from __future__ import annotations

import argparse

from bittrue.cli.application import APPLICATIONS, add_options, add_verb, run
from bittrue.cli.parser import Commands, Parser


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_verb(commands, "train", call, "train a net by a recipe")
    default = ", ".join(found.recipe for found in APPLICATIONS.values() if "train" in found.commands)
    command.add_argument(
        "--recipe",
        metavar="FILE|NAME",
        help=f"recipe file, or a built-in one (default {default}; bittrue recipe lists them)",
    )
    command.add_argument("-o", "--output", metavar="DIR", help="folder for the net (default weights/NAME)")
    add_options(command, "train")


def call(arguments: argparse.Namespace) -> int:
    """Train, and write the net's folder with its card."""
    arguments.recipe = arguments.recipe or APPLICATIONS[arguments.application].recipe
    return run("train", arguments)
