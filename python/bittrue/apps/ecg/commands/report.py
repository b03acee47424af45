"""``bittrue report ecg``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.apps.ecg.commands import PATIENTS
from bittrue.bars import steps
from bittrue.kit.application import Printed, Result, typed
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Judge nets on patients that they never saw, and write the page."""
    with needed("the report needs", "scipy", "matplotlib", extra="sim"):
        from bittrue.apps.ecg.reporting import card_section, report
    command, choice = typed("report", arguments, *arguments.nets, "-o", arguments.output), arguments.patients
    if arguments.cards:
        card_section.cards(arguments.nets)  # so that a missing one is known before the work
    with steps("reading the nets") as step:
        found = report.report(arguments.nets, arguments.output, command, step, choice or PATIENTS[0], arguments.data)
    nets, sheets, said = found
    if arguments.cards:
        card_section.write(nets, command)
    page = Path(arguments.output)
    numbers = page.with_suffix(".json")
    return [*sheets, *said, f"page: {page}", Result.read(numbers, [page, numbers])]
