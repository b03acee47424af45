"""One stage of training an autoencoder: crops of maps in and out, and a look at whole maps of cities held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor

from bittrue.apps.radio.data.png import SIDE
from bittrue.apps.radio.hardware.examples import SYMMETRIES
from bittrue.apps.radio.hardware.stage import is_real
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.latent.autoencoder_recipe import AutoencoderRecipe
from bittrue.apps.radio.latent.pictures import Pictures, parted
from bittrue.apps.radio.latent.similarity import ssim
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.kit.training.quantising_stage import FLOAT, QuantisingStage

MSE, SIMILARITY = 5e-4, 0.1
"""What a good linear coder leaves of either: the scale of the two parts of the loss."""


class AutoencoderStage(QuantisingStage):
    """Trains a twin to give back what it takes.

    Loss: the mean over crops of ``mse / 0.0005 + w (1 - SSIM) / 0.1``, levels scaled to 0 to 1, ``w`` of the recipe.

    Parameters
    ----------
    name : str
        Which section of the recipe says how.
    recipe : AutoencoderRecipe
    twin : Twin
        Trained in place.
    pictures : Pictures
    generator : Generator
        Of maps, symmetries and corners.
    """

    def __init__(
        self, name: str, recipe: AutoencoderRecipe, twin: Twin, pictures: Pictures, generator: Generator
    ) -> None:
        self.pictures, self.loss, self.plan = pictures, recipe.loss, recipe.train if name == FLOAT else recipe.quantise
        self.twin = twin.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(name, self.plan, self.twin, generator, is_real)
        learnt, held = parted(pictures.keys, recipe.cities.held)
        self._train, self._held = learnt.tolist(), [held[k] for k in evenly(len(held), self.plan.look_maps)]

    def losses(self) -> tuple[Tensor, Mapping[str, Tensor]]:
        self.twin.train()
        count, side = self.plan.batch, self.loss.crop
        chosen = torch.randint(len(self._train), (count,), generator=self.generator).tolist()
        symmetries = torch.randint(SYMMETRIES, (count,), generator=self.generator).tolist()
        corners = torch.randint(SIDE - side + 1, (count, 2), generator=self.generator).tolist()
        mse, similar = self._parts([self._train[k] for k in chosen], symmetries, corners, side)
        return self._total(mse, similar).mean(), {"mse": mse.mean(), "ssim": similar.mean()}

    def judged(self) -> tuple[float, Mapping[str, float]]:
        """The mean over whole maps of the cities that were held out; PSNR in dB and SSIM are its parts."""
        self.twin.eval()
        total, psnr, similarity = 0.0, 0.0, 0.0
        for index in self._held:
            mse, similar = self._parts([index], [0], [(0, 0)], SIDE)
            total += float(self._total(mse, similar))
            psnr, similarity = psnr - 10 * float(mse.log10()), similarity + float(similar)
        count = len(self._held)
        return total / count, {"psnr": psnr / count, "ssim": similarity / count}

    def _total(self, mse: Tensor, similar: Tensor) -> Tensor:
        return mse / MSE + self.loss.similarity * (1 - similar) / SIMILARITY

    def _parts(
        self, indices: list[int], symmetries: list[int], corners: Sequence[Sequence[int]], side: int
    ) -> tuple[Tensor, Tensor]:
        """MSE and SSIM of each crop, levels from 0 to 1."""
        codes = self.pictures.batch(indices, symmetries, [(row, column) for row, column in corners], side)
        given = torch.from_numpy(codes).to(torch.float32).contiguous(memory_format=torch.channels_last) / 128
        found = torch.nn.functional.pixel_shuffle(self.twin(given), 2) * (128 / 255)
        wanted = torch.nn.functional.pixel_shuffle(given, 2) * (128 / 255)
        return (found - wanted).square().mean((1, 2, 3)), ssim(found + 128 / 255, wanted + 128 / 255)
