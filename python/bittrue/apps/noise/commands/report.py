"""``bittrue report noise``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.bars import steps
from bittrue.kit.application import Printed, Result, typed
from bittrue.kit.optional import needed

SIGNALS, NEARBY = 1024, 64
"""Signals that are compared, and those between which warped distances are taken, where nothing is said."""


def run(arguments: argparse.Namespace) -> Printed:
    """Judge generators, and write the page."""
    with needed("the report needs", "scipy", "matplotlib", "h5py", extra="noise"):
        from bittrue.apps.noise.dataset import ROOT
        from bittrue.apps.noise.reporting import report
    command = typed("report", arguments, *arguments.nets, "-o", arguments.output)
    targets = [name.strip() for name in arguments.target.split(",")] if arguments.target else []
    count = SIGNALS if arguments.signals is None else arguments.signals
    nearby = NEARBY if arguments.nearby is None else arguments.nearby
    with steps("reading the signals") as step:
        found = report.report(
            arguments.nets, arguments.output, command, step, targets, arguments.data or ROOT, count, nearby
        )
    _, sheets, said = found
    page = Path(arguments.output)
    numbers = page.with_suffix(".json")
    return [*sheets, *said, f"page: {page}", Result.read(numbers, [page, numbers])]
