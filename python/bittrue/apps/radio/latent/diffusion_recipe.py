"""Recipe of an integer diffusion model in the latent of an integer autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bittrue.apps.radio.hardware.recipe import BiasBits, CityRecipe, StagePlan
from bittrue.apps.radio.latent.denoiser import DenoiserSpec
from bittrue.apps.radio.latent.process import STEPS
from bittrue.apps.radio.shelf import SHELF
from bittrue.errors import BadInput
from bittrue.kit.bounds import Section, Share, Within
from bittrue.kit.recipes import Recipes, check_name
from bittrue.limits import take

STEP_BYTES = 16 << 20
"""Memory of a training step for each latent of its batch, about."""
LATENTS = 4096
"""Most latents of a batch."""


@dataclass(frozen=True)
class Denoiser(Section):
    """What `bittrue.apps.radio.latent.denoiser.DenoiserSpec` takes; ``steps`` of the sampler, an evaluation each."""

    channels: tuple[int, ...] = DenoiserSpec.channels
    steps: Annotated[int, Within(1, STEPS)] = 6
    tensor: str = "Q1.7"
    weight_bits: Annotated[int, Within(2, 8)] = 8
    bias_bits: BiasBits = None


@dataclass(frozen=True)
class Latents(Section):
    """``autoencoder``: name of the folder beside this net's, or of a committed net; a map of a batch meets ``draws``
    noises; squares without a street count ``built`` times as much in the loss as streets."""

    autoencoder: str
    draws: Annotated[int, Within(1, 64)] = 2
    built: Share = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(self.autoencoder)


@dataclass(frozen=True, kw_only=True)
class DiffusionRecipe(CityRecipe):
    """A whole recipe of a diffusion model."""

    denoiser: Denoiser
    latents: Latents

    def check_architecture(self) -> None:
        _ = self.spec()

    def check_step(self, name: str, plan: StagePlan) -> None:
        count = plan.batch * self.latents.draws
        if count > LATENTS:
            raise BadInput(f"a step of {name} has {count:,} latents; give {LATENTS:,} at most")
        take(STEP_BYTES * count, f"a step of {count:,} latents ({name}.batch)")

    def spec(self, values: int = 12) -> DenoiserSpec:
        """The architecture in a latent of so many values. Raises `BadInput` where its numbers do not fit together."""
        own = self.denoiser
        return DenoiserSpec(self.name, values, own.steps, own.channels, own.tensor, own.weight_bits, own.bias_bits)


DIFFUSIONS = Recipes(SHELF, DiffusionRecipe)
