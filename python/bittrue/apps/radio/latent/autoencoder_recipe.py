"""Recipe of an integer autoencoder of radio maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from bittrue.apps.radio.data.png import SIDE
from bittrue.apps.radio.hardware.recipe import Cities, MeasurePlan, StagePlan
from bittrue.apps.radio.latent.autoencoder import AutoencoderSpec
from bittrue.apps.radio.shelf import SHELF
from bittrue.errors import BadInput
from bittrue.kit.bounds import Section, Seed, Weight, Within
from bittrue.kit.recipes import Recipes, check_name
from bittrue.limits import take

BYTES_A_MAP = 40 << 20
"""Memory of a training step for each whole map of its batch, about."""


@dataclass(frozen=True)
class Autoencoder(Section):
    """What `bittrue.apps.radio.latent.autoencoder.AutoencoderSpec` takes."""

    values: Annotated[int, Within(1, 64)] = 12
    encoder: tuple[int, ...] = AutoencoderSpec.encoder
    decoder: tuple[int, ...] = AutoencoderSpec.decoder
    depth: Annotated[int, Within(0, 8)] = 2
    tensor: str = "Q1.7"
    weight_bits: Annotated[int, Within(2, 8)] = 8


@dataclass(frozen=True)
class Loss(Section):
    """What is made small, over crops of ``crop`` pixels a side: ``mse / 0.0005 + similarity (1 - SSIM) / 0.1``."""

    crop: Annotated[int, Within(32, SIDE)] = 128
    similarity: Weight = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop % 8:
            raise BadInput(f"crop is {self.crop}; give a multiple of 8")


@dataclass(frozen=True)
class AutoencoderRecipe(Section):
    """A whole recipe; ``text`` is its file."""

    name: str
    cities: Cities
    autoencoder: Autoencoder
    loss: Loss = field(default_factory=Loss)
    train: StagePlan = field(default_factory=StagePlan)
    quantise: StagePlan = field(default_factory=lambda: StagePlan(steps=2000, rate=0.0003))
    measure: MeasurePlan = field(default_factory=MeasurePlan)
    seed: Seed = 1
    text: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(self.name)
        _ = self.spec
        for name, plan in (("train", self.train), ("quantise", self.quantise)):
            size = BYTES_A_MAP * plan.batch * self.loss.crop**2 // SIDE**2
            take(size, f"a step of {plan.batch:,} crops ({name}.batch)")
        count = self.cities.maps * self.cities.transmitters
        take(SIDE * SIDE * count, f"{count:,} maps of the cities")

    @property
    def spec(self) -> AutoencoderSpec:
        """The architecture. Raises `BadInput` where its numbers do not fit together."""
        own = self.autoencoder
        return AutoencoderSpec(self.name, own.values, own.encoder, own.decoder, own.depth, own.tensor, own.weight_bits)


AUTOENCODERS = Recipes(SHELF, AutoencoderRecipe)
