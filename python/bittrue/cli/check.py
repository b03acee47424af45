"""``bittrue check``: do all legs give the same bits?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from bittrue import spec
from bittrue.bars import steps
from bittrue.check import LEGS, Leg, Options, Verdict, known_answers
from bittrue.check import check as compare
from bittrue.check.net import beside_ref
from bittrue.check.report import document, html, sheets, show, summary
from bittrue.check.shards import Real, Shard, check_in_shards
from bittrue.check.usual import MACS, RTL_MACS, SAMPLES, usual_samples
from bittrue.check.vectors import length
from bittrue.cli.application import APPLICATIONS
from bittrue.cli.parser import (
    Commands,
    Parser,
    add_command,
    add_interval,
    add_json,
    add_means,
    console,
    print_json,
    remark,
    whole,
)
from bittrue.cli.samples import codes_of, read_arrays
from bittrue.cosim.stalls import Stalls
from bittrue.errors import BadInput
from bittrue.files import check_target, write_whole
from bittrue.spec import Net


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    examples = (
        "bittrue check weights/tdnn-wide",
        "bittrue check weights/tdnn-wide --legs c,rtl --samples 1000000 --seed 7 --stalls 3 --html report.html",
        "bittrue check weights/ecg-tiny --input beats.npy",
    )
    does = "compare all tensors of a net on all legs, bit for bit"
    command = add_command(commands, "check", call, does, examples=examples)
    command.add_argument(
        "--legs", metavar="A,B", help=f"legs that must run, of {','.join(LEGS)} (default: those that can run here)"
    )
    many = (
        f"default {SAMPLES}, less where that would be more than {MACS:.0e} multiplications ({RTL_MACS:.0e} of frames)"
    )
    command.add_argument("--samples", type=whole(1, 10**12), metavar="N", help=many)
    command.add_argument(
        "--input", metavar="X.npy", help="all frames of a file too: integers are codes, floating-point numbers values"
    )
    command.add_argument("--seed", type=whole(0, 2**63 - 1), default=0, metavar="S", help="of the vectors (default 0)")
    add_interval(command, frames=True)
    add_means(command)
    command.add_argument(
        "--stalls", type=whole(0, 2**62), metavar="SEED", help="stall the ports of the RTL at random, by this seed"
    )
    command.add_argument(
        "--workers", type=whole(1, 1024), metavar="N", help="compare in shards, side by side on so many processes"
    )
    command.add_argument(
        "--ray", action="store_true", help="with --workers: on Ray, here or on the cluster of RAY_ADDRESS"
    )
    command.add_argument("--html", metavar="FILE", help="also write the report as one HTML file")
    add_json(command)


def call(arguments: argparse.Namespace) -> int:
    """Compare, report; 0 where all legs agree with ref, 1 where one does not."""
    if arguments.ray and not arguments.workers:
        raise BadInput("--ray takes --workers, the shards that run at once; add it")
    net = spec.load(arguments.net)
    known = known_answers.verify(net, arguments.net)
    if arguments.html:
        check_target(arguments.html, (".html", ".htm"))
    given = None if arguments.input is None else codes_of(net, read_arrays(net, arguments.input), arguments.input)
    names = None if arguments.legs is None else [name.strip() for name in arguments.legs.split(",")]
    stalls = None if arguments.stalls is None else Stalls(arguments.stalls, idle=0.3, backpressure=0.3, burst=5)
    means = arguments.dsps, arguments.luts, arguments.samples_per_clock
    options = Options(arguments.interval, stalls, *means).for_legs(names or LEGS, net)
    with steps("building the legs"):
        legs, skipped = beside_ref(net, names, options)
    if arguments.samples is None:
        arguments.samples = usual_samples(net, "rtl" in legs)
    real = real_data(net) if given is None else given
    if arguments.workers:
        verdict = _in_shards(net, legs, arguments, options, real)
    else:
        verdict = _compare(net, legs, arguments, real)
    verdict.skipped = skipped
    if arguments.html:
        write_whole(arguments.html, html(verdict))
    if arguments.json:
        print_json(document(verdict) | {"known_answers": known})
    else:
        _show(verdict, known)
    return 0 if verdict.equal else 1


def _show(verdict: Verdict, known: int | None) -> None:
    """Print the report."""
    out = console()
    if known:
        out.print(f"ref gives the {known:,} known answers of {known_answers.FILE}", markup=False, highlight=False)
    show(out, sheets(verdict))
    out.print(
        summary(verdict),
        style=("yellow" if verdict.unreached else "green") if verdict.equal else "bold red",
        markup=False,
    )


def _compare(
    net: Net, legs: Mapping[str, Leg], arguments: argparse.Namespace, real: dict[str, npt.NDArray[np.int64]] | None
) -> Verdict:
    every = real is not None and arguments.input is not None
    total = (arguments.samples + (length(real) if every and real is not None else 0)) * len(set(legs) - {"ref"})
    done = 0
    with steps("making vectors") as step:

        def report(leg: str, kind: str, count: int) -> None:
            nonlocal done
            done += count
            step(f"{leg}: {kind}", done, total)

        return compare(net, legs, arguments.samples, arguments.seed, real, report, every)


def _in_shards(
    net: Net, legs: Mapping[str, Leg], arguments: argparse.Namespace, options: Options, real: Real
) -> Verdict:
    every = real is not None and arguments.input is not None
    whole_check = Shard(net, tuple(legs), options, arguments.samples, arguments.seed, real, every)
    with steps("comparing in shards") as step:
        told = partial(step, "comparing in shards")
        return check_in_shards(whole_check, arguments.workers, arguments.ray, told)


def real_data(net: Net) -> dict[str, npt.NDArray[np.int64]] | None:
    """Codes of real samples where the net is one of an application and its data is installed, else ``None``."""
    try:
        found = (application.samples(net) for application in APPLICATIONS.values())
        return next((samples for samples in found if samples is not None), None)
    except (BadInput, ImportError) as error:
        remark(f"no real data among the vectors: {error}")
        return None
