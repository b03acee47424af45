"""Training of an autoencoder: crops of maps in and out, beside linear coders of as many values."""

from __future__ import annotations

from typing import ClassVar

from torch import Generator

from bittrue.apps.radio.data.maps import RadioMaps
from bittrue.apps.radio.data.png import SIDE
from bittrue.apps.radio.hardware import card
from bittrue.apps.radio.hardware.card import About
from bittrue.apps.radio.hardware.inputs import Codes
from bittrue.apps.radio.hardware.judging import FLOAT, INTEGER, UNROUNDED, MapSet
from bittrue.apps.radio.hardware.train import Task
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.latent import coding
from bittrue.apps.radio.latent.autoencoder import first_weights
from bittrue.apps.radio.latent.autoencoder_recipe import AUTOENCODERS, AutoencoderRecipe
from bittrue.apps.radio.latent.autoencoder_stage import AutoencoderStage
from bittrue.apps.radio.latent.coding import Coded
from bittrue.apps.radio.latent.linear_coders import Transform
from bittrue.apps.radio.latent.pictures import Pictures
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.bars import Step
from bittrue.kit.page import Sheet
from bittrue.kit.training.quantising_stage import QuantisingStage
from bittrue.spec import Net

METHOD = f"""\
Means over maps; grey levels scaled to 0 to 1, black buildings included but in the last column, dB of
path loss over streets. Values of linear coders are not rounded, those of the integer net have 8 bits.
Held-out {card.CHOSEN}"""


class AutoencoderTask(Task[Coded]):
    """A net of `bittrue.apps.radio.latent.autoencoder`; it begins with the principal components of its maps."""

    recipe: AutoencoderRecipe
    recipes = AUTOENCODERS
    looks: ClassVar[str] = "stage,step,loss,psnr,ssim"

    def read(self, maps: RadioMaps, step: Step) -> str:
        self.pictures = Pictures(maps, step)
        self.linear = coding.transform(self.pictures, self.recipe.cities.held)
        return self.pictures.digest

    def twin(self) -> Twin:
        return Twin(self.recipe.spec.graph, first_weights(self.recipe.spec, self.recipe.seed, self.linear))

    def stage(self, name: str, twin: Twin, generator: Generator) -> QuantisingStage:
        return AutoencoderStage(name, self.recipe, twin, self.pictures, generator)

    def given(self, index: int) -> Codes:
        return self.pictures.batch([index], [0], [(0, 0)], SIDE)

    def judged(self, net: Net, fitted: Fitted, found: MapSet, step: Step) -> Coded:
        coders = {"the synthetic maps": self.linear}
        if found.real:
            learnt = found.learnt
            chosen = evenly(len(learnt), coding.FITTED)
            coders["other real maps"] = Transform.fitted(learnt.scene(k).truth for k in chosen)
        return coding.judged(net, fitted, coders, self.recipe.spec.values, found, step)

    def sheet(self, worth: Coded) -> Sheet:
        rows = [
            (name, f"{m.psnr:.2f}", f"{m.ssim:.3f}", f"{m.nmse:.4f}", f"{m.street_rmse:.2f}")
            for name, m in worth.means.items()
        ]
        return Sheet(worth.title, ("", "PSNR dB", "SSIM", "NMSE", "streets: RMSE dB"), rows)

    def sentence(self, worth: Coded) -> str:
        """What rounding took, and which linear coders are better."""
        own = worth.means[INTEGER]
        linear = {name: one for name, one in worth.means.items() if name not in (FLOAT, UNROUNDED, INTEGER)}
        better = [name for name, one in linear.items() if one.psnr >= own.psnr or one.ssim >= own.ssim]
        beaten = f"no worse in PSNR or SSIM: {', '.join(better)}" if better else "all linear coders are worse in both"
        return (
            f"{worth.title}. PSNR of the integer net {own.psnr:.2f} dB, {worth.loss:+.2f} dB lost by rounding, SSIM "
            f"{own.ssim:.3f}; {beaten}"
        )

    def about(self, net: Net, fitted: Fitted) -> About:
        recipe, values = self.recipe, self.recipe.spec.values
        lead = (
            f"A radio map of 256 x 256 pixels by {values} values for every 8 x 8 pixels, and back: an\n"
            "autoencoder of integers. Its latent is the node `latent`; `bittrue.apps.radio.hardware.blocks.tail` is\n"
            "the decoder behind it."
        )
        more = {
            "values of a latent": f"{values} x 32 x 32 of 8 bits, for 65,536 pixels",
            "loss": f"mse / 0.0005 + {recipe.loss.similarity} (1 - SSIM) / 0.1",
        }
        batch = f"{recipe.train.batch} crops of {recipe.loss.crop} x {recipe.loss.crop} pixels"
        files = {
            "net.json, weights.safetensors": "the integer net",
            "kat.safetensors": "a known answer: a map of a city that was held out",
            "looks.csv": "loss, PSNR and SSIM on cities that were held out, by step",
        }
        return About(
            lead, card.facts(AUTOENCODERS, recipe, net, fitted, "a map, both ways", batch, more), METHOD, files
        )
