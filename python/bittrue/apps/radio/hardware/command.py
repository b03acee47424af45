"""``bittrue train radio`` by a recipe of a hardware net, whatever it is of: what it tells."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bittrue.apps.radio.shelf import SHELF
from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, output_folder
from bittrue.kit.optional import needed
from bittrue.kit.page import Sheet
from bittrue.readers import toml_document


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
    for worth in trained.worth:
        rows = [(name, f"{m.nmse:.4f}", f"{m.rmse:.4f}", f"{m.ssim:.3f}") for name, m in worth.means.items()]
        yield Sheet(worth.title, ("", "NMSE", "RMSE", "SSIM"), rows)
        yield from card.sentences(worth)
    yield f"{folder}: {trained.net.name}, its card is {folder / 'CARD.md'}"
    measured = {worth.title: {name: asdict(m) for name, m in worth.means.items()} for worth in trained.worth}
    yield Result.trained(folder, trained.net.name, measured=measured)


def _autoencoder(arguments: argparse.Namespace) -> Printed:
    with needed("training needs", "torch", "scipy", "PIL"):
        from bittrue.apps.radio.latent import autoencoder_card as card
        from bittrue.apps.radio.latent.autoencoder_recipe import AUTOENCODERS
        from bittrue.apps.radio.latent.autoencoder_train import train
    recipe = AUTOENCODERS.named(arguments.recipe)
    folder = output_folder(arguments, recipe.name)
    with steps("reading the recipe") as step:
        trained = train(recipe, folder, step)
    for worth in trained.worth:
        rows = [(name, f"{m.psnr:.2f}", f"{m.ssim:.3f}", f"{m.nmse:.4f}") for name, m in worth.means.items()]
        yield Sheet(worth.title, ("", "PSNR dB", "SSIM", "NMSE"), rows)
        yield card.sentence(worth)
    yield f"{folder}: {trained.net.name}, its card is {folder / 'CARD.md'}"
    measured = {worth.title: {name: asdict(m) for name, m in worth.means.items()} for worth in trained.worth}
    yield Result.trained(folder, trained.net.name, measured=measured)


def _diffusion(arguments: argparse.Namespace) -> Printed:
    with needed("training needs", "torch", "scipy", "PIL"):
        from bittrue.apps.radio.latent import diffusion_card as card
        from bittrue.apps.radio.latent.diffusion_recipe import DIFFUSIONS
        from bittrue.apps.radio.latent.diffusion_train import train
    recipe = DIFFUSIONS.named(arguments.recipe)
    folder = output_folder(arguments, recipe.name)
    with steps("reading the recipe") as step:
        trained = train(recipe, folder, step)
    for worth in trained.worth:
        rows = [(name, f"{m.nmse:.4f}", f"{m.rmse:.4f}", f"{m.ssim:.3f}") for name, m in worth.means.items()]
        yield Sheet(worth.title, ("", "NMSE", "RMSE", "SSIM"), rows)
        yield card.sentence(worth)
    yield f"{folder}: {trained.model.net.name}, its card is {folder / 'CARD.md'}"
    measured = {
        worth.title: {name: asdict(m) for name, m in worth.means.items()} | {"coverage": worth.coverage}
        for worth in trained.worth
    }
    yield Result.trained(folder, trained.model.net.name, measured=measured)
