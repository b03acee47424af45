"""``bittrue train radio`` by a recipe of a hardware net: cities, two stages, the integer net, its measures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from torch import Generator

from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.hardware import bundle, card, judging
from bittrue.apps.radio.hardware.architecture import drawn_weights
from bittrue.apps.radio.hardware.examples import Examples
from bittrue.apps.radio.hardware.judging import Worth
from bittrue.apps.radio.hardware.recipe import Recipe
from bittrue.apps.radio.hardware.stage import Stage
from bittrue.apps.radio.hardware.trainer import Fitted, Trainer
from bittrue.apps.radio.hardware.twin import Twin, agreed
from bittrue.apps.radio.making import Plan, make
from bittrue.bars import Step
from bittrue.files import write_together
from bittrue.kit.training.net_folder import LOGS, STATE, trained_in
from bittrue.kit.training.quantising_stage import QuantisingStage
from bittrue.kit.training.two_stages import SECONDS
from bittrue.spec import Net

CITIES = Path("checkpoint") / "cities"
LOOKS = "stage,step,nmse"
"""Columns of looks.csv."""
COMPARED = 4
"""Maps on which twin and reference are compared."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a training: the integer ``net``, what was ``fitted``, and what it is ``worth``."""

    net: Net
    fitted: Fitted
    worth: list[Worth]


def train(
    recipe: Recipe,
    output: str | os.PathLike[str],
    step: Step = lambda doing, done, total: None,
    seconds: float = SECONDS,
) -> Trained:
    """Train a recipe and write the net's folder.

    A killed run goes on from ``output/checkpoint/`` when it is called again and ends in the same
    net; a finished one only measures and writes again. Remove that folder to train anew.

    Parameters
    ----------
    recipe : Recipe
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
    own = recipe.cities
    real = judging.real_maps(recipe.measure)  # what is wrong with them is said before the training
    with trained_in(output, recipe.name, recipe.text) as folder:
        make(folder / CITIES, Plan(own.maps, own.transmitters, own.seed), step)
        examples = Examples(RadioMaps(folder / CITIES, View(split=f"1-{own.maps}")), step)
        fitted = _fitted(recipe, examples, folder, step, seconds)
        net = fitted.quantised.net()
        codes, _, _ = examples.batch(range(min(COMPARED, len(examples))), [0] * min(COMPARED, len(examples)))
        agreed(net, fitted.quantised, codes)
        worth = [judging.held_out(net, fitted, folder / CITIES, examples, own.held, step)]
        if real:
            worth.append(judging.real(net, fitted, recipe.measure, real, step))
        known, _, _ = examples.batch([len(examples) - 1], [0])
        text = card.text(recipe, net, fitted, worth)
        write_together(folder, bundle.contents(recipe.text, net, known, fitted, LOOKS, text), renew=True)
    return Trained(net, fitted, worth)


def _fitted(recipe: Recipe, examples: Examples, folder: Path, step: Step, seconds: float) -> Fitted:
    def staged(name: str, twin: Twin, generator: Generator) -> QuantisingStage:
        return Stage(name, recipe, twin, examples, generator)

    twin = Twin(recipe.spec.graph, drawn_weights(recipe.spec, recipe.seed))
    text, state, logs = recipe.text, folder / STATE, folder / LOGS
    return Trainer(text, recipe.seed, twin, staged, examples.digest, state, logs, step, seconds).run()
