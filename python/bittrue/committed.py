"""The nets that come with bittrue, by name: where a net is asked for, a word may stand for its folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from bittrue.places import shipped

FOLDER = "weights"
MARK = "net.json"
"""The file that makes a folder a net."""


def names() -> list[str]:
    """Names of the nets that come with this installation, sorted; a bank of several is ``tdnn-thermal/cold``."""
    root = shipped(FOLDER)
    return sorted(path.parent.relative_to(root).as_posix() for path in root.rglob(MARK))


def located(net: str | os.PathLike[str]) -> Path:
    """The folder meant by ``net``: the path itself where something is there, else the committed net of that name.

    A name is relative and stays in the folder of committed nets: ``tdnn-wide``, ``tdnn-thermal``,
    ``tdnn-thermal/cold``. What is neither a path nor a name comes back as it is, for the reader to refuse.
    """
    path, parts = Path(net), PurePath(net).parts
    if path.exists() or not parts or path.is_absolute() or ".." in parts or "\0" in str(net):
        return path
    folder = shipped(FOLDER) / path
    return folder if folder.is_dir() else path
