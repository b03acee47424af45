"""The beats of a training: those that are learnt, those of patients held out, and where they come from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bittrue.apps.ecg import patients
from bittrue.apps.ecg.beats import beats, database
from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.beats.split import FOLDS, REARRANGED, parts
from bittrue.apps.ecg.beats.synthetic import synthesise
from bittrue.apps.ecg.recipe import Recipe

PATIENTS, SECONDS, SEED = 12, 180.0, 9
"""Made-up patients, how long each is recorded, and the seed of all."""

Progress = Callable[[str, int, int], None]
"""Called after every record: its name, records done, records in all."""


@dataclass(frozen=True, eq=False)
class Material:
    """Beats to train on and to validate on.

    Parameters
    ----------
    learnt : Beats
    held : Beats, optional
        Of patients of whom nothing is learnt.
    title : str
        Where they come from, a phrase.
    made_up : bool
        Whether the patients do not exist.
    own : Path, optional
        Folder of the recordings where they are not the published ones of MIT-BIH: nothing is known of their licence.
    """

    learnt: Beats
    held: Beats | None
    title: str
    made_up: bool = False
    own: Path | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over codes, classes and records of all beats, those to train on first."""
        total = hashlib.sha256()
        for part in (self.learnt, self.held):
            if part is not None:
                total.update(" ".join(part.names).encode())
                for array in (part.x, part.y, part.record):
                    total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()


def recorded(plan: Recipe, records: str | os.PathLike[str] | None = None, progress: Progress | None = None) -> Material:
    """DS1 of MIT-BIH: beats to train on, and those of the patients of the recipe's fold. DS2 stays closed.

    Other recordings of these names are taken as well, and never called MIT-BIH.

    Raises `BadInput` where the records are missing or damaged (`bittrue.apps.ecg.beats.beats.load`).
    """
    names, held = parts(plan.train.fold)
    found = {}
    for name in (*names, *held):
        found[name] = beats.load(records, [name], plan.input)
        if progress:
            progress(name, len(found), len(names) + len(held))
    folder = database.locate(records)
    own = None if database.published(folder, (*names, *held)) else folder
    whose = "MIT-BIH" if own is None else f"own recordings of {own}, named as MIT-BIH's"
    title = f"{whose}, DS1 without fold {plan.train.fold}" if held else f"{whose}, all of DS1"
    learnt = [found[name] for name in names] + rearranged(plan, records, names)
    return Material(joined(learnt), joined([found[name] for name in held]) if held else None, title, own=own)


def rearranged(plan: Recipe, records: str | os.PathLike[str] | None, names: Sequence[str]) -> list[Beats]:
    """Patients in other rhythms, made of these, of the kinds that section ``[augment]`` asks for."""
    return [
        beats.load(records, [name], plan.input, kind)
        for kind, share in plan.augment.rearranged.items()
        if share
        for name in names
        if name in REARRANGED[kind]
    ]


def made_up(plan: Recipe) -> Material:
    """Beats of twelve patients who do not exist, three of them held out where the recipe has a fold."""
    people = patients.made_up(PATIENTS, SEED, SECONDS).made
    found = [beats.gather([synthesise(patient)], plan.input) for patient in people]
    fold = plan.train.fold
    held = [] if fold is None else found[fold :: len(FOLDS)]
    learnt = [part for part in found if not any(part is other for other in held)]
    title = f"{PATIENTS} made-up patients" + (f", {len(held)} of them held out" if held else "")
    return Material(joined(learnt), joined(held) if held else None, title, made_up=True)


def joined(sets: Sequence[Beats]) -> Beats:
    """Several sets of beats, one after the other."""
    starts = np.cumsum([0, *(len(part.names) for part in sets[:-1])])
    record = [part.record + start for part, start in zip(sets, starts, strict=True)]
    return Beats(
        np.concatenate([part.x for part in sets]),
        np.concatenate([part.y for part in sets]),
        np.concatenate(record),
        np.concatenate([part.position for part in sets]),
        tuple(name for part in sets for name in part.names),
        tuple(dict.fromkeys(said for part in sets for said in part.remarks)),
        all(part.known for part in sets),
    )
