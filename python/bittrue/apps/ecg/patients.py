"""Patients whose beats are looked at: records of the database by name or by part, or made-up ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bittrue.apps.ecg.beats import beats, database, records
from bittrue.apps.ecg.beats.beats import Beats, Input
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.leads import LEAD
from bittrue.apps.ecg.beats.records import ANNOTATOR, Record, check_name
from bittrue.apps.ecg.beats.split import DS1, DS2, FOLDS
from bittrue.apps.ecg.beats.synthetic import Patient, synthesise
from bittrue.errors import BadInput

PARTS = {"DS1": DS1, "DS2": DS2} | {f"fold-{number}": names for number, names in enumerate(FOLDS)}
"""Records by the name of the part: the halves of the split, and the folds of DS1."""

SECONDS = 60.0
"""Length of a made-up patient's record."""


@dataclass(frozen=True)
class Patients:
    """Some patients, and where their recordings are.

    Parameters
    ----------
    title : str
        Who they are, for tables and captions.
    names : tuple of str
        Records, one a patient.
    folder : Path, optional
        Of the database's files; None where the patients are made up.
    made : tuple of Patient
        The made-up ones.
    annotator : str, optional
        Ending of the annotation files; None where a detector is to find the beats.
    """

    title: str
    names: tuple[str, ...]
    folder: Path | None = None
    made: tuple[Patient, ...] = ()
    annotator: str | None = ANNOTATOR

    def beats(self, plan: Input) -> Beats:
        """All their beats as a net sees them. Raises `BadInput` as `bittrue.apps.ecg.beats.beats.load` does."""
        if self.folder is not None:
            return beats.load(self.folder, self.names, plan, annotator=self.annotator)
        return beats.gather([synthesise(patient) for patient in self.made], plan)

    def record(self, name: str, lead: str = LEAD) -> Record:
        """One lead of one of them. Raises `BadInput` as `bittrue.apps.ecg.beats.records.read` does."""
        if self.folder is not None:
            return records.read(self.folder, name, lead, self.annotator)
        return synthesise(self.made[self.names.index(name)])

    def symbol(self, record: Record, position: int) -> str:
        """The annotation at a sample as the database writes it, such as ``"L"``; where there is none, its class."""
        at = int(np.searchsorted(record.positions, position))
        return record.symbols[at] if record.symbols else CLASSES[int(record.labels[at])]

    @property
    def digest(self) -> str:
        """SHA-256 over the database's files of these records, or over what the made-up patients are made of."""
        if self.folder is not None:
            return database.digest(self.folder, self.names, self.annotator)
        return hashlib.sha256(repr(self.made).encode()).hexdigest()

    @property
    def foreign(self) -> bool:
        """Whether they are recordings, and not those of the MIT-BIH Arrhythmia Database byte by byte."""
        return self.folder is not None and not database.published(self.folder, self.names)


def named(text: str, data: str | os.PathLike[str] | None = None, annotator: str | None = ANNOTATOR) -> Patients:
    """Patients of the database: records and parts with commas between, such as ``"DS1"``, ``"fold-0"``, ``"101,106"``.

    Parameters
    ----------
    text : str
    data : path, optional
        Folder of the files, as `bittrue.apps.ecg.beats.database.locate` takes it.
    annotator : str, optional
        Ending of the annotation files; None where a detector is to find the beats.

    Raises
    ------
    BadInput
        Where a name is neither a part nor a record of the folder, or is said twice; where there is no data.
    """
    folder, found = database.locate(data), list[str]()
    for name in (word.strip() for word in text.split(",")):
        if name not in PARTS and not _there(folder, name):
            others = ", ".join(sorted(path.stem for path in folder.glob("*.hea"))[:12])
            raise BadInput(
                f"{name or 'nothing'} is no record of {folder}, which has {others or 'none'}, and no part; parts are"
                f" {', '.join(PARTS)}"
            )
        found += PARTS.get(name, (name,))
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise BadInput(f"record {twice[0]} is named twice in {text}; name every record once")
    return Patients(text, tuple(found), folder, annotator=annotator)


def _there(folder: Path, name: str) -> bool:
    """Whether a folder has a record. Raises `BadInput` for a name that none can have."""
    if not name:
        return False
    check_name(name)
    return (folder / f"{name}.hea").is_file()


def made_up(count: int, seed: int = 0, seconds: float = SECONDS) -> Patients:
    """So many made-up patients (`bittrue.apps.ecg.beats.synthetic`); the same seed gives the same ones, and more."""
    people = tuple(Patient(seed=1000 * seed + number, seconds=seconds) for number in range(count))
    names = tuple(f"synthetic-{patient.seed}" for patient in people)
    return Patients(f"{count} made-up patients, seed {seed}", names, None, people)


def numbers(beats: Beats, chosen: Sequence[int] | None = None) -> dict[str, int]:
    """Beats by class; of those that are chosen, or of all."""
    labels = beats.y if chosen is None else beats.y[list(chosen)]
    return {name: int((labels == number).sum()) for number, name in enumerate(CLASSES)}


def counts(beats: Beats, chosen: Sequence[int] | None = None) -> str:
    """`numbers` in words: ``N 8, S 4, V 4, F 2, Q 0``."""
    return ", ".join(f"{name} {number:,}" for name, number in numbers(beats, chosen).items())
