"""Signals of a data set as the training takes them, from folders of the public layout."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.dataset import NoiseSet, Part, opened
from bittrue.errors import BadInput
from bittrue.limits import take

PARTS = TRAIN, TEST = "train", "test"


@dataclass(frozen=True, eq=False)
class Signals:
    """Signals ``x`` ``(N, L)``, float32 or complex64, and a ``digest`` of the samples."""

    x: npt.NDArray[Any]
    digest: str

    @property
    def is_complex(self) -> bool:
        """Whether samples have two parts."""
        return bool(np.iscomplexobj(self.x))


def read(root: str | Path, data_set: str, part: str, most: int = 0) -> Signals:
    """The first ``most`` signals of a part, ``train`` or ``test``; 0 for all.

    Raises `BadInput` as `bittrue.apps.noise.dataset.opened` does, for samples that are not finite in float32 either,
    and where they would take too much memory.
    """
    found = _part(opened(Path(root) / data_set), part)
    count, kind = min(found.count, most or found.count), np.complex64 if found.is_complex else np.float32
    take(count * found.length * np.dtype(kind).itemsize, f"the signals of {found.array.path}")
    x, done = np.empty((count, found.length), kind), 0
    for _, rows in found.pieces():
        with np.errstate(over="ignore"):
            x[done : done + len(rows)] = rows[: count - done]
        if not np.isfinite(x[done : done + len(rows)]).all():
            raise BadInput(f"{found.array.path} holds samples beyond float32 (3.4e38); scale them down")
        done += len(rows)
        if done >= count:
            break
    return Signals(x, hashlib.sha256(x.tobytes()).hexdigest())


def shape(root: str | Path, data_set: str) -> tuple[int, bool]:
    """Samples of a signal, and whether they are complex. Raises `BadInput` as `read` does."""
    found = opened(Path(root) / data_set).train
    return found.length, found.is_complex


def _part(found: NoiseSet, part: str) -> Part:
    return found.test if part == TEST else found.train
