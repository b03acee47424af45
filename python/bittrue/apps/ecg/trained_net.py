"""A trained folder as others read it: the integer net and the recipe that says what it is fed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bittrue import spec
from bittrue.apps.ecg import inference, recipe
from bittrue.apps.ecg.recipe import Recipe
from bittrue.errors import BadInput
from bittrue.spec import Net, store

RECIPE = "recipe.toml"


@dataclass(frozen=True, eq=False)
class Folder:
    """What ``bittrue train ecg`` wrote: the integer ``net`` and its ``plan``.

    Parameters
    ----------
    path : Path
    net : Net
        Takes int8 frames ``(channels, length)`` of ``plan.input``, gives five wide scores.
    plan : Recipe
    """

    path: Path
    net: Net
    plan: Recipe


def read(folder: str | os.PathLike[str]) -> Folder:
    """Read net.json, weights.safetensors and recipe.toml of a folder.

    Raises `BadInput` where one is missing or damaged, and where the net does not take what the recipe's front end
    gives or is not of its name.
    """
    path = Path(folder)
    if path.is_dir() and not (path / store.JSON_FILE).is_file():
        raise BadInput(f"{path} holds no {store.JSON_FILE}; give the folder of a net that `bittrue train ecg` made")
    net = spec.load(path)
    inference.check(net)
    plan = recipe.load(path / RECIPE)
    wanted = (len(plan.input.channels), plan.input.length)
    if net.input.shape != wanted or net.name != plan.name:
        raise BadInput(
            f"{path} holds net {net.name} for beats of shape {net.input.shape}, and the recipe of {plan.name} for beats"
            f" of shape {wanted}; restore the folder, or train it again"
        )
    return Folder(path, net, plan)
