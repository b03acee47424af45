"""``bittrue train ecg``: beats, float training, folding, quantisation-aware training, the integer net, its folder."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bittrue.apps.ecg import datasets, inference
from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.bundle import CHECKPOINT, FLOAT, contents
from bittrue.apps.ecg.datasets import Material
from bittrue.apps.ecg.metrics import judge
from bittrue.apps.ecg.progress import Bars
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.training_result import Trained
from bittrue.bars import shown
from bittrue.emit.folder import check_owner
from bittrue.files import made_folder, read_bytes, write_together
from bittrue.folder_lock import locked
from bittrue.kit.optional import needed
from bittrue.readers import refusing
from bittrue.readers.tensors import tensors
from bittrue.spec import Net
from bittrue.spec.store import JSON_FILE

if TYPE_CHECKING:
    from bittrue.apps.ecg.training.network import Network
    from bittrue.apps.ecg.training.stage import Report
    from bittrue.apps.ecg.training.trainer import Fitted

__all__ = ["CHECKPOINT", "FLOAT", "Trained", "reopen", "train"]

STATE = Path("checkpoint") / "state.pt"
"""What a killed run goes on from, in the folder."""

COMPARED = 10_000
"""Beats, evenly taken, on which float and integer net are compared where no patient is held out."""


def train(
    plan: Recipe,
    output: str | os.PathLike[str],
    records: str | os.PathLike[str] | None = None,
    seconds: float = 20.0,
    report: Report | None = None,
    beats: Material | None = None,
) -> Trained:
    """Train a recipe on DS1 and write the net's folder.

    A killed run goes on from ``output/checkpoint/`` when it is called again and ends in the same net; a finished one
    only judges and writes again. Remove that folder to train anew. DS2 stays closed.

    Parameters
    ----------
    plan : Recipe
        From `bittrue.apps.ecg.recipe`.
    output : path
        Folder, made if need be: net.json, weights.safetensors, kat.safetensors, float.safetensors, checkpoint.npz,
        recipe.toml, CARD.md.
    records : path, optional
        Folder of the MIT-BIH records, as `bittrue.apps.ecg.beats.database.locate` takes it.
    seconds : float
        Least time between checkpoints.
    report : callable, optional
        Bars on the terminal if not given.
    beats : Material, optional
        Instead of the records: `bittrue.apps.ecg.datasets.made_up`, or one's own.

    Raises
    ------
    BadInput
        Where PyTorch or the data is missing, another process trains there, the checkpoint is damaged or belongs to
        another recipe, the folder holds another net, or a file cannot be written.
    """
    with needed("training needs", "torch"):
        from bittrue.apps.ecg.training.trainer import Trainer, check
        from bittrue.qat import ai8x
    check_owner(Path(output), [JSON_FILE], plan.name)
    with made_folder(output) as folder, locked(folder), shown(Bars, report is None) as bars:
        check(folder / STATE, plan)
        given = beats or datasets.recorded(plan, records, bars.reading)
        fitted = Trainer(plan, given, folder / STATE, seconds, report or bars.training).run()
        net = ai8x.to_net(fitted.quantised, (len(plan.input.channels), plan.input.length), plan.name)
        trained = _judged(net, fitted, given, bars)
        write_together(folder, contents(plan, given, trained), renew=True)
    return trained


def reopen(folder: str | os.PathLike[str], plan: Recipe) -> Network:
    """The float network that `train` wrote into a folder, batch norm not folded, in evaluation mode.

    Raises `BadInput` where the file does not belong to the recipe.
    """
    import torch

    from bittrue.apps.ecg.training.network import Network

    network = Network(plan)
    path = Path(folder) / FLOAT
    with refusing(f"{path} is not a net of recipe {plan.name}: it", "train it anew"):
        stored = tensors(read_bytes(path, "the float net"), str(path))
        network.load_state_dict({name: torch.from_numpy(value) for name, value in stored.items()})
    return network.eval()


def _judged(net: Net, fitted: Fitted, beats: Material, bars: Bars) -> Trained:
    """Float before folding, folded, and the integer net by the reference, on the same beats."""
    from bittrue.apps.ecg.training.stage import answers as called
    from bittrue.qat import ai8x

    judged = beats.held or _some(beats.learnt)
    folded = copy.deepcopy(fitted.floating)
    ai8x.fold(folded)
    integer = inference.classes(inference.scores(net, judged.x, bars.judging))
    found = {"float": called(fitted.floating, judged), "folded": called(folded, judged), "integer": integer}
    verdicts = tuple((name, judge(judged.y, said)) for name, said in found.items()) if beats.held else ()
    return Trained(net, fitted, verdicts, float(np.mean(found["float"] == integer)), len(integer))


def _some(beats: Beats) -> Beats:
    chosen = np.arange(min(len(beats.y), COMPARED)) * len(beats.y) // min(len(beats.y), COMPARED)
    return Beats(beats.x[chosen], beats.y[chosen], beats.record[chosen], beats.position[chosen], beats.names)
