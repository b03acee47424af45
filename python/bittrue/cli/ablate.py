"""``bittrue ablate``: what each stage and augmentation of a recipe is worth."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.bars import steps
from bittrue.cli.parser import Commands, Parser, add_command, console, whole
from bittrue.cli.sheets import show
from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue.folder_lock import locked

if TYPE_CHECKING:
    from bittrue.apps.dpd.recipe import Recipe

APPLICATIONS = ("dpd",)
BASE = "tdnn-gan"
EXAMPLES = (
    "bittrue ablate dpd --seeds 1,2,3",
    "bittrue ablate dpd --recipe tdnn-compat --switches qat --float-epochs 250 --qat-epochs 50",
)
DEFAULT = Path("build") / "ablation"


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "say what each part of a recipe is worth in dB"
    command = add_command(commands, "ablate", call, does, net=False, examples=EXAMPLES)
    option, number = command.add_argument, whole(0, 10**6)
    option("application", choices=APPLICATIONS, help="what the net is for")
    option("--recipe", default=BASE, metavar="FILE|NAME", help=f"the base: a recipe file, or a built-in one ({BASE})")
    option("--seeds", default="1,2,3", metavar="N,N,...", help="of every variant (default 1,2,3)")
    option("--switches", default="", metavar="KEY,...", help="what to switch (default: all that the recipe allows)")
    option("--float-epochs", type=number, metavar="N", help="instead of the recipe's")
    option("--gan-epochs", type=number, metavar="N", help="instead of the recipe's")
    option("--qat-epochs", type=number, metavar="N", help="instead of the recipe's")
    option("-o", "--output", metavar="DIR", help=f"folder of all runs and results (default {DEFAULT}/RECIPE)")


def call(arguments: argparse.Namespace) -> int:
    """Run what is missing, then print and write what all runs say."""
    try:
        from bittrue.apps.dpd import recipe
        from bittrue.apps.dpd.ablation import ablation, ablation_results
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("scipy", "matplotlib"):
            raise
        raise BadInput(f"the ablation needs {error.name}; {install('train')}") from None
    chosen = arguments.recipe
    base = _reduced(recipe.named(chosen), arguments)
    folder = Path(arguments.output) if arguments.output else DEFAULT / base.name
    keys = tuple(filter(None, arguments.switches.split(",")))
    words = ["bittrue", "ablate", "dpd", "--recipe", chosen, "--seeds", arguments.seeds]
    for name in ("switches", "float_epochs", "gan_epochs", "qat_epochs", "output"):
        value = getattr(arguments, name)
        words += [f"--{name.replace('_', '-')}", str(value)] if value not in (None, "") else []
    with locked(folder), steps("preparing") as step:

        def report(title: str, done: int, total: int, inside: str) -> None:
            step(f"{title}: {inside}" if inside else title, done, total)

        found = ablation.ablate(base, _seeds(arguments.seeds), folder, report, keys)
        written = ablation_results.write(folder, found, shlex.join(words))
    out = console()
    for sheet in ablation_results.tables(found):
        show(out, sheet)
    for sentence in ablation_results.sentences(found):
        out.print(sentence, markup=False)
    out.print(f"written: {', '.join(map(str, written))}", markup=False)
    return 0


def _seeds(text: str) -> list[int]:
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        seeds = [-1]
    if min(seeds) < 0 or len(set(seeds)) != len(seeds):
        raise BadInput(f"--seeds is {text!r}; give different whole numbers from 0 on, such as 1,2,3")
    return seeds


def _reduced(base: Recipe, arguments: argparse.Namespace) -> Recipe:
    """The recipe with fewer epochs where the command says so; the GAN's last part stays the same share of it."""
    train = {key: getattr(arguments, key) for key in ("float_epochs", "qat_epochs")}
    base = replace(base, train=replace(base.train, **{k: v for k, v in train.items() if v is not None}))
    if arguments.gan_epochs is not None and base.gan is not None:
        from_then = base.gan.qat_from
        if from_then is not None and base.gan.epochs:
            from_then = from_then * arguments.gan_epochs // base.gan.epochs
        base = replace(base, gan=replace(base.gan, epochs=arguments.gan_epochs, qat_from=from_then))
    return base
