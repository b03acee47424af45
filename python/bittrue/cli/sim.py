"""``bittrue sim``: the verdict of ``make sim``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bittrue import spec
from bittrue.applications import APPLICATIONS
from bittrue.bars import steps
from bittrue.check import known_answers
from bittrue.check.executions import FRAMES, Codes, Report, Row, Sizes, bench_rows, leg_rows, usual_sizes
from bittrue.cli.application import printed
from bittrue.cli.parser import (
    NET,
    Commands,
    Parser,
    add_command,
    add_interval,
    add_json,
    console,
    interval_of,
    net_folder,
    print_json,
    remark,
    whole,
)
from bittrue.cost import default_source_interval
from bittrue.errors import BadInput
from bittrue.files import made_folder
from bittrue.kit.application import Result, Simulation
from bittrue.kit.page import Sheet
from bittrue.lower.source import source_plan
from bittrue.spec import Net, source_store
from bittrue.spec.source import Source
from bittrue.targets.pynq_z1.clock import CLOCK_MHZ

WEIGHTS = "tdnn-wide"


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "sim",
        call,
        "run a trained net on every leg and simulator",
        net=False,
        examples=("bittrue sim", "bittrue sim weights/ecg-tiny --samples 100 --bench-samples 16"),
    )
    command.add_argument(
        "net", type=net_folder, metavar="NET", nargs="?", default=WEIGHTS, help=f"{NET} (default {WEIGHTS})"
    )
    add_interval(command, frames=True)
    sizes = Sizes()
    legs = f"for the legs (default {sizes.legs}, of frames {FRAMES.legs})"
    command.add_argument("--samples", type=whole(2, 10**9), metavar="N", help=legs)
    benches = f"for cocotb (default {sizes.verilator}, of frames {FRAMES.verilator}; Icarus gets fewer)"
    command.add_argument("--bench-samples", type=whole(8, 10**7), metavar="N", help=benches)
    command.add_argument("-o", "--output", metavar="DIR", default="build/sim", help="folder for the picture")
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Print the tables, of a predistorter also the picture; 0 where all that ran agrees, 1 where something differs."""
    source = source_store.load(arguments.net) if source_store.has_source(arguments.net) else None
    net = source.net if source else spec.load(arguments.net)
    interval = (arguments.interval or default_source_interval(source)) if source else interval_of(arguments, net)
    out, errors = console(), console(errors=True)
    said: set[str] = set()
    with steps("starting") as step:

        def report(doing: str) -> None:
            step(doing, 0, 0)
            if not errors.is_terminal and doing not in said:
                said.add(doing)
                errors.print(doing, markup=False)

        simulation = None if source else _simulation(net)
        if source:
            rows, judged = _source(source, interval, arguments, report), []
        elif simulation:
            with made_folder(arguments.output) as folder:  # refused before the work, not after it
                rows = _rows(net, interval, arguments, simulation.samples, report)
                judged = list(simulation.judge(Path(arguments.net), folder, report))
        else:
            known_answers.verify(net, arguments.net)
            rows, judged = _rows(net, interval, arguments, known_answers.inputs(arguments.net), report), []
    if arguments.json:
        print_json(_document(net, interval, rows, judged))
        _check_ran(rows)
        return 0 if all(row.ok for row in rows) else 1
    if source:
        out.print(f"{net.name}, initiation interval {interval}: every sample against the reference, bit for bit")
        out.print(source_plan(source, interval).described(CLOCK_MHZ), soft_wrap=True)
    else:
        out.print(f"{net.name}, initiation interval {interval}: every tensor against the reference, bit for bit")
    out.print(_table(rows))
    printed(judged)
    return _conclude(out, rows)


def _simulation(net: Net) -> Simulation | None:
    """What an application has for the net; a remark says what lacks for that."""
    try:
        found = (application.simulation(net) for application in APPLICATIONS.values())
        return next((simulation for simulation in found if simulation is not None), None)
    except BadInput as error:
        remark(str(error))
        return None


def _source(source: Source, interval: int, arguments: argparse.Namespace, report: Report) -> list[Row]:
    """Every execution of a noise source, its generators included; the sizes are frames."""
    from bittrue.check.source_executions import source_rows

    frames, bench = arguments.samples or FRAMES.legs, arguments.bench_samples or FRAMES.verilator
    return list(source_rows(source, interval, frames, bench, report, arguments.bench_samples is not None))


def _rows(net: Net, interval: int, arguments: argparse.Namespace, real: Codes | None, report: Report) -> list[Row]:
    """Every execution, with the sizes asked for."""
    from bittrue_sim.cosimulate import LEAST

    usual = usual_sizes(net)
    bench = arguments.bench_samples or usual.verilator
    sizes = Sizes(arguments.samples or usual.legs, bench, max(LEAST, bench * usual.icarus // usual.verilator))
    rows = list(leg_rows(net, interval, sizes.legs, real, report))
    return rows + list(bench_rows(net, interval, sizes, real, report))


def _document(
    net: Net, interval: int, rows: Sequence[Row], judged: Sequence[Sheet | str | Result]
) -> dict[str, object]:
    """The same for a script."""
    result: dict[str, object] = {
        "net": net.name,
        "interval": interval,
        "equal": all(row.ok for row in rows),
        "executions": [vars(row) for row in rows],
    }
    for part in judged:
        result |= part.document if isinstance(part, Result) else {}
    return result


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
    out.print(f"EQUAL: {_check_ran(rows)} executions, 0 mismatches", style="green", markup=False)
    return 0


def _check_ran(rows: Sequence[Row]) -> int:
    """How many executions there were; `BadInput` where nothing was compared."""
    ran = sum(1 for row in rows if row.samples)
    if ran < 2:
        raise BadInput("nothing but the reference can run here; see bittrue doctor for what to install")
    return ran
