"""``bittrue verilog``: a net as a Verilog module."""

from __future__ import annotations

import argparse

from bittrue import api
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_interval, add_json, add_means, print_files
from bittrue.files import made_folder


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "verilog",
        call,
        "print a net as a Verilog module with AXI4-Stream ports",
        examples=(
            "bittrue verilog tdnn-wide -o build/rtl --interval 8",
            "bittrue verilog my-net -o build/rtl --interval 1 --dsps 100",
            "bittrue verilog weights/ecg-tiny -o build/rtl --probes",
        ),
    )
    add_folder(command, "MODULE.v, its memory files and MODULE.sha256, which lists them")
    add_json(command)
    add_interval(command, frames=True)
    add_means(command)
    command.add_argument("--probes", action="store_true", help="also give every node's tensor on ports tap_NODE_*")


def call(arguments: argparse.Namespace) -> int:
    """Write the files and print their paths."""
    net, folder = arguments.net, arguments.output
    options = {name: getattr(arguments, name) for name in ("interval", "probes", "dsps", "luts")}
    with made_folder(folder):  # refused before the work, not after it
        written = api.verilog(net, folder, **options, samples=arguments.samples_per_clock)
    print_files(written, arguments.json)
    return 0
