"""Training of a diffusion model in the latent of an autoencoder: samples and their mean, beside one shot."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from torch import Generator

from bittrue.apps.radio.data.maps import RadioMaps
from bittrue.apps.radio.hardware import card
from bittrue.apps.radio.hardware.card import About
from bittrue.apps.radio.hardware.examples import Examples
from bittrue.apps.radio.hardware.inputs import Codes
from bittrue.apps.radio.hardware.judging import MapSet
from bittrue.apps.radio.hardware.predicting import is_radio
from bittrue.apps.radio.hardware.train import Task
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.latent import drawing
from bittrue.apps.radio.latent.denoiser import DenoiserSpec, assembled, pictures
from bittrue.apps.radio.latent.diffusion_folder import FILE, Diffusion, autoencoder_folder
from bittrue.apps.radio.latent.diffusion_recipe import DIFFUSIONS, DiffusionRecipe
from bittrue.apps.radio.latent.diffusion_stage import DiffusionStage
from bittrue.apps.radio.latent.drawing import MEAN, ONE, SAMPLES, SHOT, UNROUNDED, Drawn
from bittrue.apps.radio.latent.interval import UNIT, calibrated, coverage
from bittrue.apps.radio.latent.latents import Latents
from bittrue.apps.radio.latent.process import begun, given
from bittrue.apps.radio.shelf import DEFAULT
from bittrue.bars import Step
from bittrue.committed import located
from bittrue.kit.page import Sheet
from bittrue.kit.training.quantising_stage import QuantisingStage
from bittrue.spec import Net, load
from bittrue.spec.store import JSON_FILE, content_hash

METHOD = f"""\
Means over maps; grey levels scaled to 0 to 1, black buildings included in NMSE, RMSE, SSIM and PSNR, dB
of path loss over streets; noise of seed 0. Of {SAMPLES} samples the smallest and the largest hold one
more of the same law with 90 %: coverage is the share of street pixels whose truth they hold, spread and
error are root mean squares over streets. By how much they are pulled from their mean was fitted on the
cities that were held out, for 90 %. Held-out
{card.CHOSEN}"""
SEEN = " radio-map has\nseen cities of seed 1, and no others."
WANTED = 1.15
"""Of the RMSE of radio-map."""


class DiffusionTask(Task[Drawn]):
    """A denoiser of `bittrue.apps.radio.latent.denoiser`. The autoencoder that its recipe names must be there."""

    recipe: DiffusionRecipe
    recipes = DIFFUSIONS
    looks: ClassVar[str] = "stage,step,loss,first"

    def begin(self, output: Path) -> None:
        self.stretch, self.covered = UNIT, 0.0
        self.latents = Latents(load(autoencoder_folder(output, self.recipe.latents.autoencoder)))

    def read(self, maps: RadioMaps, step: Step) -> str:
        self.examples = Examples(maps, step)
        return self.examples.digest + content_hash(self.latents.net)

    @property
    def spec(self) -> DenoiserSpec:
        """The architecture in the latent of the autoencoder."""
        return self.recipe.spec(self.latents.values)

    def twin(self) -> Twin:
        return Twin(self.spec.graph, self.spec.first_weights(self.recipe.seed))

    def stage(self, name: str, twin: Twin, generator: Generator) -> QuantisingStage:
        return DiffusionStage(name, self.recipe, twin, self.examples, self.latents, generator)

    def given(self, index: int) -> Codes:
        """Noise of the first step, and the pictures of the map."""
        inputs, _, _ = self.examples.batch([index], [0])
        steps = self.spec.steps
        return assembled(given(begun(0, 0, 1, self.spec.latent)), np.array([steps]), steps, pictures(inputs))

    def judged(self, net: Net, fitted: Fitted, found: MapSet, step: Step) -> Drawn:
        others = {drawing.FLOAT: fitted.floating, drawing.UNROUNDED: fitted.unrounded}
        worth = drawing.judged(self._model(net), others, _one_shot(), found, step)
        if not found.real:  # cities that were held out, judged first
            self.stretch = calibrated(worth.judged)
            self.covered = coverage(worth.judged, self.stretch)
        return worth

    def sheet(self, worth: Drawn) -> Sheet:
        return card.predicted(worth.title, worth.means)

    def sentence(self, worth: Drawn) -> str:
        one, average, unrounded = worth.means[ONE], worth.means[MEAN], worth.means[UNROUNDED]
        return (
            f"{worth.title}. RMSE of a sample {one.rmse:.4f}, of the mean of {SAMPLES} {average.rmse:.4f}"
            f"{_beside(worth)}; the 90 % interval of {SAMPLES} samples holds {100 * worth.coverage:.1f} % of the "
            f"streets, and {100 * coverage(worth.judged, self.stretch):.1f} % when they are pulled "
            f"{self.stretch / UNIT:g} times as far from their mean; their spread is {worth.spread:.2f} dB, the error "
            f"of their mean {average.street_rmse:.2f} dB; rounding changes NMSE of a sample by "
            f"{100 * (one.nmse / unrounded.nmse - 1):+.1f} %"
        )

    def numbers(self, worth: Drawn) -> dict[str, float]:
        return {"coverage": worth.coverage, "coverage_calibrated": coverage(worth.judged, self.stretch)}

    def about(self, net: Net, fitted: Fitted) -> About:
        recipe, model = self.recipe, self._model(net)
        lead = (
            "A denoiser of integers in the latent of an integer autoencoder: maps of received power are drawn from\n"
            f"noise in {model.steps} evaluations, given buildings and a transmitter. docs/radio-hardware.md has the\n"
            "sampler's formula and says on which legs a seed was seen to give the same bits."
        )
        batch = f"{recipe.train.batch} maps with {recipe.latents.draws} noises"
        more = {"autoencoder": f"{model.named}, `{content_hash(model.autoencoder)}`"}
        each = f"an evaluation, {model.steps} evaluations"
        files = {
            "net.json, weights.safetensors": "the denoiser",
            FILE: "its steps, which autoencoder it belongs to, and the stretch of its interval",
            "kat.safetensors": "a known answer: noise and the pictures of a city that was held out",
            "looks.csv": "the loss on cities that were held out, by step",
        }
        facts = card.facts(DIFFUSIONS, recipe, net, fitted, each, batch, more)
        return About(lead, facts, METHOD + (SEEN if _one_shot() else ""), files)

    def files(self, net: Net) -> dict[str, str]:
        return {FILE: self._model(net).text}

    def _model(self, net: Net) -> Diffusion:
        own = self.recipe
        return Diffusion(
            net,
            self.latents.net,
            own.denoiser.steps,
            own.latents.autoencoder,
            self.stretch,
            float(f"{self.covered:.4f}"),
        )


def _beside(worth: Drawn) -> str:
    """How many times the error of the net that predicts at once."""
    shots = [(name, m.rmse) for name, m in worth.means.items() if name.endswith(SHOT)]
    return "".join(
        f", {worth.means[ONE].rmse / rmse:.2f} and {worth.means[MEAN].rmse / rmse:.2f} times that of "
        f"{name.removesuffix(SHOT)} (wanted: {WANTED} at most)"
        for name, rmse in shots
    )


def _one_shot() -> Net | None:
    """The committed radio net, to compare with, where it is at hand."""
    folder = located(DEFAULT)
    if not (folder / JSON_FILE).is_file():
        return None
    net = load(folder)
    return net if is_radio(net) else None
