"""Printed files go to a folder together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bittrue.errors import BadInput
from bittrue.files import write_together


def write_folder(folder: str | os.PathLike[str], files: Mapping[str, str]) -> list[Path]:
    """Write all files into ``folder``, which is made if need be, and return their paths.

    Raises `BadInput` where the folder cannot be made or written; then no file has changed.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make folder {folder}: {error.strerror or error}; choose another") from None
    write_together(folder, files)
    return [folder / name for name in files]
