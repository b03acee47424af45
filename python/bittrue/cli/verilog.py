"""``bittrue verilog``: a net as a Verilog module."""

from __future__ import annotations

import argparse
from dataclasses import replace

from bittrue import limits, spec
from bittrue.check.legs import require_generator
from bittrue.cli.parser import Commands, Parser, add_command, add_folder, add_interval, interval_of
from bittrue.cosim.streams import net_streams
from bittrue.cost import cost
from bittrue.emit.folder import write_folder
from bittrue.lower.ports import module_name
from bittrue.lower.stored import SHIFT
from bittrue.spec import Net
from bittrue.spec.store import content_hash

LANE, ELABORATION = 100, 4096
"""Register bits of a lane, and bytes that the generator takes for a bit."""


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "verilog",
        call,
        "print a net as a Verilog module with AXI4-Stream ports",
        examples=(
            "bittrue verilog weights/tdnn-wide -o build/rtl --interval 8",
            "bittrue verilog weights/ecg-tiny -o build/rtl --probes",
        ),
    )
    add_folder(command, "MODULE.v, its memory files and MODULE.sha256, which lists them")
    add_interval(command, frames=True)
    command.add_argument("--probes", action="store_true", help="also give every node's tensor on ports tap_NODE_*")


def call(arguments: argparse.Namespace) -> int:
    """Write the files and print their paths."""
    net = spec.load(arguments.net)
    require_generator()
    interval = interval_of(arguments, net)
    price = cost(net, interval)
    bits = price.stored.ff + SHIFT * price.stored.lutram + LANE * price.lanes
    limits.take(ELABORATION * bits, f"net {net.name}: generating hardware of {bits:,} bits of registers")
    import bittrue_rtl

    head = (
        f"/* Net {net.name}, printed by bittrue; do not edit. Content hash:\n * {content_hash(net)}\n"
        f" * A sample every {price.interval} clocks. Streams:\n{_streams(net, interval)} */\n"
    )
    sources = bittrue_rtl.verilog(net, interval, probes=arguments.probes)
    sources = replace(sources, verilog=head + sources.verilog)
    for path in write_folder(arguments.output, sources.listed_files(module_name(net)), net.name):
        print(path)
    return 0


def _streams(net: Net, interval: int) -> str:
    """In which order the elements of every input and output travel, a line each."""
    inputs, outputs, _ = net_streams(net, interval, probes=False)
    return "".join(f" * {stream.name}: {stream.tensor}, {stream.beats}\n" for stream in (*inputs, *outputs))
