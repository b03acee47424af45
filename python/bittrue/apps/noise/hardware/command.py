"""``bittrue train noise`` by a recipe of a hardware net: what it takes, and what it tells."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, output_folder
from bittrue.kit.optional import needed
from bittrue.kit.page import Sheet

if TYPE_CHECKING:
    from bittrue.apps.noise.hardware.train import Trained

ONLY_GANS = ("config", "configs", "repeats", "workers", "ray", "data")
"""Options that say nothing about a hardware net."""


def run(arguments: argparse.Namespace) -> Printed:
    """Train, write the source's folder, say what it is worth."""
    for name in ONLY_GANS:
        if getattr(arguments, name):
            raise BadInput(f"--{name} belongs to the dictionary of a GAN, and this is a hardware net; leave it out")
    if arguments.resume and arguments.output:
        raise BadInput("--resume goes on in the folder of its run; leave --output out")
    with needed("training needs", "torch", "scipy"):
        from bittrue.apps.noise.hardware.recipe import RECIPES
        from bittrue.apps.noise.hardware.train import train
    if arguments.resume:
        folder = Path(arguments.resume)
        recipe = RECIPES.load(folder / "recipe.toml")
    else:
        recipe = RECIPES.named(arguments.recipe)
        folder = output_folder(arguments, recipe.name)
    with steps("reading the recipe") as step:
        trained = train(recipe, folder, step)
    yield from _told(trained, folder)


def _told(trained: Trained, folder: Path) -> Printed:
    rows = [
        (
            one.name,
            f"{one.floor[one.key]:.4f}",
            *(f"{one.excess(found):.4f}" for found in one.filters.values()),
            f"{sum(one.excesses) / len(one.excesses):.4f}",
            f"{max(one.excesses):.4f}",
        )
        for one in trained.judged
    ]
    columns = ("set", "floor", *(f"AR({order})" for order in trained.judged[0].filters), "net, mean", "net, worst")
    yield Sheet("geodesic distance: floor, and what is beyond it", columns, rows)
    near = sum(one.beats for one in trained.judged)
    yield f"the integer net is no farther off than AR(32) on {near} of {len(trained.judged)} sets"
    yield f"{folder}: {trained.source.net.name}, its card is {folder / 'CARD.md'}"
    measured = [
        {"set": one.name, "value": one.value, "floor": one.floor, "net": list(one.net)}
        | {f"ar{order}": found for order, found in one.filters.items()}
        for one in trained.judged
    ]
    yield Result.trained(folder, trained.source.net.name, measured=measured)
