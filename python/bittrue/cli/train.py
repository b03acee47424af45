"""``bittrue train``: a net from a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.cli.parser import Commands, Parser, add_command
from bittrue.errors import BadInput

APPLICATIONS = ("dpd",)
DEFAULT = "tdnn-wide"


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(commands, "train", call, "train a net by a recipe", net=False)
    command.add_argument("application", choices=APPLICATIONS, help="what the net is for")
    command.add_argument(
        "--recipe", default=DEFAULT, metavar="FILE|NAME", help=f"recipe file, or a built-in one (default {DEFAULT})"
    )
    command.add_argument("--output", metavar="DIR", help="folder for the net (default weights/NAME)")


def call(arguments: argparse.Namespace) -> int:
    """Train, and write the net's folder with its card."""
    from bittrue.apps.dpd import recipe

    chosen, builtin = arguments.recipe, {f"tdnn-{profile}": profile for profile in recipe.PROFILES}
    if chosen in builtin:
        plan = recipe.builtin(builtin[chosen])
    elif Path(chosen).suffix or Path(chosen).exists():
        plan = recipe.load(chosen)
    else:
        raise BadInput(f"unknown recipe {chosen!r}; choose {' or '.join(builtin)}, or give a recipe file")
    try:
        from bittrue.apps.dpd import train
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "scipy", "matplotlib"):
            raise
        raise BadInput(
            f"training needs {error.name}, which is not installed; run: pip install 'bittrue[train]'"
        ) from None
    train.train(plan, Path(arguments.output or Path("weights") / plan.name))
    return 0
