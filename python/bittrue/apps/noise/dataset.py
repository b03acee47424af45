"""Sets of noise on disk, in the public layout: a folder with train.h5, test.h5 and descriptions in JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.dataset_hdf5 import Array, Stored, stored
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.limits import TEXT
from bittrue.readers import json_document

KEY = "train"
"""Name of the array, in train.h5 and in test.h5 alike."""
GENERATED, GENERATED_KEY = "gen_distribution.h5", "test"
"""File that a trained generator's signals are in, without labels, and the name of its array."""
PARAMETERS, OFDM = "noise_params.json", "ofdm_cls.json"
SCALES, SECTIONS = "scale_factors.json", "sos_coeffs.json"
ROOT = "Datasets"
"""Folder of all sets, where none is named."""
PIECE = 1 << 24
"""Bytes that are read at a time."""
Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """The signals of one file, column 0 of which holds labels; read when they are asked for.

    Parameters
    ----------
    array : Stored
    labelled : bool
        False where there is no column of labels.
    """

    array: Stored
    labelled: bool = True

    @property
    def count(self) -> int:
        """Number of signals."""
        return self.array.shape[0]

    @property
    def length(self) -> int:
        """Samples of a signal."""
        return self.array.shape[1] - self.labelled

    @property
    def is_complex(self) -> bool:
        """Whether samples are I + jQ."""
        return self.array.dtype.kind == "c"

    def labels(self) -> Real:
        """Column 0 of all signals, float64 ``(N,)``; zeros where there is none. Raises `BadInput` as `signals` does."""
        if not self.labelled:
            return np.zeros(self.count)
        return np.concatenate([np.real(rows[:, 0]).astype(np.float64) for rows in self._pieces()])

    def signals(self, first: int = 0, count: int | None = None) -> Array:
        """Signals ``first`` to ``first + count - 1``, all after ``first`` where no count is given: ``(n, length)``.

        Float64 or complex128. Raises `BadInput` where they are not there, not finite, or more than memory may hold.
        """
        rows = self.array.rows(first, max(self.count - first, 0) if count is None else count)
        wide = np.complex128 if self.is_complex else np.float64
        return rows[:, int(self.labelled) :].astype(wide)

    def pieces(self) -> Iterator[tuple[Real, Array]]:
        """Labels and signals, `PIECE` bytes at a time."""
        for rows in self._pieces():
            labels = np.real(rows[:, 0]).astype(np.float64) if self.labelled else np.zeros(len(rows))
            yield labels, rows[:, int(self.labelled) :]

    def _pieces(self) -> Iterator[Array]:
        return self.array.pieces(max(PIECE // (self.array.shape[1] * self.array.dtype.itemsize), 1))


@dataclass(frozen=True)
class NoiseSet:
    """A folder of the public layout.

    Parameters
    ----------
    folder : Path
    train, test : Part
    parameters : mapping
        What noise_params.json or ofdm_cls.json says, empty where there is neither.
    """

    folder: Path
    train: Part
    test: Part
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_ofdm(self) -> bool:
        """Whether its description is that of an OFDM set."""
        return "num_subcarriers" in self.parameters


def opened(folder: str | os.PathLike[str]) -> NoiseSet:
    """The set in a folder; signals stay on disk until they are asked for.

    Raises
    ------
    BadInput
        Where a file is missing, truncated or of another kind, signals of the two files differ in length or type, a
        signal has no sample, or a description is no JSON object.
    """
    path = Path(folder)
    if not path.is_dir():
        raise BadInput(f"there is no set of noise {path}; make it with bittrue noise make, or check the path")
    train, test = (Part(stored(path / name, KEY)) for name in ("train.h5", "test.h5"))
    if train.length < 1:
        raise BadInput(f"{train.array.path} has one column; the first holds labels, samples must follow")
    if (train.length, train.is_complex) != (test.length, test.is_complex):
        raise BadInput(
            f"{path} holds signals of {train.length:,} {_kind(train)} samples in train.h5 and of {test.length:,} "
            f"{_kind(test)} ones in test.h5; write both again"
        )
    return NoiseSet(path, train, test, description(path))


def description(folder: Path) -> Mapping[str, Any]:
    """The JSON object beside the signals, empty where there is none. Raises `BadInput` where it is none."""
    for name in (PARAMETERS, OFDM):
        if (folder / name).exists():
            found = json_document(read_bytes(folder / name, "the description", TEXT), str(folder / name))
            if not isinstance(found, dict):
                raise BadInput(f"{folder / name} is no JSON object; restore it")
            return found
    return {}


def generated(path: str | os.PathLike[str], length: int) -> Part:
    """The signals that a generator wrote, of ``length`` samples each; a first column of labels is told by the width.

    Raises `BadInput` as `bittrue.apps.noise.dataset_hdf5.stored` does, and for signals of another length.
    """
    array = stored(path, GENERATED_KEY)
    if array.shape[1] not in (length, length + 1):
        raise BadInput(
            f"{path} holds signals of {array.shape[1]:,} samples, and those of its target have {length:,}; give the "
            "target that it was trained on"
        )
    return Part(array, labelled=array.shape[1] == length + 1)


def _kind(part: Part) -> str:
    return "complex" if part.is_complex else "real"
