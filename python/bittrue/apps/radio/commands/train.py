"""``bittrue train radio``: a net of integers by a recipe, or the published models by their configurations."""

from __future__ import annotations

import argparse

from bittrue.apps.radio.hardware import command as hardware
from bittrue.apps.radio.published import command as published
from bittrue.apps.radio.shelf import DEFAULT
from bittrue.errors import BadInput
from bittrue.kit.application import Command, Printed


def _run(arguments: argparse.Namespace) -> Printed:
    if not (arguments.cfg or arguments.preset):
        return hardware.run(arguments)
    if arguments.recipe != DEFAULT:
        raise BadInput("--recipe is for a net of integers, --cfg and --preset for published models; leave one out")
    return published.run(arguments)


TRAIN = Command(
    "a net or model of radio maps",
    _run,
    published.OPTIONS,
    ("bittrue train radio --recipe radio-map", *published.EXAMPLES),
    result=True,
)
