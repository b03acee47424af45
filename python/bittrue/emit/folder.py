"""Printed files go to a folder together, and a folder's files of one name are of one net."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bittrue.errors import BadInput
from bittrue.files import write_together
from bittrue.spec.store import JSON_FILE

_OWNER = re.compile(rb'\b[Nn]et ([A-Za-z][\w-]*)[ ,\n]|"net": "([^"]+)"')
_NET = re.compile(rb'"name": "([^"]+)"()')
"""How net.json begins: its first name is the net's."""

_HEAD = 512
"""Bytes at the beginning of a printed file in which it names its net."""


def write_folder(folder: str | os.PathLike[str], files: Mapping[str, str], net: str) -> list[Path]:
    """Write all files printed of the net of that name into ``folder``, which is made if need be; return their paths.

    Raises `BadInput` where the folder cannot be made or written, or holds a file of these names that is of another net
    (`check_owner`); then no file has changed.
    """
    folder = Path(folder)
    check_owner(folder, files, net)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make folder {folder}: {error.strerror or error}; choose another") from None
    write_together(folder, files)
    return [folder / name for name in files]


def check_owner(folder: Path, names: Iterable[str], net: str) -> None:
    """Raise `BadInput` where a file of one of ``names`` in ``folder`` says that it was printed of another net.

    Module names are lower case with ``_`` for ``-``, and every net's address map has one name, as has net.json itself:
    without this, the files of ``My-Net`` and ``my_net``, or two nets, would replace each other.
    """
    for name in names:
        path = folder / name
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            found = (_NET if path.name == JSON_FILE else _OWNER).search(stream.read(_HEAD))
        owner = (found[1] or found[2]).decode(errors="replace") if found else net
        if owner != net:
            raise BadInput(f"{path} is of net {owner}, and net {net} would replace it; choose another folder")
