"""The command that makes a net or a model again, as cards name it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def command(application: str, name: str, builtin: bool, folder: str | os.PathLike[str]) -> str:
    """``bittrue train APPLICATION`` by the built-in recipe ``name``, or by the recipe that lies in ``folder``."""
    recipe = name if builtin else (Path(folder) / "recipe.toml").as_posix()
    return shlex.join(["bittrue", "train", application, "--recipe", recipe, "--output", Path(folder).as_posix()])
