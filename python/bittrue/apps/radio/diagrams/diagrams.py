"""``bittrue radio diagrams``: the eight pictures of a configuration, written as PNG and SVG."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bittrue.apps.radio import configuration
from bittrue.apps.radio.diagrams import curves, flows, networks
from bittrue.apps.radio.diagrams.drawing import Sheet
from bittrue.apps.radio.diagrams.subject import Subject, subject
from bittrue.bars import Step
from bittrue.files import made_folder, write_together

PICTURES: dict[str, Callable[[Subject], Sheet]] = {
    "architecture": networks.architecture,
    "training_flow": flows.training_flow,
    "vae_architecture": networks.vae_architecture,
    "unet_architecture": networks.unet_architecture,
    "learning_rate": curves.learning_rate,
    "data_pipeline": flows.data_pipeline,
    "training_process": flows.training_process,
    "loss_components": curves.loss_components,
}
"""By the names of their files."""


def draw(
    source: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    step: Step = lambda doing, done, total: None,
) -> list[Path]:
    """Draw all pictures of a configuration into a folder, and return the files, two a picture.

    Raises `BadInput` for a wrong configuration and where nothing can be written; all files are written, or none.
    """
    of = subject(configuration.load(source), Path(source).name)
    files: dict[str, bytes] = {}
    for done, (name, picture) in enumerate(PICTURES.items()):
        step(name, done, len(PICTURES))
        sheet = picture(of)
        files |= {f"{name}.png": sheet.png(), f"{name}.svg": sheet.svg()}
    with made_folder(folder) as root:
        write_together(root, files)
    return [Path(folder) / name for name in files]
