"""``bittrue info``: what a net is made of and what it costs."""

from __future__ import annotations

import argparse

from rich.table import Table

from bittrue import spec
from bittrue.cli.parser import Commands, Parser, add_command, add_interval, console
from bittrue.cost import Cost, cost
from bittrue.errors import BadInput
from bittrue.ranges import Range, ranges
from bittrue.spec import Dense, Net
from bittrue.spec.activation import to_json
from bittrue.spec.store import content_hash


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    add_interval(add_command(commands, "info", call, "show a net's layers, formats, ranges and costs"))


def call(arguments: argparse.Namespace) -> int:
    """Print the tables; a net without an RTL leg has no hardware costs."""
    net = spec.load(arguments.net)
    found = ranges(net)
    try:
        price, reason = cost(net, arguments.interval), ""
    except BadInput as error:
        price, reason = None, str(error)
    out = console()
    out.print(f"{net.name}  {content_hash(net)}", markup=False)
    out.print(f"input {net.input}, output {net.output}, memory {net.memory} samples", markup=False)
    out.print(_layers(net, found))
    if price is None:
        out.print(f"no hardware costs: {reason}", markup=False)
    else:
        out.print(_costs(net, price))
        out.print(
            f"interval {price.interval} clocks a sample, latency {price.latency} clocks, "
            f"{100 * price.utilisation:.1f} % of the MAC-lane clocks are useful"
        )
        out.print("(costs by formula: no synthesis, no timing)", style="dim")
    return 0


def _layers(net: Net, found: dict[str, Range]) -> Table:
    table = Table()
    for name in ("node", "layer", "inputs", "tensor", "weights"):
        table.add_column(name, overflow="fold")
    for name in ("range of codes", "accumulator"):
        table.add_column(name, justify="right")
    for node in net.nodes:
        reach, layer = found[node.name], node.layer
        kind = type(layer).__name__ + (f", {to_json(layer.activation)}" if isinstance(layer, Dense) else "")
        codes = f"{min(i.lo for i in reach.output)}..{max(i.hi for i in reach.output)}"
        acc = f"{reach.acc_bits} bits" if reach.acc else ""
        weights = str(getattr(layer, "weight_format", ""))
        table.add_row(node.name, kind, ", ".join(node.inputs), str(net.types[node.name]), weights, codes, acc)
    return table


def _costs(net: Net, price: Cost) -> Table:
    table = Table(show_footer=True)
    columns = [(name, price.nodes[name]) for name in (node.name for node in net.nodes)]
    table.add_column("node", "net")
    for title, total in (
        ("MACs a sample", price.macs),
        ("ROM bits", price.rom_bits),
        ("MAC lanes", price.lanes),
        ("DSP48E1", price.dsps),
        ("latency, clocks", price.latency),
    ):
        table.add_column(title, f"{total:,}", justify="right")
    for name, node in columns:
        table.add_row(name, *(f"{n:,}" for n in (node.macs, node.rom_bits, node.lanes, node.dsps, node.latency)))
    return table
