"""Targets of a report: two independent sets of signals, read from disk or drawn, and what they are meant to be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise import dataset, sets
from bittrue.apps.noise.dataset_writing import Recipe
from bittrue.apps.noise.measures.summary import Kind
from bittrue.apps.noise.ofdm.recipe import OfdmRecipe, described
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.apps.noise.processes.law import Fixed
from bittrue.apps.noise.processes.recipe import ProcessRecipe
from bittrue.errors import BadInput
from bittrue.limits import take

Array = npt.NDArray[Any]
SEEDS = (1, 2)
"""Of the two sets, where they are drawn."""


@dataclass(frozen=True, eq=False)
class Target:
    """What generators are compared with.

    Parameters
    ----------
    name : str
        ``FGN/FGN_fixed_H70``.
    kind : Kind
    value : float or None
        The parameter of all signals, where they have the same.
    signals, others : float64 or complex128 (N, L)
        Two independent sets: the first is what everything is compared with, baselines are fitted to the second.
    origin : str
        Where the signals come from.
    """

    name: str
    kind: Kind
    value: float | None
    signals: Array
    others: Array
    origin: str

    @property
    def is_complex(self) -> bool:
        """Whether samples are I + jQ."""
        return bool(np.iscomplexobj(self.signals))


def target(name: str, root: Path, count: int, length: int | None = None) -> Target:
    """The target of that name with ``count`` signals in either set.

    A set of that name below ``root`` is read, test.h5 first and train.h5 second; where there is none, signals are
    drawn, of ``length`` samples where the name does not say how many. The folder that a process has for all its sets
    is none itself: ``FGN`` means the set of its typical value.

    Raises `BadInput` where there is neither a folder nor a process of that name, and for sets with too few signals.
    """
    folder = root / name
    if not any((folder / part).exists() for part in ("train.h5", "test.h5")):
        folder = root / sets.recipe(name).folder
    if folder.is_dir():
        found = dataset.opened(folder)
        count = min(count, found.test.count, found.train.count)
        kind, value = _stored(name, found)
        return Target(name, kind, value, found.test.signals(0, count), found.train.signals(0, count), str(folder))
    recipe = sets.recipe(name)
    samples = recipe.length(length if isinstance(recipe, ProcessRecipe) else None)
    kind, value = _meant(recipe)
    take(2 * count * samples * 16, f"two sets of {count:,} signals of {samples:,} samples")
    drawn = [np.concatenate([x for _, x in recipe.chunks(count, samples, seed, 0)]) for seed in SEEDS]
    return Target(recipe.folder, kind, value, drawn[0], drawn[1], f"drawn, seeds {SEEDS[0]} and {SEEDS[1]}")


def _stored(name: str, found: dataset.NoiseSet) -> tuple[Kind, float | None]:
    """What a folder's signals are meant to be, by its description or else by its name; nothing for an unknown one."""
    if found.is_ofdm:
        return Kind(plan=described(found.parameters)), None
    try:
        return _meant(sets.recipe(name))
    except BadInput:
        return Kind(), None


def _meant(recipe: Recipe) -> tuple[Kind, float | None]:
    if isinstance(recipe, OfdmRecipe):
        return Kind(plan=recipe.plan), None
    if not isinstance(recipe, ProcessRecipe):
        return Kind(), None
    process, law = recipe.source.process, recipe.source.law
    value = law.at if isinstance(law, Fixed) else None
    return Kind(process, int(value) if isinstance(process, Bandpass) and value is not None else None), value
