"""``bittrue search``: nets that do more with less, by a resumable study."""

from __future__ import annotations

import argparse

from bittrue.cli.application import add_options, add_verb, run
from bittrue.cli.parser import Commands, Parser


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_verb(commands, "search", call, "search for better nets, or for shorter words of a net")
    command.add_argument("-o", "--output", metavar="DIR", help="folder or file for what is found")
    add_options(command, "search")


def call(arguments: argparse.Namespace) -> int:
    """Search, print what was found and write it."""
    return run("search", arguments)
