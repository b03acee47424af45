"""The folder of a net while the net is trained in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bittrue.emit.folder import check_owner
from bittrue.files import made_folder, write_whole
from bittrue.folder_lock import locked
from bittrue.kit.training import checkpoint
from bittrue.kit.training.two_stages import VERSION
from bittrue.spec.store import JSON_FILE

RECIPE, LOGS = "recipe.toml", Path("logs")
STATE = Path("checkpoint") / "state.pt"
"""What a killed run goes on from."""


@contextmanager
def trained_in(output: str | os.PathLike[str], name: str, text: str) -> Iterator[Path]:
    """The folder, made if need be, for this process alone and with the recipe in it.

    Parameters
    ----------
    output : path
    name : str
        Of the net.
    text : str
        Of the recipe.

    Raises `BadInput` where the folder holds another net, another process trains there, or the checkpoint is damaged or
    of another recipe.
    """
    check_owner(Path(output), [JSON_FILE], name)
    with made_folder(output) as folder, locked(folder):
        checkpoint.resume(folder / STATE, VERSION, text)
        write_whole(folder / RECIPE, text, renew=True)
        yield folder
