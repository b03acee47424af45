"""What a report is given: folders of generators' runs, and files of generated samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise import dataset
from bittrue.apps.noise.dataset_hdf5 import stored
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.limits import TEXT
from bittrue.readers import json_document, npy

Array = npt.NDArray[Any]
CONFIGURATION = "gan_train_config.json"
"""File of a run's folder that names the set it was trained on."""


@dataclass(frozen=True)
class Run:
    """A generator's output: its file, what it is called on the page, and the name of its target."""

    path: Path
    name: str
    target: str


def runs(paths: Sequence[str], targets: Sequence[str]) -> list[Run]:
    """The runs that paths mean.

    Parameters
    ----------
    paths : sequence of str
        Folders that hold gen_distribution.h5 and gan_train_config.json, and .npy files of samples ``(N, L)``.
    targets : sequence of str
        Names of targets, for the paths that say none themselves in their order; one is for all of them.

    Raises
    ------
    BadInput
        For a path that is neither, a run that names no target, and more or fewer targets than are needed.
    """
    found, silent = [], []
    for text in paths:
        path = Path(text)
        if path.is_dir():
            file, said = path / dataset.GENERATED, configured(path)
            if not file.is_file():
                raise BadInput(
                    f"{path} has no {dataset.GENERATED}; give the folder of a run, or a .npy file of samples"
                )
        elif path.suffix.lower() in (".npy", ".h5") and path.is_file():
            file, said = path, ""
        else:
            raise BadInput(f"{path} is no folder of a run and no .npy or .h5 file of samples; check the path")
        found.append((file, _label(path), said))
        silent += [] if said else [str(path)]
    wanted = list(targets) * len(silent) if len(targets) == 1 else list(targets)
    if silent and not targets:
        raise BadInput(f"{silent[0]} does not say what it imitates; name that set with --target, FGN/FGN_fixed_H70 say")
    if len(wanted) != len(silent):
        raise BadInput(
            f"--target names {len(targets)} sets for {len(silent)} files that say none themselves; name one, or as many"
        )
    return [Run(file, name, said or wanted.pop(0)) for file, name, said in found]


def configured(folder: Path) -> str:
    """The name of the set that a run was trained on; nothing where its folder has no configuration."""
    path = folder / CONFIGURATION
    if not path.exists():
        return ""
    table: Any = json_document(read_bytes(path, "the configuration", TEXT), str(path))
    for key in ("dataloader_specs", "dataset_specs", "data_set"):
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, str) or not table.strip("/"):
        raise BadInput(f"{path} names no set in dataloader_specs, dataset_specs, data_set; it says {shown(table)}")
    if ".." in Path(table).parts or Path(table).is_absolute():
        raise BadInput(f"{path} names the set {shown(table)}; a name lies below the folder of all sets")
    return table.strip("/")


def samples(run: Run, count: int, length: int) -> Array:
    """The first ``count`` signals of a run: float64 or complex128 ``(n, length)``.

    Raises `BadInput` where they have another length, are not finite, or the file is damaged.
    """
    if run.path.suffix.lower() == ".h5":
        part = dataset.generated(run.path, length)
        return part.signals(0, min(count, part.count))
    array = npy(read_bytes(run.path, "the samples"), str(run.path))
    parts = array.shape[1] if array.ndim == 3 else 1
    if array.dtype.kind not in "fciu" or array.ndim not in (2, 3) or array.shape[-1] != length or parts not in (1, 2):
        raise BadInput(
            f"{run.path} holds {array.dtype} of shape {shown(array.shape)}; give numbers (N, {length:,}) like its "
            f"target's, or I and Q as (N, 2, {length:,})"
        )
    if not np.isfinite(array[:count]).all():
        raise BadInput(f"{run.path} holds NaN or infinity; give what the generator made")
    wide = array[:count].astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if wide.ndim == 3:
        return wide[:, 0] + 1j * wide[:, 1] if parts == 2 else wide[:, 0]
    return wide


def length_of(run: Run) -> int | None:
    """Samples of a signal of a file, where that can be told. Raises `BadInput` for a file that cannot be read."""
    if run.path.suffix.lower() != ".npy":
        return stored(run.path, dataset.GENERATED_KEY).shape[1]
    array = npy(read_bytes(run.path, "the samples"), str(run.path))
    return int(array.shape[-1]) if array.ndim in (2, 3) else None


def _label(path: Path) -> str:
    """A folder of a run is called by the time that it is named after, behind what it lies in."""
    stem = path.stem if path.is_file() else path.name
    return f"{path.parent.name}/{stem}" if path.is_dir() and path.parent.name else stem
