"""One stage of training a denoiser: latents of maps, noise of a drawn step, and the latent that should be said."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from bittrue.apps.radio.hardware.examples import SYMMETRIES, Examples
from bittrue.apps.radio.hardware.stage import is_real
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.apps.radio.latent.autoencoder import SQUARE
from bittrue.apps.radio.latent.denoiser import assembled, pictures
from bittrue.apps.radio.latent.diffusion_recipe import DiffusionRecipe
from bittrue.apps.radio.latent.latents import Latents
from bittrue.apps.radio.latent.pictures import parted
from bittrue.apps.radio.latent.process import FINE, noise
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.kit.training.quantising_stage import FLOAT, QuantisingStage

SEEDS = 1 << 31
"""Seeds of the noise of a batch."""
FITTED = 24
"""Maps by which the values of a latent are weighed."""
LOOK_SEED = 1 << 40
"""Of the noise of looks: none that is trained with."""


class DiffusionStage(QuantisingStage):
    """Trains a twin to say z_0.

    Loss: ``sum w (x - z_0)^2 / sum w v`` over values and squares; ``w`` is the weight of the value
    (`bittrue.apps.radio.latent.latents.Latents.weights`) times the share of streets in the square, ``built`` of the
    recipe at least, and ``v`` the variance of the value over training maps: 1 is what their mean would reach.

    Parameters
    ----------
    name : str
        Which section of the recipe says how.
    recipe : DiffusionRecipe
    twin : Twin
        Trained in place.
    examples : Examples
    latents : Latents
    generator : Generator
        Of maps, symmetries, steps and noise.
    """

    def __init__(
        self,
        name: str,
        recipe: DiffusionRecipe,
        twin: Twin,
        examples: Examples,
        latents: Latents,
        generator: Generator,
    ) -> None:
        self.recipe, self.examples, self.latents = recipe, examples, latents
        self.plan = recipe.train if name == FLOAT else recipe.quantise
        self.steps, self.draws = recipe.denoiser.steps, recipe.latents.draws
        self.twin = twin.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(name, self.plan, self.twin, generator, is_real)
        learnt, held = parted(examples.keys, recipe.cities.held)
        self._train = learnt.tolist()
        self._held = [int(held[k]) for k in evenly(len(held), self.plan.look_maps)]
        known = [self._train[k] for k in evenly(len(self._train), FITTED)]
        some = torch.cat([self._encoded([index], [0])[0] for index in known])
        self._weights = latents.weights(some).view(1, -1, 1, 1)
        self._variances = some.var((0, 2, 3)).view(1, -1, 1, 1).clamp(min=1.0)

    def losses(self) -> tuple[Tensor, Mapping[str, Tensor]]:
        self.twin.train()
        count, latents = self.plan.batch, self.plan.batch * self.draws
        chosen = torch.randint(len(self._train), (count,), generator=self.generator).tolist()
        symmetries = torch.randint(SYMMETRIES, (count,), generator=self.generator).tolist()
        k = torch.randint(1, self.steps + 1, (latents,), generator=self.generator)
        seed = int(torch.randint(SEEDS, (1,), generator=self.generator))
        return self._losses([self._train[index] for index in chosen], symmetries, k, seed).mean(), {}

    def judged(self) -> tuple[float, Mapping[str, float]]:
        """The mean over maps of the cities that were held out, and that of the first evaluation alone."""
        self.twin.eval()
        rows = []
        for index in self._held:
            k = torch.arange(self.draws) * 0 + self.steps
            first = self._losses([index], [0], k, LOOK_SEED + index)
            k = 1 + torch.arange(self.draws) % self.steps
            rows.append((float(self._losses([index], [0], k, LOOK_SEED + index).mean()), float(first.mean())))
        total, first_mean = (sum(column) / len(rows) for column in zip(*rows, strict=True))
        return total + first_mean, {"first": first_mean}

    def _encoded(self, indices: list[int], symmetries: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """Latent codes, pictures, and shares of streets of each square."""
        inputs, truth, streets = self.examples.batch(indices, symmetries)
        codes = self.latents.encoded(truth.astype("int16") - 128)
        share = torch.nn.functional.avg_pool2d(torch.from_numpy(streets).to(torch.float32), SQUARE).mean(1, True)
        return codes, torch.from_numpy(pictures(inputs)), share

    def _losses(self, indices: list[int], symmetries: list[int], k: Tensor, seed: int) -> Tensor:
        """Of every map and draw."""
        z0, seen, share = (one.repeat_interleave(self.draws, 0) for one in self._encoded(indices, symmetries))
        t = (k / self.steps).view(-1, 1, 1, 1)
        drawn = torch.from_numpy(noise(seed, 0, 0, len(z0), tuple(z0.shape[1:])))  # type: ignore[arg-type]
        noised = ((1 - t) * z0 + t.sqrt() * drawn / 2**FINE + 0.5).floor().clamp(-128, 127)
        codes = torch.from_numpy(assembled(noised.numpy(), k.numpy(), self.steps, seen.numpy()))
        given = codes.to(torch.float32).contiguous(memory_format=torch.channels_last) / 128
        weight = self._weights * share.clamp(min=self.recipe.latents.built)
        error = (self.twin(given) * 128 - z0).square() * weight
        result: Tensor = error.sum((1, 2, 3)) / (self._variances * weight).sum((1, 2, 3))
        return result
