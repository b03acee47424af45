"""The folder of a run, ``trainer.results_folder``: what lies in it, and the files that are written while it trains."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

import bittrue
from bittrue.apps.radio.configuration import Configuration, parse
from bittrue.apps.radio.data import png
from bittrue.apps.radio.models.public_files import LARGEST
from bittrue.apps.radio.published.canonical import canonical
from bittrue.apps.radio.published.trainer import StageTrainer
from bittrue.apps.radio.yaml_text import BYTES
from bittrue.errors import BadInput
from bittrue.files import read_bytes, write_together, write_whole
from bittrue.kit.training import checkpoint
from bittrue.kit.training.keeper import Keeper

VERSION = 1
"""Of what `StageTrainer.state` holds."""
CONFIGURATION = "configuration.yaml"
"""The configuration with every key, as it was trained; it can be trained again."""
CHECKPOINT = "checkpoint.pt"
"""What a killed run goes on from."""
RUN, HISTORY, LOGS = "run.json", "history.csv", "logs"
GAP = 4
"""Black pixels between the maps of a preview."""


def milestone(number: int) -> str:
    """Name of the file of weights number ``number``, counted from 1: one every ``save_and_sample_every`` steps."""
    return f"model-{number}.pt"


def text(configuration: Configuration) -> str:
    """YAML with every key."""
    plain = json.loads(json.dumps(dataclasses.asdict(configuration)))
    return str(yaml.safe_dump(plain, sort_keys=False))


def load(folder: Path) -> Configuration:
    """The configuration that a run was trained by. Raises `BadInput` where the folder has none."""
    path = folder / CONFIGURATION
    return parse(read_bytes(path, "the configuration of the run", BYTES), str(path))


def identity(configuration: Configuration) -> str:
    """What a checkpoint is of: the configuration but for where things lie and how often they are written.

    Files of weights count by what is in them. Raises `BadInput` for one that cannot be read.
    """
    plain = json.loads(json.dumps(dataclasses.asdict(configuration)))
    plain.pop("sampler", None)
    plain = _by_content(plain)
    for section, keys in (("trainer", _FREE), ("data", ("folder", "num_workers"))):
        for key in keys:
            del plain[section][key]
    return json.dumps(plain)


def _by_content(section: dict[str, Any]) -> dict[str, Any]:
    """Names of files of weights replaced by the SHA-256 of their bytes."""
    found: dict[str, Any] = {}
    for key, value in section.items():
        found[key] = _by_content(value) if isinstance(value, dict) else value
    for key in _FILES & found.keys():
        if found[key]:
            found[key] = hashlib.sha256(read_bytes(found[key], "the file of weights", LARGEST)).hexdigest()
    return found


_FILES = {"ckpt_path", "backbone", "perceptual_backbone", "perceptual_heads"}
_FREE = ("results_folder", "checkpoint_seconds", "resume_milestone", "enable_resume", "test_before")


def latest(folder: Path) -> Path:
    """The last file of weights of a run. Raises `BadInput` where there is none."""
    numbers = [path.stem.removeprefix("model-") for path in folder.glob("model-*.pt")]
    counted = [int(number) for number in numbers if number.isdigit() and len(number) < 10]
    if not counted:
        raise BadInput(f"{folder} has no model-<n>.pt; name the results_folder of a run that was trained")
    return folder / milestone(max(counted))


def begin(folder: Path, trainer: StageTrainer, digest: str, about: dict[str, Any]) -> None:
    """Write the configuration and ``run.json``: stage, counts of parameters, data, versions."""
    found = {
        "bittrue": bittrue.__version__,
        "stage": trainer.configuration.stage,
        "side": trainer.batches.side,
        "parameters": {
            name: sum(p.numel() for p in part.parameters()) for name, part in trainer.network.named_children()
        },
        "data": str(trainer.batches.maps.root),
        "maps": {"train": len(trainer.batches.maps), "validation": len(trainer.held_out.maps), "digest": digest},
        "torch": str(torch.__version__),
        **about,
    }
    files = {CONFIGURATION: text(trainer.configuration), RUN: json.dumps(found, indent=1) + "\n"}
    write_together(folder, files, renew=True)


def save(folder: Path, trainer: StageTrainer, keeper: Keeper) -> Path:
    """Write the weights of this step and a picture; with ``enable_resume`` also what training goes on from."""
    number = -(-trainer.done // trainer.every)
    path = folder / milestone(number)
    state = trainer.state() if trainer.settings.enable_resume else trainer.weights()
    checkpoint.write(path, VERSION, keeper.recipe, keeper.inputs, canonical(state))
    write_whole(folder / f"sample-{number}.png", png.encoded(_grid(trainer.preview())), renew=True)
    return path


def history(folder: Path, trainer: StageTrainer) -> None:
    """Write the history as CSV."""
    lines = [",".join(("step", *(column.replace(" ", "_") for column in trainer.columns)))]
    lines += [",".join((str(int(row[0])), *map(repr, row[1:]))) for row in trainer.rows]
    write_whole(folder / HISTORY, "\n".join(lines) + "\n", renew=True)


def _grid(rows: torch.Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    levels = np.floor(rows.numpy() * 255 + 0.5).astype(np.uint8)
    padded = np.pad(levels, ((0, 0), (0, 0), (0, GAP), (0, GAP)))
    return np.block([list(row) for row in padded])
