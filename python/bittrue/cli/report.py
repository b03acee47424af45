"""``bittrue report``: trained nets judged, beside what they are to be compared with, on one page."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence

from bittrue.bars import steps
from bittrue.cli.parser import Commands, Parser, add_command, console, net_folder
from bittrue.cli.sheets import Sheet, show
from bittrue.errors import BadInput
from bittrue.extras import install

PATIENTS = ("DS2", "held-out", "synthetic")
OPTIONS = {"dpd": ("capture",), "ecg": ("data", "patients", "cards")}
"""Options of the applications."""

EXAMPLES = (
    "bittrue report dpd weights/tdnn-wide weights/dpd-best -o report.html",
    "bittrue report dpd build/mine --capture my-amplifier",
    "bittrue report ecg weights/ecg-tiny --patients synthetic",
)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(commands, "report", call, "judge trained nets, on one page", net=False, examples=EXAMPLES)
    command.add_argument("application", choices=tuple(OPTIONS), help="dpd: predistorters; ecg: nets for heartbeats")
    command.add_argument("nets", type=net_folder, metavar="NET", nargs="+", help="net folders, or names")
    command.add_argument(
        "-o", "--output", metavar="FILE", default="report.html", help="page to write (default report.html)"
    )
    command.add_argument("--capture", metavar="NAME|DIR", help="dpd: data to judge on (default: of the first recipe)")
    command.add_argument("--data", metavar="DIR", help="ecg: folder of the MIT-BIH records (default: found)")
    whom = "ecg: the test patients (default), those that the recipe's fold held out, or made-up ones"
    command.add_argument("--patients", choices=PATIENTS, help=whom)
    command.add_argument("--cards", action="store_true", help="ecg: also write the figures into CARD.md of every net")


def call(arguments: argparse.Namespace) -> int:
    """Judge, write page and numbers, print the tables."""
    for application, options in OPTIONS.items():
        for option in options:
            if application != arguments.application and getattr(arguments, option):
                raise BadInput(f"--{option} is an option of bittrue report {application}; leave it out")
    try:
        sheets, sentences = (_ecg if arguments.application == "ecg" else _dpd)(arguments)
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("scipy", "matplotlib"):
            raise
        raise BadInput(f"the report needs {error.name}; {install('sim')}") from None
    out = console()
    for sheet in sheets:
        show(out, sheet)
    for sentence in sentences:
        out.print(sentence, markup=False)
    out.print(f"page: {arguments.output}", markup=False)
    return 0


def _dpd(arguments: argparse.Namespace) -> tuple[Sequence[Sheet], Sequence[str]]:
    from bittrue.apps.dpd.comparing import report

    with steps("reading the nets") as step:
        capture = arguments.capture or ""
        _, sheets, said = report.report(arguments.nets, arguments.output, _command(arguments), step, capture)
    return sheets, said


def _ecg(arguments: argparse.Namespace) -> tuple[Sequence[Sheet], Sequence[str]]:
    from bittrue.apps.ecg.reporting import card_section, report

    command, choice = _command(arguments), arguments.patients or PATIENTS[0]
    if arguments.cards:
        card_section.cards(arguments.nets)  # so that a missing one is known before the work
    with steps("reading the nets") as step:
        nets, sheets, said = report.report(arguments.nets, arguments.output, command, step, choice, arguments.data)
    if arguments.cards:
        card_section.write(nets, command)
    return sheets, said


def _command(arguments: argparse.Namespace) -> str:
    """What was typed."""
    words = ["bittrue", "report", arguments.application, *arguments.nets, "-o", arguments.output]
    for option in ("capture", "data", "patients"):
        if getattr(arguments, option):
            words += [f"--{option}", getattr(arguments, option)]
    return shlex.join([*words, *(["--cards"] if arguments.cards else [])])
