"""Recipe of an integer diffusion model in the latent of an integer autoencoder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from bittrue.apps.radio.hardware.examples import BYTES
from bittrue.apps.radio.hardware.recipe import Cities, MeasurePlan, StagePlan
from bittrue.apps.radio.latent.denoiser import DenoiserSpec
from bittrue.apps.radio.latent.process import STEPS
from bittrue.apps.radio.shelf import SHELF
from bittrue.errors import BadInput
from bittrue.kit.bounds import Section, Seed, Share, Within
from bittrue.kit.recipes import Recipes, check_name
from bittrue.limits import take

BYTES_A_LATENT = 16 << 20
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


@dataclass(frozen=True)
class DiffusionRecipe(Section):
    """A whole recipe; ``text`` is its file."""

    name: str
    cities: Cities
    denoiser: Denoiser
    latents: Latents
    train: StagePlan = field(default_factory=StagePlan)
    quantise: StagePlan = field(default_factory=lambda: StagePlan(steps=2000, rate=0.0003))
    measure: MeasurePlan = field(default_factory=MeasurePlan)
    seed: Seed = 1
    text: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(self.name)
        _ = self.spec()
        for name, plan in (("train", self.train), ("quantise", self.quantise)):
            count = plan.batch * self.latents.draws
            if count > LATENTS:
                raise BadInput(f"a step of {name} has {count:,} latents; give {LATENTS:,} at most")
            take(BYTES_A_LATENT * count, f"a step of {count:,} latents ({name}.batch)")
        maps = self.cities.maps * self.cities.transmitters
        take(BYTES * maps, f"{maps:,} maps of the cities")

    def spec(self, values: int = 12) -> DenoiserSpec:
        """The architecture in a latent of so many values. Raises `BadInput` where its numbers do not fit together."""
        own = self.denoiser
        return DenoiserSpec(self.name, values, own.steps, own.channels, own.tensor, own.weight_bits)


DIFFUSIONS = Recipes(SHELF, DiffusionRecipe)
