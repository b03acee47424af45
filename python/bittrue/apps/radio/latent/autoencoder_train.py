"""``bittrue train radio`` by a recipe of an autoencoder: cities, two stages, the integer net, its measures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from torch import Generator

from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware import bundle, judging
from bittrue.apps.radio.hardware.train import CITIES
from bittrue.apps.radio.hardware.trainer import Fitted, Trainer
from bittrue.apps.radio.hardware.twin import Twin, agreed
from bittrue.apps.radio.latent import autoencoder_card as card
from bittrue.apps.radio.latent import coding
from bittrue.apps.radio.latent.autoencoder import first_weights
from bittrue.apps.radio.latent.autoencoder_recipe import AutoencoderRecipe
from bittrue.apps.radio.latent.autoencoder_stage import AutoencoderStage
from bittrue.apps.radio.latent.coding import Coded
from bittrue.apps.radio.latent.linear_coders import Transform
from bittrue.apps.radio.latent.pictures import Pictures
from bittrue.apps.radio.making import Plan, make
from bittrue.bars import Step
from bittrue.files import write_together
from bittrue.kit.training.net_folder import LOGS, STATE, trained_in
from bittrue.kit.training.quantising_stage import QuantisingStage
from bittrue.kit.training.two_stages import SECONDS
from bittrue.spec import Net

LOOKS = "stage,step,loss,psnr,ssim"
"""Columns of looks.csv."""


@dataclass(frozen=True, eq=False)
class TrainedAutoencoder:
    """What came of a training: the integer ``net``, what was ``fitted``, and what it is ``worth``."""

    net: Net
    fitted: Fitted
    worth: list[Coded]


def train(
    recipe: AutoencoderRecipe,
    output: str | os.PathLike[str],
    step: Step = lambda doing, done, total: None,
    seconds: float = SECONDS,
) -> TrainedAutoencoder:
    """Train a recipe and write the net's folder; parameters, resumption and errors as of
    `bittrue.apps.radio.hardware.train.train`.
    """
    own = recipe.cities
    real = judging.real_maps(recipe.measure)  # what is wrong with them is said before the training
    with trained_in(output, recipe.name, recipe.text) as folder:
        make(folder / CITIES, Plan(own.maps, own.transmitters, own.seed), step)
        pictures = Pictures(RadioMaps(folder / CITIES, View(split=f"1-{own.maps}")), step)
        linear = coding.transform(pictures, own.held)
        fitted = _fitted(recipe, pictures, linear, folder, step, seconds)
        net = fitted.quantised.net()
        known = pictures.batch([len(pictures) - 1], [0], [(0, 0)], 256)
        agreed(net, fitted.quantised, known)
        values, coders = recipe.spec.values, {"the synthetic maps": linear}
        held = coding.held_maps(folder / CITIES, pictures.keys, own.held)
        title = f"{own.held} synthetic cities that were held out"
        worth = [coding.judged(net, fitted, coders, values, held, title, step)]
        if real:
            maps, learnt = real
            coders["other real maps"] = Transform.fitted(scene.truth for scene in learnt.scenes())
            title = f"RadioMapSeer, kind DPM, split {recipe.measure.split}"
            worth.append(coding.judged(net, fitted, coders, values, maps, title, step))
        text = card.text(recipe, net, fitted, worth)
        write_together(folder, bundle.contents(recipe.text, net, known, fitted, LOOKS, text), renew=True)
    return TrainedAutoencoder(net, fitted, worth)


def _fitted(
    recipe: AutoencoderRecipe, pictures: Pictures, linear: Transform, folder: Path, step: Step, seconds: float
) -> Fitted:
    def staged(name: str, twin: Twin, generator: Generator) -> QuantisingStage:
        return AutoencoderStage(name, recipe, twin, pictures, generator)

    twin = Twin(recipe.spec.graph, first_weights(recipe.spec, recipe.seed, linear))
    return Trainer(
        recipe.text, recipe.seed, twin, staged, pictures.digest, folder / STATE, folder / LOGS, step, seconds
    ).run()
