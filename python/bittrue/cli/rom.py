"""``bittrue rom``: the weights of a net as memory files."""

from __future__ import annotations

import argparse

from bittrue import spec
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_json, print_files
from bittrue.emit.rom import write_roms


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "write weight ROMs as .mem, .hex and .coe with their address map"
    command = add_command(commands, "rom", call, does, examples=["bittrue rom weights/tdnn-wide -o build/rom"])
    add_folder(command, "the ROMs")
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Write the files and print their paths."""
    print_files(write_roms(spec.load(arguments.net), arguments.output), arguments.json)
    return 0
