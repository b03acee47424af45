"""``bittrue ablate dpd``: what each stage and augmentation of a recipe is worth."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.apps.dpd.commands import ABLATION
from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.folder_lock import locked
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed

if TYPE_CHECKING:
    from bittrue.apps.dpd.recipe import Recipe


def run(arguments: argparse.Namespace) -> Printed:
    """Run what is missing, then write what all runs say."""
    with needed("the ablation needs", "scipy", "matplotlib"):
        from bittrue.apps.dpd import recipe
        from bittrue.apps.dpd.ablation import ablation, ablation_results
    chosen = arguments.recipe
    base = reduced(recipe.named(chosen), arguments)
    folder = Path(arguments.output) if arguments.output else ABLATION / base.name
    keys = tuple(filter(None, (arguments.switches or "").split(",")))
    words = ["bittrue", "ablate", "dpd", "--recipe", chosen, "--seeds", arguments.seeds]
    for name in ("switches", "float_epochs", "gan_epochs", "qat_epochs", "output"):
        value = getattr(arguments, name)
        words += [f"--{name.replace('_', '-')}", str(value)] if value not in (None, "") else []
    with locked(folder), steps("preparing") as step:

        def report(title: str, done: int, total: int, inside: str) -> None:
            step(f"{title}: {inside}" if inside else title, done, total)

        found = ablation.ablate(base, seeds(arguments.seeds), folder, report, keys)
        written = ablation_results.write(folder, found, shlex.join(words))
    paths = ", ".join(map(str, written))
    result = Result.read(folder / ablation_results.NUMBERS, written)
    return [*ablation_results.tables(found), *ablation_results.sentences(found), f"written: {paths}", result]


def seeds(text: str) -> list[int]:
    """The seeds of ``--seeds``. Raises `BadInput` for anything but different whole numbers."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = [-1]
    if min(found) < 0 or len(set(found)) != len(found):
        raise BadInput(f"--seeds is {text!r}; give different whole numbers from 0 on, such as 1,2,3")
    return found


def reduced(base: Recipe, arguments: argparse.Namespace) -> Recipe:
    """The recipe with fewer epochs where the command says so; the GAN's last part stays the same share of it."""
    train = {key: getattr(arguments, key) for key in ("float_epochs", "qat_epochs")}
    base = replace(base, train=replace(base.train, **{k: v for k, v in train.items() if v is not None}))
    if arguments.gan_epochs is not None and base.gan is not None:
        from_then = base.gan.qat_from
        if from_then is not None and base.gan.epochs:
            from_then = from_then * arguments.gan_epochs // base.gan.epochs
        base = replace(base, gan=replace(base.gan, epochs=arguments.gan_epochs, qat_from=from_then))
    return base
