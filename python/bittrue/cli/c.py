"""``bittrue c``: a net as portable C."""

from __future__ import annotations

import argparse

from bittrue import api
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_json, print_files


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    examples = ("bittrue c tdnn-wide -o build/c",)
    command = add_command(commands, "c", call, "print a net as integer-only C99", examples=examples)
    add_folder(command, "MODULE.h and MODULE.c")
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Write the files and print their paths."""
    print_files(api.c(arguments.net, arguments.output), arguments.json)
    return 0
