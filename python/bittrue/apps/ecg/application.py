"""Nets for heartbeats as the command line knows them."""

from __future__ import annotations

import argparse

from bittrue.apps.ecg.commands import PATIENTS
from bittrue.apps.ecg.shelf import SHELF
from bittrue.kit.application import Application, Command, Option, Printed
from bittrue.kit.arguments import whole


def _train(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.ecg.commands import train

    return train.run(arguments)


def _report(arguments: argparse.Namespace) -> Printed:
    from bittrue.apps.ecg.commands import report

    return report.run(arguments)


TRAIN = Command(
    "a classifier of heartbeats",
    _train,
    (
        Option("--data", "folder of the MIT-BIH records", {"metavar": "DIR"}),
        Option("--seed", "this seed, not the recipe's", {"type": whole(0, 10**9), "metavar": "N"}),
        Option("--synthetic", "made-up patients, to try it without data", {"action": "store_true"}),
    ),
    ("bittrue train ecg --synthetic",),
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
)

HEARTBEATS = Application(SHELF, "ecg-tiny", {"train": TRAIN, "report": REPORT})
