"""``bittrue train radio`` by a recipe of a hardware net: what it tells."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, output_folder
from bittrue.kit.optional import needed
from bittrue.kit.page import Sheet


def run(arguments: argparse.Namespace) -> Printed:
    """Train, write the net's folder, say what it is worth."""
    if arguments.data:
        raise BadInput("--data belongs to --cfg and --preset; a recipe makes its own cities, so leave it out")
    with needed("training needs", "torch", "scipy", "PIL"):
        from bittrue.apps.radio.hardware import card
        from bittrue.apps.radio.hardware.recipe import RECIPES
        from bittrue.apps.radio.hardware.train import train
    recipe = RECIPES.named(arguments.recipe)
    folder = output_folder(arguments, recipe.name)
    with steps("reading the recipe") as step:
        trained = train(recipe, folder, step)
    for worth in trained.worth:
        rows = [(name, f"{m.nmse:.4f}", f"{m.rmse:.4f}", f"{m.ssim:.3f}") for name, m in worth.means.items()]
        yield Sheet(worth.title, ("", "NMSE", "RMSE", "SSIM"), rows)
        yield from card.sentences(worth)
    yield f"{folder}: {trained.net.name}, its card is {folder / 'CARD.md'}"
    measured = {worth.title: {name: asdict(m) for name, m in worth.means.items()} for worth in trained.worth}
    yield Result.trained(folder, trained.net.name, measured=measured)
