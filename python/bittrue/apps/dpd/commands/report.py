"""``bittrue report dpd``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.bars import steps
from bittrue.kit.application import Printed, Result, typed
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Judge nets and write the page."""
    with needed("the report needs", "scipy", "matplotlib", extra="sim"):
        from bittrue.apps.dpd.reporting import report
    command = typed("report", arguments, *arguments.nets, "-o", arguments.output)
    with steps("reading the nets") as step:
        capture = arguments.capture or ""
        _, sheets, said = report.report(arguments.nets, arguments.output, command, step, capture)
    page = Path(arguments.output)
    numbers = page.with_suffix(".json")
    return [*sheets, *said, f"page: {page}", Result.read(numbers, [page, numbers])]
