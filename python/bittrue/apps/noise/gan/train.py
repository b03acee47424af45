"""Training of one configuration: from the data set to a run folder with everything in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bittrue.apps.noise.gan import data, evaluation, generation, plots, resuming, run_folder
from bittrue.apps.noise.gan.configuration import Configuration
from bittrue.apps.noise.gan.plan import Plan, plan
from bittrue.apps.noise.gan.trainer import COLUMNS, Trainer
from bittrue.apps.noise.gan.transform import FILE, Transform
from bittrue.files import write_together, write_whole
from bittrue.folder_lock import locked
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.log import Log
from bittrue.kit.training.loop import Losses
from bittrue.kit.training.threads import one_thread

Step = Callable[[str, int, int], None]
Array = npt.NDArray[Any]
SECONDS = 60.0
"""Least time between two checkpoints."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a run.

    Attributes
    ----------
    folder : Path or None
        None where ``save_model`` is off.
    parameters : (int, int)
        Of generator and critic.
    history : array (steps, 6)
        Columns as `bittrue.apps.noise.gan.trainer.COLUMNS`.
    metrics : dict
        Empty where ``eval_model`` is off.
    """

    folder: Path | None
    plan: Plan
    parameters: tuple[int, int]
    history: npt.NDArray[np.float64]
    metrics: dict[str, Any] = field(default_factory=dict)


def folder_for(configuration: Configuration, root: str | Path, team: Team) -> Path | None:
    """Where a run writes: the folder of its checkpoint, a new one, or none where ``save_model`` is off.

    Only the process that leads makes one.
    """
    settings = configuration.settings
    if settings.checkpoint:
        return run_folder.of_checkpoint(settings.checkpoint)
    if not settings.save_model or not team.leads:
        return None
    return run_folder.made(configuration, root, datetime.now())


def train(
    configuration: Configuration,
    datasets: str | Path,
    folder: Path | None,
    step: Step = lambda doing, done, total: None,
    seconds: float = SECONDS,
    team: Team | None = None,
) -> Trained:
    """Train to the end; a folder with a checkpoint goes on from it and ends in the same files, bit for bit.

    Parameters
    ----------
    configuration : Configuration
    datasets : path
        Folder of the data sets.
    folder : Path or None
        Of the run; nothing is written without one.
    step : callable
        Called with what is being done, and how much of it is.
    seconds : float
        Least time between two checkpoints.
    team : Team, optional
        The processes that train together.

    Raises
    ------
    BadInput
        For data that cannot be used, shapes that do not fit, a checkpoint of something else, losses that are no finite
        numbers, and a folder in which another process works.
    """
    team = team or Team.gather()
    trainer, transform, digest = _prepared(configuration, datasets, step, team)
    saved = folder / run_folder.CHECKPOINT if folder else None
    if saved is not None and saved.is_file():
        resuming.go_on(trainer, saved, digest)
    keeper = resuming.keeper(trainer.plan, digest, saved, seconds, team.leads)
    writes = folder if team.leads else None
    log = Log(writes / "logs" if writes else None)
    step("training", trainer.done, trainer.total)

    def told(found: Losses) -> None:
        step(f"epoch {-(-trainer.done // trainer.every)}", trainer.done, trainer.total)
        means = {key.removeprefix("epoch "): value for key, value in found.items() if key.startswith("epoch ")}
        if means:
            log.scalars("gan", trainer.done // trainer.every, means)

    metrics: dict[str, Any] = {}
    going_on = f"bittrue train noise --resume {writes} goes on from its last step"
    with locked(writes, going_on) if writes else nullcontext(), one_thread(), closing(log):
        if writes:
            _begin(writes, configuration, trainer, transform, digest)
        trainer.run(lambda last: keeper.save(trainer.state, last), told)
        if writes:
            metrics = _end(writes, trainer, transform, datasets, step)
    counts = _count(trainer.generator), _count(trainer.critic)
    return Trained(folder, trainer.plan, counts, np.array(trainer.rows).reshape(-1, len(COLUMNS)), metrics)


def _prepared(
    configuration: Configuration, datasets: str | Path, step: Step, team: Team
) -> tuple[Trainer, Transform, str]:
    """A trainer on the data set, what its nets see, and the digest of the set."""
    step("reading the data set", 0, 0)
    wanted = configuration.settings.data
    signals = data.read(datasets, wanted.data_set, data.TRAIN, wanted.num_samples)
    made = plan(configuration, signals.x.shape[1], signals.is_complex)
    step("transforming the data set", 0, 0)
    transform, values = Transform.fitted(made, signals.x)
    return Trainer(made, torch.from_numpy(values), transform.limit, team), transform, signals.digest


def _begin(folder: Path, given: Configuration, trainer: Trainer, transform: Transform, digest: str) -> None:
    made = trainer.plan
    about = {
        "model": made.model,
        "set_by_the_model": list(made.changed),
        "given": given.given,
        "signal": {"length": made.length, "padded": made.padded, "complex": made.is_complex},
        "shape": [made.channels, *made.sizes],
        "base": list(made.base),
        "parameters": {"generator": _count(trainer.generator), "discriminator": _count(trainer.critic)},
        "training_set_sha256": digest,
        "torch": str(torch.__version__),
    }
    files = {run_folder.CONFIGURATION: made.configuration.text(), run_folder.RUN: json.dumps(about, indent=1) + "\n"}
    write_together(folder, {**files, FILE: transform.content()}, renew=True)


def _end(folder: Path, trainer: Trainer, transform: Transform, datasets: str | Path, step: Step) -> dict[str, Any]:
    """Write history, plots and, where asked for, the generated set and what it measures."""
    history = np.array(trainer.rows).reshape(-1, len(COLUMNS))
    write_together(
        folder,
        {
            run_folder.HISTORY: history_text(history, trainer.every),
            run_folder.LOSSES: plots.losses(history, trainer.every),
            run_folder.OUTPUTS: plots.outputs(history, trainer.every),
        },
        renew=True,
    )
    settings = trainer.plan.settings
    if not settings.eval_model:
        return {}
    target = data.read(datasets, settings.data.data_set, data.TEST)
    signals = generation.generated(trainer.generator, transform, len(target.x), settings.seed, step)
    step("measuring", 0, 0)
    (folder / run_folder.WAVEFORMS).mkdir(exist_ok=True)
    write_whole(folder / run_folder.WAVEFORMS / "waveforms.png", plots.waveforms(target.x, signals), renew=True)
    write_whole(folder / run_folder.GENERATED, generation.content(signals), renew=True)
    metrics = evaluation.metrics(settings.data.data_set, datasets, signals)
    write_whole(folder / run_folder.METRICS, json.dumps(metrics, indent=1, allow_nan=False) + "\n", renew=True)
    return metrics


def history_text(history: npt.NDArray[np.float64], per_epoch: int) -> str:
    """CSV: epoch from 1, batch from 0, and the columns of the history."""
    lines = [",".join(("epoch_num", "batch_num", *COLUMNS))]
    for number, row in enumerate(history.tolist()):
        lines.append(",".join((str(number // per_epoch + 1), str(number % per_epoch), *map(repr, row))))
    return "\n".join(lines) + "\n"


def _count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
