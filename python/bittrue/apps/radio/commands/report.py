"""``bittrue report radio``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.bars import steps
from bittrue.kit.application import Printed, Remark, Result, typed
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Judge folders of predicted maps, and write the page."""
    with needed("the report needs", "scipy", "PIL", "matplotlib", extra="radio"):
        from bittrue.apps.radio.reporting.report import report
    command = typed("report", arguments, *arguments.nets, "-o", arguments.output)
    with steps("reading maps") as step:
        sheets, said = report(
            arguments.nets,
            arguments.output,
            command,
            step,
            data=arguments.data,
            name=arguments.name or "radio",
            split=arguments.split or "test",
            train=arguments.train or "train",
            most=arguments.most or 200,
        )
    page = Path(arguments.output)
    numbers = page.with_suffix(".json")
    return [*sheets, *map(Remark, said), f"page: {page}", Result.read(numbers, [page, numbers])]
