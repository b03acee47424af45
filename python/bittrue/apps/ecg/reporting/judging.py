"""Finished nets on patients that no training saw: the integer net by the reference, and its float parent beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg import inference, patients, trained_net
from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.beats.split import parts
from bittrue.apps.ecg.metrics import Verdict, judge, spread
from bittrue.apps.ecg.patients import Patients
from bittrue.apps.ecg.size import Size, size_of
from bittrue.apps.ecg.trained_net import Folder
from bittrue.errors import BadInput
from bittrue.spec.store import content_hash

Codes = npt.NDArray[np.int64]
Step = Callable[[str, int, int], None]
"""Called with what is being done, steps done and steps in all; 0 where nobody knows."""

TEST, HELD_OUT, MADE_UP = CHOICES = ("DS2", "held-out", "synthetic")
"""Whom a net may be judged on: the test half, the patients of its recipe's fold, or people who do not exist."""

MADE_UP_COUNT = 12
"""Made-up patients of a judgement."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One net and its answers.

    Parameters
    ----------
    folder : Folder
    patients : Patients
    beats : Beats
        Theirs, as this net sees them.
    answers : int64 array (beats,)
        Of the integer net, by `bittrue.ref`.
    floats : int64 array (beats,), optional
        Of its float parent, batch norm not yet folded.
    missing : str
        Why there is no float parent.
    """

    folder: Folder
    patients: Patients
    beats: Beats
    answers: Codes
    floats: Codes | None
    missing: str = ""

    @cached_property
    def verdict(self) -> Verdict:
        """On the integer net."""
        return judge(self.beats.y, self.answers)

    @cached_property
    def float_verdict(self) -> Verdict | None:
        """On its float parent."""
        return None if self.floats is None else judge(self.beats.y, self.floats)

    @cached_property
    def spread(self) -> dict[str, tuple[float, float]]:
        """What the integer net's figures are uncertain by: `bittrue.apps.ecg.metrics.spread`, by patient."""
        return spread(self.beats.y, self.answers, self.beats.record)

    @cached_property
    def hash(self) -> str:
        """Of the integer net."""
        return content_hash(self.folder.net)

    @property
    def size(self) -> Size:
        """Of the integer net."""
        return size_of(self.folder.net)


def whom(found: Folder, choice: str, data: str | os.PathLike[str] | None) -> Patients:
    """The patients that a net is judged on by a choice of `CHOICES`.

    Raises `BadInput` for another choice, a recipe without a fold where the held-out patients are asked for, and where
    there is no data.
    """
    if choice == TEST:
        return replace(patients.named(TEST, data), title="DS2, the test patients")
    if choice == MADE_UP:
        return patients.made_up(MADE_UP_COUNT)
    if choice != HELD_OUT:
        raise BadInput(f"patients {choice!r} are unknown; choose {', '.join(CHOICES)}")
    fold = found.plan.train.fold
    if fold is None:
        raise BadInput(
            f"{found.path} was trained on all of DS1, no patient is held out; judge it on DS2, or train with train.fold"
        )
    return replace(patients.named(",".join(parts(fold)[1]), data), title=f"fold {fold} of DS1, held out in training")


def judged(path: str | os.PathLike[str], choice: str, data: str | os.PathLike[str] | None, step: Step) -> Judged:
    """Judge the net of a folder.

    Raises `BadInput` where the folder or a file of it is no trained ECG net, and as `whom` does.
    """
    found = trained_net.read(path)
    people = whom(found, choice, data)
    step(f"reading the beats of {people.title}", 0, 0)
    beats = people.beats(found.plan.input)
    name = f"{found.net.name} in {found.path}"
    scores = inference.scores(found.net, beats.x, lambda done, total: step(f"{name}: beats answered", done, total))
    floats, missing = _floats(found, beats)
    return Judged(found, people, beats, inference.classes(scores), floats, missing)


def _floats(found: Folder, beats: Beats) -> tuple[Codes | None, str]:
    """Answers of the float parent, or why there are none."""
    try:
        from bittrue.apps.ecg import train
        from bittrue.apps.ecg.training import trainer
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "rich"):
            raise
        return None, f"{error.name} is not installed"
    if not (found.path / train.FLOAT).is_file():
        return None, f"there is no {found.path / train.FLOAT}"
    return trainer.answers(train.reopen(found.path, found.plan), beats), ""


def labels(nets: Sequence[Judged]) -> list[str]:
    """A name for every net: with its seed where others have that name too, with its folder where that is not enough."""
    names = [net.folder.net.name for net in nets]
    seeded = [
        f"{name}, seed {net.folder.plan.train.seed}" if names.count(name) > 1 else name
        for name, net in zip(names, nets, strict=True)
    ]
    return [
        f"{name} ({net.folder.path})" if seeded.count(name) > 1 else name
        for name, net in zip(seeded, nets, strict=True)
    ]


def seeds(nets: Sequence[Judged]) -> list[list[int]]:
    """Which nets, by index, differ in nothing but the seed and the name: one recipe trained several times."""
    groups: list[tuple[object, list[int]]] = []
    for index, net in enumerate(nets):
        plan = net.folder.plan
        key = (replace(plan, name="any", train=replace(plan.train, seed=0)), net.patients.names)
        for known, members in groups:
            if known == key:
                members.append(index)
                break
        else:
            groups.append((key, [index]))
    return [members for _, members in groups if len(members) > 1]


def check_paths(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Raises `BadInput`, before any work, where a folder is named twice."""
    real = [Path(path).resolve() for path in paths]
    twice = next((path for path in real if real.count(path) > 1), None)
    if twice is not None:
        raise BadInput(f"{twice} is named twice; name every net once")
