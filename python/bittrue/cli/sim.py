"""``bittrue sim``: the verdict of ``make sim``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bittrue.apps.dpd.verdict import Row, Sizes, bench_rows, draw, leg_rows, load, metric_rows
from bittrue.cli.parser import Commands, Parser, add_command, add_interval, console, whole
from bittrue.errors import BadInput

WEIGHTS = Path("weights") / "tdnn-wide"


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(commands, "sim", call, "run a trained predistorter on every leg and simulator", net=False)
    command.add_argument("net", metavar="NET", nargs="?", default=str(WEIGHTS), help=f"net folder (default {WEIGHTS})")
    add_interval(command)
    sizes = Sizes()
    command.add_argument("--samples", type=whole(2, 10**9), default=sizes.legs, metavar="N", help="for the legs")
    command.add_argument(
        "--bench-samples", type=whole(8, 10**7), default=sizes.verilator, metavar="N", help="for cocotb"
    )
    command.add_argument("-o", "--output", metavar="DIR", default="build/sim", help="folder for the picture")


def call(arguments: argparse.Namespace) -> int:
    """Print both tables and write the picture; 0 where everything that ran agrees, 1 where something differs."""
    from bittrue.apps.dpd.amplifiers import pa

    folder = Path(arguments.net)
    net, capture, real = load(folder)
    bench = arguments.bench_samples
    sizes = Sizes(arguments.samples, bench, max(8, bench * Sizes().icarus // Sizes().verilator))
    out, errors = console(), console(errors=True)
    rows: list[Row] = []
    said: set[str] = set()
    with errors.status("starting") as status:

        def report(doing: str) -> None:
            status.update(doing)
            if not errors.is_terminal and doing not in said:
                said.add(doing)
                errors.print(doing, markup=False)

        rows += leg_rows(net, arguments.interval, sizes.legs, real, report)
        rows += bench_rows(net, arguments.interval, sizes, real, report)
        report("fitting the model of the power amplifier")
        twin = pa.fit(capture)
        metrics = Table()
        for column in ("", "NMSE dB", "EVM dB", "ACLR left dBc", "ACLR right dBc"):
            metrics.add_column(column, justify="right" if column else "left")
        for name, found in metric_rows(net, folder, capture, twin):
            figures = (found.nmse, found.evm, found.aclr_left, found.aclr_right)
            metrics.add_row(name, *(f"{figure:.2f}" for figure in figures))
        report("drawing")
        picture = draw(net, capture, twin, arguments.output)
    out.print(f"{net.name}, initiation interval {arguments.interval}: every tensor against the reference, bit for bit")
    out.print(_table(rows))
    out.print(f"{capture.name}, test split: simulated through a PA model, not an RF measurement")
    out.print(metrics)
    out.print(f"ACLR: {capture.channel}")
    out.print(f"picture: {picture}")
    return _conclude(out, rows)


def _table(rows: Sequence[Row]) -> Table:
    table = Table()
    for column in ("leg", "samples", "mismatches", "clocks/sample", "time s"):
        table.add_column(column, justify="left" if column == "leg" else "right")
    for row in rows:
        if not row.samples:
            table.add_row(row.leg, "skipped", "-", "-", "-", style="dim")
            continue
        cycles = f"{row.cycles:.2f}" if row.cycles else "-"
        style = None if row.ok else "bold red"
        table.add_row(row.leg, f"{row.samples:,}", f"{row.mismatches:,}", cycles, f"{row.seconds:.1f}", style=style)
    return table


def _conclude(out: Console, rows: Sequence[Row]) -> int:
    for row in rows:
        if row.reason:
            out.print(f"{row.leg}: {row.reason}", markup=False)
    failed = [row.leg for row in rows if not row.ok]
    if failed:
        out.print(f"DIFFERENT: {', '.join(failed)}", style="bold red", markup=False)
        return 1
    ran = [row for row in rows if row.samples]
    if len(ran) < 2:
        raise BadInput("nothing but the reference can run here; see bittrue doctor for what to install")
    out.print(f"EQUAL: {len(ran)} executions, 0 mismatches", style="green", markup=False)
    return 0
