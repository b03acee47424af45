"""Whose beats are looked at: records of the database by name or by part, or made-up patients."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bittrue.apps.ecg.beats import beats, database, records
from bittrue.apps.ecg.beats.beats import Beats, Input
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.records import LEAD, Record
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
    """

    title: str
    names: tuple[str, ...]
    folder: Path | None = None
    made: tuple[Patient, ...] = ()

    def beats(self, plan: Input) -> Beats:
        """All their beats as a net sees them. Raises `BadInput` as `bittrue.apps.ecg.beats.beats.load` does."""
        if self.folder is not None:
            return beats.load(self.folder, self.names, plan)
        return beats.gather([synthesise(patient) for patient in self.made], plan)

    def record(self, name: str, lead: str = LEAD) -> Record:
        """One lead of one of them. Raises `BadInput` as `bittrue.apps.ecg.beats.records.read` does."""
        if self.folder is not None:
            return records.read(self.folder, name, lead)
        return synthesise(self.made[self.names.index(name)])

    def symbol(self, record: Record, position: int) -> str:
        """The annotation at a sample as the database writes it, such as ``"L"``; a made-up beat's is its class."""
        if self.folder is None:
            return CLASSES[int(record.labels[list(record.positions).index(position)])]
        found = records.package().rdann(str(self.folder / record.name), "atr", sampfrom=position, sampto=position + 1)
        return str(found.symbol[0])

    @property
    def digest(self) -> str:
        """SHA-256 over the database's files of these records, or over what the made-up patients are made of."""
        if self.folder is not None:
            return database.digest(self.folder, self.names)
        return hashlib.sha256(repr(self.made).encode()).hexdigest()


def named(text: str, data: str | os.PathLike[str] | None = None) -> Patients:
    """Patients of the database: records and parts with commas between, such as ``"DS1"``, ``"fold-0"``, ``"101,106"``.

    Parameters
    ----------
    text : str
    data : path, optional
        Folder of the files, as `bittrue.apps.ecg.beats.database.locate` takes it.

    Raises
    ------
    BadInput
        Where a name is neither a part nor a record of the folder, or is said twice; where there is no data.
    """
    folder, found = database.locate(data), list[str]()
    for name in (word.strip() for word in text.split(",")):
        if name not in PARTS and not (folder / f"{name}.hea").is_file():
            raise BadInput(f"{name or 'nothing'} is no record of {folder} and no part; parts are {', '.join(PARTS)}")
        found += PARTS.get(name, (name,))
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise BadInput(f"record {twice[0]} is named twice in {text}; name every record once")
    return Patients(text, tuple(found), folder)


def made_up(count: int, seed: int = 0, seconds: float = SECONDS) -> Patients:
    """So many made-up patients (`bittrue.apps.ecg.beats.synthetic`); the same seed gives the same ones, and more."""
    people = tuple(Patient(seed=1000 * seed + number, seconds=seconds) for number in range(count))
    names = tuple(f"synthetic-{patient.seed}" for patient in people)
    return Patients(f"{count} made-up patients, seed {seed}", names, None, people)


def counts(beats: Beats, chosen: Sequence[int] | None = None) -> str:
    """Beats by class in words: ``N 8, S 4, V 4, F 2, Q 0``; of those that are chosen, or of all."""
    labels = beats.y if chosen is None else beats.y[list(chosen)]
    return ", ".join(f"{name} {int((labels == number).sum()):,}" for number, name in enumerate(CLASSES))
