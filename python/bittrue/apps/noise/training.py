"""``bittrue train noise``: a GAN by its dictionary or a hardware net by its recipe, told apart by their tables."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bittrue.apps.noise.gan import command as gan
from bittrue.apps.noise.hardware import command as hardware
from bittrue.apps.noise.shelf import SHELF, is_hardware
from bittrue.kit.application import Printed
from bittrue.readers import toml_document

RUNS: dict[bool, Callable[[argparse.Namespace], Printed]] = {False: gan.run, True: hardware.run}
"""By whether it is a hardware net."""


def run(arguments: argparse.Namespace) -> Printed:
    """Train what the options say."""
    return RUNS[_is_hardware(arguments)](arguments)


def _is_hardware(arguments: argparse.Namespace) -> bool:
    """A folder to go on in by the files that lie in it, a recipe by its table; dictionaries of ``--config`` never."""
    if arguments.resume:
        return (Path(arguments.resume) / "recipe.toml").is_file()
    if arguments.config:
        return False
    content, what, path = SHELF.find(arguments.recipe)
    return (path is None or path.suffix == ".toml") and is_hardware(toml_document(content, what))


TRAIN = replace(
    gan.TRAIN,
    about="a generator of noise: a GAN, or a net for hardware",
    run=run,
    examples=("bittrue train noise --recipe noise-fgn", *gan.TRAIN.examples),
)
