"""Writer of sets in the public layout: signals go to disk as they are drawn, and a set appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.dataset import KEY, SCALES
from bittrue.apps.noise.processes.drawing import COUNT, TEST, TRAIN
from bittrue.errors import BadInput, shown
from bittrue.files import draft_prefix, made_folder, read_bytes
from bittrue.kit.interrupts import postponed
from bittrue.kit.optional import needed
from bittrue.limits import TEXT
from bittrue.readers import DAMAGE, json_document

Array = npt.NDArray[Any]
Step = Callable[[str, int, int], None]
SPARE = 1.02
"""Disk space that must be free, relative to what the signals take."""


class Recipe(Protocol):
    """What a set is made from."""

    @property
    def folder(self) -> str:
        """Below the folder of all sets."""

    @property
    def is_complex(self) -> bool:
        """Whether samples are I + jQ."""

    def length(self, wanted: int | None) -> int:
        """Samples of a signal, where ``wanted`` were asked for. Raises `BadInput` where that cannot be."""

    def chunks(self, count: int, length: int, seed: int, part: int) -> Iterator[tuple[Array, Array]]:
        """Labels ``(n,)`` and signals ``(n, length)``, ``count`` in all."""

    def documents(self, train: int, test: int, length: int, seed: int) -> Mapping[str, Any]:
        """Descriptions by file name."""

    def scales(self, low: float, high: float) -> Mapping[str, float]:
        """What scale_factors.json says of the smallest and the largest sample of train.h5."""


def write(
    recipe: Recipe,
    root: str | os.PathLike[str],
    train: int,
    test: int,
    length: int,
    seed: int,
    step: Step,
    *,
    overwrite: bool = False,
) -> Path:
    """Draw a set and write its folder below ``root``; gives that folder.

    The same arguments give the same signals, whatever is drawn at a time. The files are written beside their place and
    moved there at the end, in the place of the same set where that is there already.

    Parameters
    ----------
    recipe : Recipe
    root : path
    train, test : int
        Signals of train.h5 and of test.h5.
    length : int
        Samples of a signal.
    seed : int
    step : callable
        Called with what is being done, signals done and signals in all.
    overwrite : bool
        Replace a set that was made otherwise, too.

    Raises
    ------
    BadInput
        For sizes beyond the limits, a place that cannot be written or holds a set that was made otherwise, and a disk
        with too little room.
    """
    for what, count in (("--count", train), ("--test-count", test)):
        if not 1 <= count <= COUNT:
            raise BadInput(f"{what} is {count}; give 1 to {COUNT:,} signals")
    place = Path(root) / recipe.folder
    if place.exists() and not place.is_dir():
        raise BadInput(f"{place} is a file; a set is a folder: choose another -o")
    documents = recipe.documents(train, test, length, seed)
    if not overwrite:
        _check_same(place, documents)
    with made_folder(place.parent) as parent:
        _check_room(parent, (train + test) * (length + 1) * (16 if recipe.is_complex else 8))
        with tempfile.TemporaryDirectory(prefix=draft_prefix(place), dir=parent) as name:
            draft = Path(name) / "set"
            draft.mkdir()
            low, high = _signals(draft / "train.h5", recipe, train, length, seed, TRAIN, step)
            _signals(draft / "test.h5", recipe, test, length, seed, TEST, step)
            for file, content in {SCALES: recipe.scales(low, high), **documents}.items():
                (draft / file).write_text(json.dumps(content, indent=1) + "\n")
            _move(draft, place)
    return place


def _check_same(place: Path, documents: Mapping[str, Any]) -> None:
    """Raise `BadInput` where a set is there that was made with other settings, or by somebody else."""
    if not any((place / name).exists() for name in ("train.h5", "test.h5")):
        return
    why = ""
    for name, wanted in documents.items():
        try:
            found = json_document(read_bytes(place / name, "the description", TEXT), name)
            keys = [key for key in wanted if key != "written_by" and found[key] != json.loads(json.dumps(wanted[key]))]
            why = why or next((f"{key} {shown(found[key])}, not {shown(wanted[key])}" for key in keys), "")
        except DAMAGE:  # and `BadInput`, which is a ValueError
            why = why or f"a {name} that does not say how it was made"
    if why:
        raise BadInput(f"{place} holds a set with {why}; give another -o to keep it, or --overwrite to make it anew")


def _check_room(parent: Path, size: int) -> None:
    free = shutil.disk_usage(parent).free
    if size * SPARE > free:
        raise BadInput(
            f"the set takes {size / 2**30:,.1f} GiB and {parent} has {free / 2**30:,.1f} GiB left; make room"
        )


def _signals(
    path: Path, recipe: Recipe, count: int, length: int, seed: int, part: int, step: Step
) -> tuple[float, float]:
    """Write one file, and give its smallest and its largest sample."""
    with needed("sets of noise need", "h5py", extra="noise"):
        import h5py
    low, high, there = np.inf, -np.inf, 0
    kind = np.complex128 if recipe.is_complex else np.float64
    doing = f"{Path(recipe.folder).name}, {path.name}"
    step(doing, 0, count)
    with postponed() as stopped, h5py.File(path, "w") as file:  # h5py loses an interrupt in its callbacks
        array = file.create_dataset(KEY, (count, length + 1), kind)
        for labels, signals in recipe.chunks(count, length, seed, part):
            array[there : there + len(labels)] = np.concatenate([labels[:, None], signals], axis=1)
            there += len(labels)
            plain = signals.view(np.float64)
            low, high = min(low, float(plain.min())), max(high, float(plain.max()))
            step(doing, there, count)
            if stopped():
                raise KeyboardInterrupt
    return low, high


def _move(draft: Path, place: Path) -> None:
    """Put a finished folder in its place, or its files in the place of those that are there."""
    try:
        if not place.exists():
            draft.rename(place)
            return
        for file in sorted(draft.iterdir()):
            file.replace(place / file.name)
    except OSError as error:
        raise BadInput(f"cannot write {place}: {error.strerror or error}; choose another -o") from None
