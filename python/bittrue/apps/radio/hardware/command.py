"""``bittrue train radio`` by a recipe of a hardware net, whatever it is of: what it tells."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bittrue.apps.radio.shelf import SHELF
from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, output_folder
from bittrue.kit.optional import needed
from bittrue.readers import toml_document

if TYPE_CHECKING:
    from bittrue.apps.radio.hardware.train import Task


def run(arguments: argparse.Namespace) -> Printed:
    """Train, write the net's folder, say what it is worth."""
    if arguments.data:
        raise BadInput("--data belongs to --cfg and --preset; a recipe makes its own cities, so leave it out")
    content, what, _ = SHELF.find(arguments.recipe)
    table = toml_document(content, what)
    with needed("training needs", "torch", "scipy", "PIL"):
        from bittrue.apps.radio.hardware.train import train

        kind = _kind(table)
    recipe = kind.recipes.named(arguments.recipe)
    folder, task = output_folder(arguments, recipe.name), kind(recipe)
    with steps("reading the recipe") as step:
        trained = train(task, folder, step)
    measured: dict[str, dict[str, Any]] = {}
    for worth in trained.worth:
        yield task.sheet(worth)
        yield task.sentence(worth)
        measured[worth.title] = {way: asdict(means) for way, means in worth.means.items()} | task.numbers(worth)
    yield f"{folder}: {recipe.name}, its card is {folder / 'CARD.md'}"
    yield Result.trained(folder, recipe.name, measured=measured)


def _kind(table: Mapping[str, Any]) -> type[Task[Any]]:
    """Which kind of net a recipe is of, by its sections."""
    if "autoencoder" in table:
        from bittrue.apps.radio.latent.autoencoder_task import AutoencoderTask

        return AutoencoderTask
    if "denoiser" in table:
        from bittrue.apps.radio.latent.diffusion_task import DiffusionTask

        return DiffusionTask
    from bittrue.apps.radio.hardware.map_task import MapTask

    return MapTask
