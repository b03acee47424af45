"""``bittrue ablate``: what each stage and augmentation of a recipe is worth."""

from __future__ import annotations

import argparse

from bittrue.cli.application import add_options, add_verb, run
from bittrue.cli.parser import Commands, Parser


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_verb(commands, "ablate", call, "say what each part of a recipe is worth in dB")
    command.add_argument("-o", "--output", metavar="DIR", help="folder of all runs and results")
    add_options(command, "ablate")


def call(arguments: argparse.Namespace) -> int:
    """Run what is missing, then print and write what all runs say."""
    return run("ablate", arguments)
