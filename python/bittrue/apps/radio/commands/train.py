"""``bittrue train radio``: a net of integers by a recipe, or the published models by their configurations."""

from __future__ import annotations

import argparse

from bittrue.apps.radio.hardware import command as hardware
from bittrue.apps.radio.published import command as published
from bittrue.kit.application import Command, Printed


def _run(arguments: argparse.Namespace) -> Printed:
    return published.run(arguments) if arguments.cfg or arguments.preset else hardware.run(arguments)


TRAIN = Command(
    "a net or model of radio maps",
    _run,
    published.OPTIONS,
    ("bittrue train radio --recipe radio-map", *published.EXAMPLES),
    result=True,
)
