"""``bittrue report``: trained nets beside baselines and published references, on one page."""

from __future__ import annotations

import argparse
import shlex

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bittrue.cli.parser import Commands, Parser, add_command, console
from bittrue.cli.sheets import show
from bittrue.errors import BadInput

APPLICATIONS = ("dpd",)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(commands, "report", call, "compare trained nets with baselines on one page", net=False)
    command.add_argument("application", choices=APPLICATIONS, help="what the nets are for")
    command.add_argument("nets", metavar="NET", nargs="+", help="net folders")
    command.add_argument(
        "-o", "--output", metavar="FILE", default="report.html", help="page to write (default report.html)"
    )
    command.add_argument(
        "--capture", metavar="NAME|DIR", default="", help="data to judge on (default: that of the first net's recipe)"
    )


def call(arguments: argparse.Namespace) -> int:
    """Judge, write page and numbers, print the tables."""
    try:
        from bittrue.apps.dpd.comparing import report
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("scipy", "matplotlib"):
            raise
        raise BadInput(f"the report needs {error.name}; run: pip install 'bittrue[sim]'") from None
    chosen = ["--capture", arguments.capture] if arguments.capture else []
    words = ["bittrue", "report", arguments.application, *arguments.nets, "-o", arguments.output, *chosen]
    command = shlex.join(words)
    out, errors = console(), console(errors=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors) as progress:
        task = progress.add_task("reading the nets", total=None)

        def step(doing: str, done: int, total: int) -> None:
            progress.update(task, description=doing, completed=done, total=total or None)

        _, sheets, sentences = report.report(arguments.nets, arguments.output, command, step, arguments.capture)
    for sheet in sheets:
        show(out, sheet)
    for sentence in sentences:
        out.print(sentence, markup=False)
    out.print(f"page: {arguments.output}", markup=False)
    return 0
