"""Recipe of a radio net for hardware: architecture, cities to learn from, steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from bittrue.apps.radio.data import splits
from bittrue.apps.radio.hardware.architecture import ArchitectureSpec, Level
from bittrue.apps.radio.hardware.examples import BYTES
from bittrue.apps.radio.shelf import SHELF
from bittrue.errors import BadInput
from bittrue.kit.bounds import Count, Section, Seed, Share, Within
from bittrue.kit.recipes import Recipes, check_name
from bittrue.limits import take

STEP_BYTES = 24 << 20
"""Memory of a training step for each map of its batch, about."""
BiasBits = Annotated[int | None, Within(2, 8)]
"""Of biases at the scale of the weights, as a MAX78002 keeps them; left out, they have the scale of the sums."""


@dataclass(frozen=True)
class Architecture(Section):
    """What `bittrue.apps.radio.hardware.architecture.ArchitectureSpec` takes."""

    levels: tuple[Level, ...] = ArchitectureSpec().levels
    tensor: str = "Q1.7"
    weight_bits: Annotated[int, Within(2, 8)] = 8
    bias_bits: BiasBits = None


@dataclass(frozen=True)
class Cities(Section):
    """Synthetic cities, as ``bittrue radio make`` takes them; the last ``held`` are for looks and never trained on."""

    maps: Annotated[int, Within(2, 100_000)] = 200
    transmitters: Annotated[int, Within(1, 80)] = 20
    seed: Annotated[int, Within(0, 10**9)] = 1
    held: Count = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.held >= self.maps:
            raise BadInput(f"held is {self.held} of {self.maps} cities; leave some to train on")


@dataclass(frozen=True)
class StagePlan(Section):
    """One stage of training: steps of ``batch`` maps, each in one of its eight symmetries; the rate falls to 0."""

    steps: Count = 8000
    batch: Count = 8
    rate: Annotated[float, Within(1e-9, 1)] = 0.003
    warm: Share = 0.05
    ema: Annotated[float, Within(0, 0.99999)] = 0.998
    clip: Annotated[float, Within(1e-9, 1e9)] = 1.0
    look_every: Count = 500
    look_maps: Count = 60


@dataclass(frozen=True)
class MeasurePlan(Section):
    """Real maps that the card is of, where the data set is at hand: the split that is judged on, and the one that
    baselines are fitted on (`bittrue.apps.radio.data.splits`)."""

    split: str = "test"
    fitted: str = "train"

    def __post_init__(self) -> None:
        super().__post_init__()
        for split in (self.split, self.fitted):
            splits.holds(split, 1)


@dataclass(frozen=True, kw_only=True)
class CityRecipe(Section, ABC):
    """What the recipe of every radio net for hardware says; ``text`` is its file."""

    name: str
    cities: Cities
    train: StagePlan = field(default_factory=StagePlan)
    quantise: StagePlan = field(default_factory=lambda: StagePlan(steps=2000, rate=0.0003))
    measure: MeasurePlan = field(default_factory=MeasurePlan)
    seed: Seed = 1
    text: str = ""
    BYTES_A_MAP: ClassVar[int] = BYTES
    """Memory that a map of the cities takes during training."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(self.name)
        self.check_architecture()
        for name, plan in (("train", self.train), ("quantise", self.quantise)):
            self.check_step(name, plan)
        count = self.cities.maps * self.cities.transmitters
        take(self.BYTES_A_MAP * count, f"{count:,} maps of the cities")

    @abstractmethod
    def check_architecture(self) -> None:
        """Raise `BadInput` where the numbers of the architecture do not fit together."""

    @abstractmethod
    def check_step(self, name: str, plan: StagePlan) -> None:
        """Raise `BadInput` where a training step of a stage does not fit into memory."""


@dataclass(frozen=True, kw_only=True)
class Recipe(CityRecipe):
    """A whole recipe of a net that predicts maps at once."""

    architecture: Architecture = field(default_factory=Architecture)

    def check_architecture(self) -> None:
        _ = self.spec

    def check_step(self, name: str, plan: StagePlan) -> None:
        take(STEP_BYTES * plan.batch, f"a step of {plan.batch:,} maps ({name}.batch)")

    @property
    def spec(self) -> ArchitectureSpec:
        """The architecture. Raises `BadInput` where its numbers do not fit together."""
        own = self.architecture
        return ArchitectureSpec(self.name, own.levels, own.tensor, own.weight_bits, own.bias_bits)


RECIPES = Recipes(SHELF, Recipe)
