"""Writer of sets in the public layout: signals go to disk as they are drawn, and a set appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.dataset import KEY, SCALES
from bittrue.apps.noise.processes.drawing import COUNT, TEST, TRAIN
from bittrue.errors import BadInput
from bittrue.files import made_folder
from bittrue.kit.optional import needed

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
    recipe: Recipe, root: str | os.PathLike[str], train: int, test: int, length: int, seed: int, step: Step
) -> Path:
    """Draw a set and write its folder below ``root``; gives that folder.

    The same arguments give the same signals, whatever is drawn at a time. The files are written beside their place and
    moved there at the end; a set that is there already is replaced then.

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

    Raises
    ------
    BadInput
        For sizes beyond the limits, a place that cannot be written, and a disk with too little room.
    """
    for what, count in (("--count", train), ("--test-count", test)):
        if not 1 <= count <= COUNT:
            raise BadInput(f"{what} is {count}; give 1 to {COUNT:,} signals")
    place = Path(root) / recipe.folder
    if place.exists() and not place.is_dir():
        raise BadInput(f"{place} is a file; a set is a folder: choose another -o")
    with made_folder(place.parent) as parent:
        _check_room(parent, (train + test) * (length + 1) * (16 if recipe.is_complex else 8))
        with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=parent) as name:
            draft = Path(name) / "set"
            draft.mkdir()
            low, high = _signals(draft / "train.h5", recipe, train, length, seed, TRAIN, step)
            _signals(draft / "test.h5", recipe, test, length, seed, TEST, step)
            documents = {SCALES: recipe.scales(low, high), **recipe.documents(train, test, length, seed)}
            for file, content in documents.items():
                (draft / file).write_text(json.dumps(content, indent=1) + "\n")
            _move(draft, place)
    return place


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
    with interruptible() as check, h5py.File(path, "w") as file:
        array = file.create_dataset(KEY, (count, length + 1), kind)
        for labels, signals in recipe.chunks(count, length, seed, part):
            array[there : there + len(labels)] = np.concatenate([labels[:, None], signals], axis=1)
            there += len(labels)
            plain = signals.view(np.float64)
            low, high = min(low, float(plain.min())), max(high, float(plain.max()))
            step(doing, there, count)
            check()
    return low, high


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """A block and a check that raises the interrupt: h5py loses one that is raised in a callback of its objects."""
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if came:  # once more: at once
            signal.default_int_handler(number, frame)
        came.append(number)

    def check() -> None:
        if came:
            raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


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
