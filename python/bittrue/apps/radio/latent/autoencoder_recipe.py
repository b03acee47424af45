"""Recipe of an integer autoencoder of radio maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from bittrue.apps.radio.data.png import SIDE
from bittrue.apps.radio.hardware.recipe import BiasBits, CityRecipe, StagePlan
from bittrue.apps.radio.latent.autoencoder import AutoencoderSpec
from bittrue.apps.radio.shelf import SHELF
from bittrue.errors import BadInput
from bittrue.kit.bounds import Section, Weight, Within
from bittrue.kit.recipes import Recipes
from bittrue.limits import take

STEP_BYTES = 40 << 20
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
    bias_bits: BiasBits = None


@dataclass(frozen=True)
class Loss(Section):
    """What is made small, over crops of ``crop`` pixels a side: ``mse / 0.0005 + similarity (1 - SSIM) / 0.1``."""

    crop: Annotated[int, Within(32, SIDE)] = 128
    similarity: Weight = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop % 8:
            raise BadInput(f"crop is {self.crop}; give a multiple of 8")


@dataclass(frozen=True, kw_only=True)
class AutoencoderRecipe(CityRecipe):
    """A whole recipe of an autoencoder."""

    autoencoder: Autoencoder
    loss: Loss = field(default_factory=Loss)
    BYTES_A_MAP: ClassVar[int] = SIDE * SIDE

    def check_architecture(self) -> None:
        _ = self.spec

    def check_step(self, name: str, plan: StagePlan) -> None:
        size = STEP_BYTES * plan.batch * self.loss.crop**2 // SIDE**2
        take(size, f"a step of {plan.batch:,} crops ({name}.batch)")

    @property
    def spec(self) -> AutoencoderSpec:
        """The architecture. Raises `BadInput` where its numbers do not fit together."""
        own = self.autoencoder
        sizes = (own.values, own.encoder, own.decoder, own.depth)
        return AutoencoderSpec(self.name, *sizes, own.tensor, own.weight_bits, own.bias_bits)


AUTOENCODERS = Recipes(SHELF, AutoencoderRecipe)
