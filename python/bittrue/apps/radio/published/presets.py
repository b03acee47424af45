"""Presets: the configurations of both stages, and for the small one the cities that they are trained on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bittrue.apps.radio.configuration import Configuration, DiffusionFile, load
from bittrue.apps.radio.making import Plan
from bittrue.apps.radio.published import run_folder
from bittrue.apps.radio.published.run import placed
from bittrue.errors import BadInput, shown
from bittrue.kit.schema import nearest

PRESETS = {"tiny": ("tiny_vae", "tiny_ldm"), "paper": ("first_radio", "radio_train_m")}
"""First stage and diffusion model by preset."""
CITIES = Plan(maps=120, transmitters=4)
"""What ``tiny`` is trained on where no data are named."""
FIRST, SECOND, MADE = "vae", "ldm", "cities"
"""Folders of a preset's output."""


def names(preset: str) -> tuple[str, str]:
    """The configurations of a preset. Raises `BadInput` for an unknown one."""
    if preset not in PRESETS:
        raise BadInput(f"preset {shown(preset)} is unknown; choose {', '.join(PRESETS)}{nearest(preset, PRESETS)}")
    return PRESETS[preset]


def first_stage(preset: str, output: Path, data: str | None) -> Configuration:
    """The first stage's configuration, in a folder of the output."""
    return placed(load(names(preset)[0]), output / FIRST, data)


def diffusion(preset: str, output: Path, data: str | None) -> Configuration:
    """The diffusion model's, which begins with the last weights of the first stage in the output."""
    found = placed(load(names(preset)[1]), output / SECOND, data)
    assert isinstance(found, DiffusionFile)
    stage = dataclasses.replace(found.model.first_stage, ckpt_path=str(run_folder.latest(output / FIRST)))
    return dataclasses.replace(found, model=dataclasses.replace(found.model, first_stage=stage))
