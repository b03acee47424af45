"""``bittrue train radio`` by a recipe of a diffusion model: cities, two stages, the integer net, its measures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Generator

from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware import bundle, judging
from bittrue.apps.radio.hardware.examples import Examples
from bittrue.apps.radio.hardware.inputs import Codes
from bittrue.apps.radio.hardware.predicting import is_radio
from bittrue.apps.radio.hardware.train import CITIES
from bittrue.apps.radio.hardware.trainer import Fitted, Trainer
from bittrue.apps.radio.hardware.twin import Twin, agreed
from bittrue.apps.radio.latent import coding, drawing
from bittrue.apps.radio.latent import diffusion_card as card
from bittrue.apps.radio.latent.denoiser import assembled, pictures
from bittrue.apps.radio.latent.diffusion_folder import FILE, Diffusion, autoencoder_folder
from bittrue.apps.radio.latent.diffusion_recipe import DiffusionRecipe
from bittrue.apps.radio.latent.diffusion_stage import DiffusionStage
from bittrue.apps.radio.latent.drawing import Drawn
from bittrue.apps.radio.latent.latents import Latents
from bittrue.apps.radio.latent.process import begun, given
from bittrue.apps.radio.making import Plan, make
from bittrue.apps.radio.shelf import DEFAULT
from bittrue.bars import Step
from bittrue.committed import located
from bittrue.files import write_together
from bittrue.kit.training.net_folder import LOGS, STATE, trained_in
from bittrue.kit.training.quantising_stage import QuantisingStage
from bittrue.kit.training.two_stages import SECONDS
from bittrue.spec import Net, load
from bittrue.spec.store import JSON_FILE, content_hash

LOOKS = "stage,step,loss,first"
"""Columns of looks.csv."""


@dataclass(frozen=True, eq=False)
class TrainedDiffusion:
    """What came of a training: the ``model``, what was ``fitted``, and what it is ``worth``."""

    model: Diffusion
    fitted: Fitted
    worth: list[Drawn]


def train(
    recipe: DiffusionRecipe,
    output: str | os.PathLike[str],
    step: Step = lambda doing, done, total: None,
    seconds: float = SECONDS,
) -> TrainedDiffusion:
    """Train a recipe and write the net's folder; parameters, resumption and errors as of
    `bittrue.apps.radio.hardware.train.train`. The autoencoder is the recipe's.
    """
    own = recipe.cities
    latents = Latents(load(autoencoder_folder(Path(output), recipe.latents.autoencoder)))
    real = judging.real_maps(recipe.measure)  # what is wrong with them is said before the training
    with trained_in(output, recipe.name, recipe.text) as folder:
        make(folder / CITIES, Plan(own.maps, own.transmitters, own.seed), step)
        examples = Examples(RadioMaps(folder / CITIES, View(split=f"1-{own.maps}")), step)
        fitted = _fitted(recipe, examples, latents, folder, step, seconds)
        net = fitted.quantised.net()
        known = _known(recipe, examples, latents)
        agreed(net, fitted.quantised, known)
        model = Diffusion(net, latents.net, recipe.denoiser.steps, recipe.latents.autoencoder)
        others = {drawing.FLOAT: fitted.floating, drawing.UNROUNDED: fitted.unrounded}
        held = coding.held_maps(folder / CITIES, examples.keys, own.held)
        title = f"{own.held} synthetic cities that were held out"
        worth = [drawing.judged(model, others, _one_shot(), held, title, step)]
        if real:
            title = f"RadioMapSeer, kind DPM, split {recipe.measure.split}"
            worth.append(drawing.judged(model, others, _one_shot(), real[0], title, step))
        text = card.text(recipe, model, fitted, worth)
        files = bundle.contents(recipe.text, net, known, fitted, LOOKS, text) | {FILE: model.text}
        write_together(folder, files, renew=True)
    return TrainedDiffusion(model, fitted, worth)


def _fitted(
    recipe: DiffusionRecipe, examples: Examples, latents: Latents, folder: Path, step: Step, seconds: float
) -> Fitted:
    def staged(name: str, twin: Twin, generator: Generator) -> QuantisingStage:
        return DiffusionStage(name, recipe, twin, examples, latents, generator)

    spec = recipe.spec(latents.values)
    twin = Twin(spec.graph, spec.first_weights(recipe.seed))
    digest = examples.digest + content_hash(latents.net)
    return Trainer(recipe.text, recipe.seed, twin, staged, digest, folder / STATE, folder / LOGS, step, seconds).run()


def _known(recipe: DiffusionRecipe, examples: Examples, latents: Latents) -> Codes:
    """An input for a known answer: noise and the pictures of the last map."""
    inputs, _, _ = examples.batch([len(examples) - 1], [0])
    spec = recipe.spec(latents.values)
    return assembled(given(begun(0, 0, 1, spec.latent)), np.array([spec.steps]), spec.steps, pictures(inputs))


def _one_shot() -> Net | None:
    """The committed radio net, to compare with, where it is at hand."""
    folder = located(DEFAULT)
    if not (folder / JSON_FILE).is_file():
        return None
    net = load(folder)
    return net if is_radio(net) else None
