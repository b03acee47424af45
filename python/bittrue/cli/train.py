"""``bittrue train``: a net from a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.cli import train_ecg
from bittrue.cli.parser import Commands, Parser, add_command, whole
from bittrue.errors import BadInput

DEFAULTS = {"dpd": "tdnn-wide", "ecg": "ecg-tiny", "pa": "pa-gru"}
"""Applications, and the built-in recipe of each that is taken where none is named."""


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(commands, "train", call, "train a net by a recipe", net=False)
    what = "dpd: a predistorter; ecg: a classifier of heartbeats; pa: an amplifier model"
    command.add_argument("application", choices=tuple(DEFAULTS), help=what)
    default = ", ".join(DEFAULTS.values())
    command.add_argument("--recipe", metavar="FILE|NAME", help=f"recipe file, or a built-in one (default {default})")
    command.add_argument("--output", metavar="DIR", help="folder for the net (default weights/NAME)")
    command.add_argument("--data", metavar="DIR", help="ecg: folder of the MIT-BIH records")
    command.add_argument("--seed", type=whole(0, 10**9), metavar="N", help="ecg: this seed, not the recipe's")
    command.add_argument("--synthetic", action="store_true", help="ecg: made-up patients, to try it without data")


def call(arguments: argparse.Namespace) -> int:
    """Train, and write the net's folder with its card."""
    chosen = arguments.recipe or DEFAULTS[arguments.application]
    if arguments.application == "ecg":
        if arguments.synthetic and arguments.data:
            raise BadInput("--synthetic takes no records; leave it or --data out")
        return train_ecg.call(arguments, chosen)
    for option in ("data", "seed", "synthetic"):
        if getattr(arguments, option) not in (None, False):
            raise BadInput(f"--{option} belongs to `bittrue train ecg`; set what you mean in the recipe")
    run = _amplifier if arguments.application == "pa" else _predistorter
    return run(chosen, arguments.output)


def _predistorter(chosen: str, output: str | None) -> int:
    from bittrue.apps.dpd import recipe

    plan = recipe.named(chosen)
    try:
        from bittrue.apps.dpd import train
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "scipy", "matplotlib"):
            raise
        raise BadInput(
            f"training needs {error.name}, which is not installed; run: pip install 'bittrue[train]'"
        ) from None
    folder = Path(output or Path("weights") / plan.name)
    if plan.thermal is not None:
        from bittrue.apps.dpd.thermal import thermal_train

        thermal_train.train(plan, folder)
    else:
        train.train(plan, folder)
    return 0


def _amplifier(chosen: str, output: str | None) -> int:
    try:
        from bittrue.apps.dpd.amplifiers import identify, identify_plan
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise BadInput(
            "an amplifier model needs torch, which is not installed; run: pip install 'bittrue[train]'"
        ) from None
    plan = identify_plan.plan(chosen)
    identify.identify(plan, Path(output or Path("weights") / plan.name))
    return 0
