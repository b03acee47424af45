"""``bittrue radio diagrams``: pictures of a training configuration."""

from __future__ import annotations

import argparse

from bittrue.bars import steps
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Draw, and say where."""
    with needed("diagrams need", "scipy", "PIL", "matplotlib", "yaml", extra="radio"):
        from bittrue.apps.radio.diagrams.diagrams import draw
    with steps("reading the configuration") as step:
        files = draw(arguments.cfg, arguments.output, step)
    return [*map(str, files), Result({}, files)]
