"""``bittrue train noise`` by a recipe of a hardware net: targets, two stages, the integer source, its measures."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bittrue.apps.noise.hardware import bundle, judging
from bittrue.apps.noise.hardware.judging import Judged
from bittrue.apps.noise.hardware.recipe import Recipe
from bittrue.apps.noise.hardware.trainer import Fitted, Trainer
from bittrue.files import write_together
from bittrue.kit.training.net_folder import LOGS, STATE, trained_in
from bittrue.kit.training.two_stages import SECONDS
from bittrue.spec.source import Source

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a training: the integer ``source``, what was ``fitted``, and what was ``judged``."""

    source: Source
    fitted: Fitted
    judged: list[Judged]


def train(
    recipe: Recipe,
    output: str | os.PathLike[str],
    step: Step = lambda doing, done, total: None,
    seconds: float = SECONDS,
) -> Trained:
    """Train a recipe and write the source's folder.

    A killed run goes on from ``output/checkpoint/`` when it is called again and ends in the same source; a finished
    one only measures and writes again. Remove that folder to train anew.

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
        another net or notes that are no text, a set does not exist, or training leaves the finite numbers.
    """
    notes = bundle.notes(Path(output))
    with trained_in(output, recipe.name, recipe.text) as folder:
        fitted = Trainer(recipe, folder / STATE, folder / LOGS, step, seconds).run()
        source = bundle.frozen(recipe, fitted)
        judged = judging.judged(recipe, source, step)
        write_together(folder, bundle.contents(recipe, source, fitted, judged, notes), renew=True)
    return Trained(source, fitted, judged)
