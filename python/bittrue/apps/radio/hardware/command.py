"""``bittrue train radio`` by a recipe of a hardware net, whatever it is of: what it tells."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bittrue.apps.radio.shelf import SHELF
from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, output_folder
from bittrue.kit.optional import needed
from bittrue.kit.page import Sheet
from bittrue.readers import toml_document

Columns = tuple[tuple[str, str, int], ...]
PREDICTED: Columns = (("nmse", "NMSE", 4), ("rmse", "RMSE", 4), ("ssim", "SSIM", 3))
GIVEN_BACK: Columns = (("psnr", "PSNR dB", 2), ("ssim", "SSIM", 3), ("nmse", "NMSE", 4))
"""Measure, heading and decimals of every column, of maps that were predicted or coded."""


def run(arguments: argparse.Namespace) -> Printed:
    """Train, write the net's folder, say what it is worth."""
    if arguments.data:
        raise BadInput("--data belongs to --cfg and --preset; a recipe makes its own cities, so leave it out")
    content, what, _ = SHELF.find(arguments.recipe)
    table = toml_document(content, what)
    if "autoencoder" in table:
        return _autoencoder(arguments)
    if "denoiser" in table:
        return _diffusion(arguments)
    return _map(arguments)


def _map(arguments: argparse.Namespace) -> Printed:
    with needed("training needs", "torch", "scipy", "PIL"):
        from bittrue.apps.radio.hardware import card
        from bittrue.apps.radio.hardware.recipe import RECIPES
        from bittrue.apps.radio.hardware.train import train
    recipe = RECIPES.named(arguments.recipe)
    folder = output_folder(arguments, recipe.name)
    with steps("reading the recipe") as step:
        trained = train(recipe, folder, step)
    return _told(folder, recipe.name, trained.worth, PREDICTED, card.sentences)


def _autoencoder(arguments: argparse.Namespace) -> Printed:
    with needed("training needs", "torch", "scipy", "PIL"):
        from bittrue.apps.radio.latent import autoencoder_card as card
        from bittrue.apps.radio.latent.autoencoder_recipe import AUTOENCODERS
        from bittrue.apps.radio.latent.autoencoder_train import train
    recipe = AUTOENCODERS.named(arguments.recipe)
    folder = output_folder(arguments, recipe.name)
    with steps("reading the recipe") as step:
        trained = train(recipe, folder, step)
    return _told(folder, recipe.name, trained.worth, GIVEN_BACK, lambda worth: [card.sentence(worth)])


def _diffusion(arguments: argparse.Namespace) -> Printed:
    with needed("training needs", "torch", "scipy", "PIL"):
        from bittrue.apps.radio.latent import diffusion_card as card
        from bittrue.apps.radio.latent.diffusion_recipe import DIFFUSIONS
        from bittrue.apps.radio.latent.diffusion_train import train
    recipe = DIFFUSIONS.named(arguments.recipe)
    folder = output_folder(arguments, recipe.name)
    with steps("reading the recipe") as step:
        trained = train(recipe, folder, step)
    coverage = {worth.title: {"coverage": worth.coverage} for worth in trained.worth}
    return _told(folder, recipe.name, trained.worth, PREDICTED, lambda worth: [card.sentence(worth)], coverage)


def _told(
    folder: Path,
    name: str,
    worth: Iterable[Any],
    columns: Columns,
    sentences: Callable[[Any], Iterable[str]],
    more: dict[str, dict[str, float]] | None = None,
) -> Printed:
    """A table of the measures of each set of maps, what they say, and the result; ``more`` numbers by set."""
    measured: dict[str, dict[str, Any]] = {}
    for one in worth:
        rows = [
            (way, *(f"{getattr(means, key):.{digits}f}" for key, _, digits in columns))
            for way, means in one.means.items()
        ]
        yield Sheet(one.title, ("", *(head for _, head, _ in columns)), rows)
        yield from sentences(one)
        measured[one.title] = {way: asdict(means) for way, means in one.means.items()} | (more or {}).get(one.title, {})
    yield f"{folder}: {name}, its card is {folder / 'CARD.md'}"
    yield Result.trained(folder, name, measured=measured)
