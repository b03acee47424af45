"""Nets for heartbeats as the command line knows them."""

from __future__ import annotations

import argparse

from bittrue.apps.ecg.commands import PATIENTS
from bittrue.apps.ecg.commands.demo_data import DEMONSTRATION
from bittrue.apps.ecg.shelf import SHELF
from bittrue.errors import BadInput
from bittrue.kit.application import Application, Command, Data, Option, Printed
from bittrue.kit.arguments import whole

DEFAULT = "ecg-tiny"
"""The recipe that is taken where none is named."""


def _train(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.ecg.commands import train

    return train.run(arguments)


def _report(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.ecg.commands import report

    return report.run(arguments)


def _beats(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.ecg.commands import beats

    return beats.run(arguments)


def _download(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.ecg.commands import download

    return download.run(arguments)


TRAIN = Command(
    "a classifier of heartbeats",
    _train,
    (
        Option("--data", "folder of the MIT-BIH records", {"metavar": "DIR"}),
        Option("--seed", "this seed, not the recipe's", {"type": whole(0, 10**9), "metavar": "N"}),
        Option("--synthetic", "made-up patients, to try it without data", {"action": "store_true"}),
    ),
    ("bittrue train ecg --synthetic",),
    result=True,
)
REPORT = Command(
    "nets for heartbeats",
    _report,
    (
        Option("--data", "folder of the MIT-BIH records (default: found)", {"metavar": "DIR"}),
        Option(
            "--patients",
            "the test patients (default), those that the recipe's fold held out, or made-up ones",
            {"choices": PATIENTS},
        ),
        Option("--cards", "also write the figures into CARD.md of every net", {"action": "store_true"}),
    ),
    ("bittrue report ecg weights/ecg-tiny --patients synthetic",),
    result=True,
)

WHERE = "with --csv: a line a beat, its sample from 0 and, or not, its symbol (default: R peaks are found)"
BEATS = Command(
    "write the int8 frames that a net sees of recorded beats",
    _beats,
    (
        Option(
            "--recipe",
            f"whose net sees them: built-in, a file, or a trained folder (default {DEFAULT})",
            {"default": DEFAULT, "metavar": "NAME|FILE|NET"},
        ),
        Option("--data", "folder of WFDB records (default: that of MIT-BIH, found)", {"metavar": "DIR"}),
        Option("--records", "records, or DS1, DS2, fold-0 to fold-3 (default DS1)", {"metavar": "A,B"}),
        Option(
            "--lead",
            "lead or column, by name or number from 1 (default the recipe's, MLII)",
            {"metavar": "NAME"},
        ),
        Option("--annotator", "ending of the annotation files (default atr)", {"metavar": "EXT"}),
        Option("--detect", "find the R peaks instead; classes are unknown then", {"action": "store_true"}),
        Option("--csv", "one lead as text instead: a number a line, or columns", {"metavar": "FILE"}),
        Option("--rate", "with --csv: samples a second, such as 250 or 128.7", {"metavar": "HZ"}),
        Option("--units", "with --csv: of its numbers (default mV)", {"choices": ("mV", "uV", "V")}),
        Option("--beats", WHERE, {"metavar": "FILE"}),
        Option("--synthetic", "made-up patients, which need no data", {"action": "store_true"}),
        Option("--count", "so many of the beats, drawn at random", {"type": whole(1, 10**7), "metavar": "N"}),
        Option(
            "--seed",
            "of the draw and the made-up patients (default 0)",
            {"type": whole(0, 10**6), "default": 0, "metavar": "S"},
        ),
        Option("--output", "int8 (N, channels, length)", {"required": True, "metavar": "X.npy"}, "-o"),
        Option("--labels", "also write the classes, int64 (N,), 0 to 4 for N S V F Q", {"metavar": "Y.npy"}),
    ),
    (
        "bittrue ecg beats --records 101,106 --count 500 -o beats.npy --labels classes.npy",
        "bittrue ecg beats --data incartdb --records I01 --lead II -o beats.npy",
        "bittrue ecg beats --csv lead.csv --rate 250 --units uV -o beats.npy",
    ),
    result=True,
)
DOWNLOAD = Command(
    "fetch annotated electrocardiograms from PhysioNet; called again, it goes on",
    _download,
    (
        Option(
            "database",
            "its name there: mitdb (default), svdb, incartdb, ltafdb ...",
            {"nargs": "?", "default": "mitdb"},
        ),
        Option("--records", "these records only (default all)", {"metavar": "A,B"}),
        Option("--output", "folder for the records; made if need be", {"required": True, "metavar": "DIR"}, "-o"),
    ),
    (
        "bittrue ecg download -o data/mitdb",
        "bittrue ecg download -o data/mitdb --records 100,101",
        "bittrue ecg download svdb -o data/svdb",
    ),
    result=True,
)


def _records() -> str:
    """Where the MIT-BIH records are; each is three files."""
    from bittrue.apps.ecg.beats.database import locate
    from bittrue.apps.ecg.beats.split import DS1, DS2, PACED

    folder, names = locate(), (*DS1, *DS2, *PACED)
    lacking = [name for name in names if not all((folder / f"{name}.{end}").is_file() for end in ("hea", "dat", "atr"))]
    if lacking:
        raise BadInput(
            f"{folder} has {len(names) - len(lacking)} of {len(names)} records, each .hea, .dat and .atr; copy "
            f"{lacking[0]}{' and others' if lacking[1:] else ''} there"
        )
    return f"{len(names)} records in {folder}"


HEARTBEATS = Application(
    SHELF,
    DEFAULT,
    {"train": TRAIN, "report": REPORT},
    own={"beats": BEATS, "download": DOWNLOAD},
    demonstration=DEMONSTRATION,
    data=(Data("MIT-BIH records", "training and reports on heartbeats", "48", _records),),
)
