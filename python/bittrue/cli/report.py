"""``bittrue report``: trained nets judged, beside what they are to be compared with, on one page."""

from __future__ import annotations

import argparse

from bittrue.cli.application import add_options, add_verb, run
from bittrue.cli.parser import Commands, Parser, net_folder


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_verb(commands, "report", call, "judge trained nets, on one page")
    command.add_argument("nets", type=net_folder, metavar="NET", nargs="+", help="net folders, or names")
    command.add_argument(
        "-o", "--output", metavar="FILE", default="report.html", help="page to write (default report.html)"
    )
    add_options(command, "report")


def call(arguments: argparse.Namespace) -> int:
    """Judge, write page and numbers, print the tables."""
    return run("report", arguments)
