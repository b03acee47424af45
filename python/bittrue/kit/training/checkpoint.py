"""Training checkpoints: one file that holds all that a killed run needs to go on as if nothing had happened."""

from __future__ import annotations

import io
import os
import pickletools
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from bittrue.errors import BadInput
from bittrue.files import read_bytes, write_whole
from bittrue.limits import FILE
from bittrue.readers import refusing

State = dict[str, Any]

TUPLES = 1 << 14
"""Tuples in a checkpoint at most: some tens of thousands inside each other overflow the stack of Python itself."""

AGAIN = "remove it to train anew, or choose another output folder"


def write(path: str | os.PathLike[str], version: int, recipe: str, inputs: str, state: State) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    path : path
        In a folder that is made if need be.
    version : int
        Of what ``state`` holds.
    recipe, inputs : str
        The recipe's text, and a digest of the data: whose checkpoint this is.
    state : dict
        Tensors, numbers, text, and lists and dictionaries of them.
    """
    buffer = io.BytesIO()
    torch.save({"version": version, "recipe": recipe, "inputs": inputs, **state}, buffer)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue(), renew=True)


def read(path: str | os.PathLike[str], version: int, fix: str = AGAIN, limit: int = FILE) -> State:
    """Read a checkpoint of at most ``limit`` bytes; nothing in it is executed.

    PyTorch does not look at the checksums of its archives: here every byte is compared with them, so that a damaged
    file is refused and not trained on. Raises `BadInput`, with the advice ``fix``, where it is no checkpoint of this
    version.
    """
    state = content(path, fix, limit)
    found = state.get("version") if isinstance(state, dict) else None
    if type(found) is not int or found != version:
        raise BadInput(f"{path} is not a training checkpoint of version {version} of this application; {fix}")
    return dict(state)


def content(path: str | os.PathLike[str], fix: str = AGAIN, limit: int = FILE) -> Any:
    """What any file of ``torch.save`` holds: tensors and plain values. Raises `BadInput` as `read` does."""
    data = read_bytes(path, "the checkpoint", limit)
    with refusing(f"the checkpoint {path}", fix):
        _check_archive(data)
        try:
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except (UnpicklingError, AssertionError) as error:
            raise ValueError((str(error).splitlines() or [""])[0]) from None


def resume(
    path: str | os.PathLike[str], version: int, recipe: str, inputs: str | None = None, limit: int = FILE
) -> State | None:
    """The checkpoint to go on from, or None where there is none.

    ``inputs`` is None before the data has been read, which is late: the recipe is compared before. Raises `BadInput`
    where the file is no checkpoint, or belongs to another recipe or other data.
    """
    if not os.path.lexists(path):
        return None
    state = read(path, version, limit=limit)
    for key, what, now in (("recipe", "another recipe", recipe), ("inputs", "another capture or other data", inputs)):
        found = state.get(key)
        if now is not None and not (isinstance(found, str) and found == now):
            raise BadInput(f"{path} was written with {what}; {AGAIN}")
    return dict(state)


@contextmanager
def fitting(path: str | os.PathLike[str], fix: str = AGAIN) -> Iterator[None]:
    """A block that takes a state apart: where something is missing or of another shape, `BadInput` names the file."""
    with refusing(f"the checkpoint {path} does not hold what its recipe describes: it", fix):
        yield


def _check_archive(content: bytes) -> None:
    """Raises where bytes are no archive of ``torch.save``, or not those that were written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("it is compressed")
        programs = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(programs) != 1:
            raise ValueError("it is no archive of torch.save")
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is damaged")
        if _tuples(archive.read(programs[0])) > TUPLES:
            raise ValueError(f"it holds more than {TUPLES:,} tuples")


def _tuples(program: bytes) -> int:
    return sum("TUPLE" in operation.name for operation, _, _ in pickletools.genops(program))
