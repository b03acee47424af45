"""Training checkpoints: one file that holds all that a killed run needs to go on as if nothing had happened."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch

from bittrue.apps.ecg.recipe import Recipe
from bittrue.errors import BadInput
from bittrue.files import read_bytes, write_whole

VERSION = 2
State = dict[str, Any]
"""``stage``, ``floats`` (of the float stage when it ended, None within it), and what `Stage.state` gives."""


def write(path: str | os.PathLike[str], recipe: Recipe, inputs: str, state: State) -> None:
    """Write a checkpoint, whole or not at all; ``inputs`` is a digest of the training beats."""
    buffer = io.BytesIO()
    torch.save({"version": VERSION, "recipe": recipe.text, "inputs": inputs, **state}, buffer)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue())


def read(path: str | os.PathLike[str]) -> State:
    """Read a checkpoint; nothing in it is executed. Raises `BadInput` where it is not one of this version."""
    content = io.BytesIO(read_bytes(path, "the checkpoint"))
    try:
        state = torch.load(content, map_location="cpu", weights_only=True)
    except Exception as error:  # what damaged bytes raise inside the unpickler has no common type
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise BadInput(f"{path} is not a checkpoint that can be read ({reason}); remove it to train anew") from None
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise BadInput(f"{path} is not a training checkpoint of version {VERSION}; remove it to train anew")
    return state


def resume(path: str | os.PathLike[str], recipe: Recipe, inputs: str) -> State | None:
    """The checkpoint to go on from, or None where there is none.

    Raises `BadInput` where it belongs to another recipe or other data.
    """
    if not Path(path).is_file():
        return None
    state = read(path)
    for key, what, now in (("recipe", "recipe", recipe.text), ("inputs", "data", inputs)):
        if state.get(key) != now:
            raise BadInput(f"{path} was written with other {what}; remove it, or choose another output folder")
    return state
