"""Run folders: ``Model_Results/<data set and non-default settings>/<time>/``, and what lies in one."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from bittrue.apps.noise.gan.configuration import DEFAULTS, Configuration, leaves
from bittrue.errors import BadInput
from bittrue.files import made_folder

ROOT = "Model_Results"
CONFIGURATION = "gan_train_config.json"
"""The whole dictionary, with what the model set; it can be trained again."""
RUN = "run.json"
"""The model, the dictionary as it was given, shapes, counts of parameters, the digest of the training set."""
HISTORY = "gan_training_history.csv"
CHECKPOINT = "checkpoint.pt"
GENERATED = "gen_distribution.h5"
METRICS = "metrics.json"
LOSSES, OUTPUTS = "Gan_training_loss.png", "Gan_D_output.png"
WAVEFORMS = "waveform_plots"

UNNAMED = {("checkpoint",), ("num_gpus",), ("start_gpu",), ("save_model",), ("eval_model",)}
"""Settings that change nothing of what is trained."""
LONGEST = 150
"""Most characters of a name."""


def name(configuration: Configuration) -> str:
    """The data set and the settings that are not the document's: ``FGN_FGN_fixed_H50__wavegan-True__epochs-3``.

    A name that would be longer than `LONGEST` is cut, and a digest of all of it follows.
    """
    default = leaves(DEFAULTS)
    parts = [configuration.settings.data.data_set.replace("/", "_")]
    for path, value in leaves(configuration.table).items():
        if path not in UNNAMED and path[-1] != "data_set" and value != default.get(path):
            parts.append(f"{'_'.join(path[-2:]) if path[0] == 'optim_params' else path[-1]}-{_word(value)}")
    whole = "__".join(parts)
    if len(whole) <= LONGEST:
        return whole
    return f"{whole[: LONGEST - 13]}__{hashlib.sha256(whole.encode()).hexdigest()[:10]}"


def made(configuration: Configuration, root: str | Path, now: datetime) -> Path:
    """A new folder for a run that begins ``now``; where that second has one, ``_2`` and so on are added.

    Raises `BadInput` where none can be made.
    """
    with made_folder(Path(root) / name(configuration)) as above:
        for number in range(1, 10_000):
            folder = above / (now.strftime("%Y-%m-%d_%H-%M-%S") + (f"_{number}" if number > 1 else ""))
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    raise BadInput(f"{above} has 10,000 runs of this second; choose another folder for results")


def of_checkpoint(path: str | Path) -> Path:
    """The folder of the run that the key ``checkpoint`` names: by that folder, or by the file in it.

    Raises `BadInput` where there is none.
    """
    file = Path(path) / CHECKPOINT if Path(path).is_dir() else Path(path)
    if file.name != CHECKPOINT or not file.is_file():
        raise BadInput(
            f"checkpoint is {path}, where there is no {CHECKPOINT}; name the folder of a run that was "
            f"stopped or has ended, or train anew"
        )
    return file.parent


def _word(value: Any) -> str:
    return re.sub(r"[^\w.+-]+", "-", str(value)).strip("-")
