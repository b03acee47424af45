"""``bittrue check``: do all legs give the same bits?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bittrue import spec
from bittrue.check import LEGS, Leg, Options, Verdict, runnable
from bittrue.check import check as compare
from bittrue.check.report import html, sheets, show, summary
from bittrue.cli.parser import Commands, Parser, add_command, add_interval, console, remark, whole
from bittrue.cli.run import check_target
from bittrue.cosim.stalls import Stalls
from bittrue.cost import macs
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.spec import Net

SAMPLES = 100_000
"""Samples where nothing else is said, of a net of few multiplications."""
MACS = 10_000_000_000
"""Multiplications that this may take a leg: a net of more than 100,000 a sample gets fewer samples, 100 at least."""


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(commands, "check", call, "compare all tensors of a net on all legs, bit for bit")
    command.add_argument(
        "--legs", metavar="A,B", help=f"legs that must run, of {','.join(LEGS)} (default: those that can run here)"
    )
    many = f"default {SAMPLES}, less where that would be more than {MACS:.0e} multiplications"
    command.add_argument("--samples", type=whole(1, 10**12), metavar="N", help=many)
    command.add_argument("--seed", type=whole(0, 2**63 - 1), default=0, metavar="S", help="of the vectors (default 0)")
    add_interval(command)
    command.add_argument(
        "--stalls", type=whole(0, 2**62), metavar="SEED", help="stall the ports of the RTL at random, by this seed"
    )
    command.add_argument("--html", metavar="FILE", help="also write the report as one HTML file")


def call(arguments: argparse.Namespace) -> int:
    """Compare, report; 0 where all legs agree with ref, 1 where one does not."""
    net = spec.load(arguments.net)
    if arguments.samples is None:
        arguments.samples = usual_samples(net)
    if arguments.html:
        check_target(arguments.html)
    names = None if arguments.legs is None else [name.strip() for name in arguments.legs.split(",")]
    stalls = None if arguments.stalls is None else Stalls(arguments.stalls, idle=0.3, backpressure=0.3, burst=5)
    errors = console(errors=True)
    with errors.status("building the legs"):
        legs, skipped = runnable(net, names, Options(arguments.interval, stalls))
    if not set(legs) - {"ref"} and skipped:
        raise BadInput(f"no leg can run here beside ref: {'; '.join(skipped.values())}")
    verdict = _compare(net, legs, arguments, real_data(net))
    verdict.skipped = skipped
    out = console()
    show(out, sheets(verdict))
    out.print(summary(verdict), style="green" if verdict.equal else "bold red", markup=False)
    if arguments.html:
        write_whole(arguments.html, html(verdict))
    return 0 if verdict.equal else 1


def usual_samples(net: Net) -> int:
    """How many samples are compared where nothing else is said."""
    work = sum(macs(node.layer, net.types[node.name]) for node in net.nodes)
    return max(100, min(SAMPLES, MACS // max(work, 1)))


def _compare(
    net: Net, legs: Mapping[str, Leg], arguments: argparse.Namespace, real: npt.NDArray[np.int64] | None
) -> Verdict:
    errors = console(errors=True)
    columns = (TextColumn("{task.description:24}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("", total=arguments.samples * len(set(legs) - {"ref"}))
        return compare(
            net,
            legs,
            arguments.samples,
            arguments.seed,
            real,
            lambda leg, kind, count: bar.update(task, advance=count, description=f"{leg}: {kind}"),
        )


def real_data(net: Net) -> npt.NDArray[np.int64] | None:
    """Codes of the measured amplifier input where the net takes I/Q and the data is installed, else ``None``."""
    if net.input.shape != (2,):
        return None
    try:
        from bittrue.apps.dpd.captures import data

        capture = data.load()
    except (BadInput, ImportError) as error:
        remark(f"no real data among the vectors: {error}")
        return None
    return net.input.format.encode(np.concatenate([data.to_iq(capture.inputs[split]) for split in data.SPLITS]))
