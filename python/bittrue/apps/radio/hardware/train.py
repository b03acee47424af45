"""``bittrue train radio`` by the recipe of a hardware net: cities, two stages, the integer net, its measures."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from torch import Generator

from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware import bundle, card, judging
from bittrue.apps.radio.hardware.card import About
from bittrue.apps.radio.hardware.inputs import Codes
from bittrue.apps.radio.hardware.judging import MapSet
from bittrue.apps.radio.hardware.recipe import CityRecipe
from bittrue.apps.radio.hardware.trainer import Fitted, Trainer
from bittrue.apps.radio.hardware.twin import Twin, agreed
from bittrue.apps.radio.making import Plan, make
from bittrue.apps.radio.measures import Measures
from bittrue.bars import Step
from bittrue.files import write_together
from bittrue.kit.page import Sheet
from bittrue.kit.recipes import Recipes
from bittrue.kit.training.net_folder import LOGS, STATE, trained_in
from bittrue.kit.training.quantising_stage import QuantisingStage
from bittrue.kit.training.two_stages import SECONDS
from bittrue.spec import Net

CITIES = Path("checkpoint") / "cities"
COMPARED = 4
"""Maps on which twin and reference are compared."""


class Judged(Protocol):
    """What a net and others are worth on one set of maps."""

    @property
    def title(self) -> str:
        """Which maps."""

    @property
    def means(self) -> Mapping[str, Measures]:
        """Over the maps, by way to predict."""


Worth = TypeVar("Worth", bound=Judged)


class Task(ABC, Generic[Worth]):
    """A kind of radio net: what it learns from, by which stages, and what it is worth on a set of maps."""

    recipes: ClassVar[Recipes[Any]]
    """Those that are built in."""
    looks: ClassVar[str]
    """Columns of looks.csv."""

    def __init__(self, recipe: Any) -> None:
        self.recipe = recipe

    def begin(self, output: Path) -> None:
        """Take what must be there before anything is written. Raises `BadInput` where it is not."""

    @abstractmethod
    def read(self, maps: RadioMaps, step: Step) -> str:
        """Read the maps to learn from, those held out among them, and give the digest of all that is learnt from."""

    @abstractmethod
    def twin(self) -> Twin:
        """The net to begin with."""

    @abstractmethod
    def stage(self, name: str, twin: Twin, generator: Generator) -> QuantisingStage:
        """A stage of training of that name."""

    @abstractmethod
    def given(self, index: int) -> Codes:
        """What the net takes of a map that was read, ``(1, *input)``."""

    @abstractmethod
    def judged(self, net: Net, fitted: Fitted, found: MapSet, step: Step) -> Worth:
        """What the net is worth on a set of maps."""

    @abstractmethod
    def sheet(self, worth: Worth) -> Sheet:
        """The table of it."""

    @abstractmethod
    def sentence(self, worth: Worth) -> str:
        """What the numbers say."""

    @abstractmethod
    def about(self, net: Net, fitted: Fitted) -> About:
        """What the card says beside what was measured."""

    def numbers(self, worth: Worth) -> dict[str, float]:
        """What is measured beside the means."""
        return {}

    def files(self, net: Net) -> dict[str, str]:
        """Files of this kind of net alone."""
        return {}


@dataclass(frozen=True, eq=False)
class Trained(Generic[Worth]):
    """What came of a training: the integer ``net``, what was ``fitted``, and what it is ``worth``."""

    net: Net
    fitted: Fitted
    worth: list[Worth]


def train(
    task: Task[Worth],
    output: str | os.PathLike[str],
    step: Step = lambda doing, done, total: None,
    seconds: float = SECONDS,
) -> Trained[Worth]:
    """Train by the task's recipe and write the net's folder.

    A killed run goes on from ``output/checkpoint/`` when it is called again and ends in the same
    net; a finished one only measures and writes again. Remove that folder to train anew.

    Parameters
    ----------
    task : Task
    output : path
        Folder, made if need be.
    step : callable
        Called with what is being done, how much of it is done, and how much there is.
    seconds : float
        Least time between checkpoints.

    Raises
    ------
    BadInput
        Where another process trains there, the checkpoint is damaged or belongs to another recipe, the folder holds
        another net, maps do not fit into memory, or training leaves the finite numbers.
    """
    recipe: CityRecipe = task.recipe
    own = recipe.cities
    task.begin(Path(output))
    real = judging.real(recipe.measure)  # what is wrong with them is said before the training
    with trained_in(output, recipe.name, recipe.text) as folder:
        make(folder / CITIES, Plan(own.maps, own.transmitters, own.seed), step)
        maps = RadioMaps(folder / CITIES, View(split=f"1-{own.maps}"))
        digest, state, logs = task.read(maps, step), folder / STATE, folder / LOGS
        fitted = Trainer(recipe.text, recipe.seed, task.twin(), task.stage, digest, state, logs, step, seconds).run()
        net = fitted.quantised.net()
        for index in range(min(COMPARED, len(maps))):
            agreed(net, fitted.quantised, task.given(index))
        sets = [judging.held_out(folder / CITIES, maps.keys, own.held), *([real] if real else [])]
        worth = [task.judged(net, fitted, found, step) for found in sets]
        text = card.text(recipe, net, task.about(net, fitted), list(map(task.sheet, worth)), map(task.sentence, worth))
        known = task.given(len(maps) - 1)
        files = bundle.contents(recipe.text, net, known, fitted, task.looks, text) | task.files(net)
        write_together(folder, files, renew=True)
    return Trained(net, fitted, worth)
