"""Training by a configuration: from the folder of maps to a results folder that a killed run goes on in."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from bittrue.apps.radio.configuration import Configuration, DiffusionFile
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.models.public_files import LARGEST
from bittrue.apps.radio.published import run_folder
from bittrue.apps.radio.published.batches import Batches, side_of
from bittrue.apps.radio.published.canonical import canonical
from bittrue.apps.radio.published.first_stage import FirstStageTrainer
from bittrue.apps.radio.published.latent_diffusion import DiffusionTrainer
from bittrue.apps.radio.published.trainer import StageTrainer
from bittrue.errors import BadInput
from bittrue.files import made_folder
from bittrue.folder_lock import locked
from bittrue.kit.training import checkpoint
from bittrue.kit.training.distributed import Team
from bittrue.kit.training.keeper import Keeper
from bittrue.kit.training.log import Log
from bittrue.kit.training.loop import Losses
from bittrue.kit.training.threads import one_thread

Step = Callable[[str, int, int], None]
HISTOGRAMS = 8
"""Tensors of weights whose spread is logged at every look."""


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """What came of a run.

    Attributes
    ----------
    folder : Path
    trainer : StageTrainer
        With the last parameters and the history.
    found : mapping
        What the last look found.
    ended : str
        Why it ended before its last step; empty where it did not.
    remarks : tuple of str
        What the data and the choice of a substitute ask to be said.
    """

    folder: Path
    trainer: StageTrainer
    found: dict[str, float]
    ended: str
    remarks: tuple[str, ...]


def placed(
    configuration: Configuration, output: str | os.PathLike[str] | None, data: str | os.PathLike[str] | None
) -> Configuration:
    """The configuration with another results folder and another folder of maps, where they are given."""
    trainer, section = configuration.trainer, configuration.data
    if output is not None:
        trainer = dataclasses.replace(trainer, results_folder=os.fspath(output))
    if data is not None:
        section = dataclasses.replace(section, folder=os.fspath(data))
    return dataclasses.replace(configuration, trainer=trainer, data=section)


def train(
    configuration: Configuration,
    step: Step = lambda doing, done, total: None,
    team: Team | None = None,
) -> Trained:
    """Train to the end; a results folder with a checkpoint goes on from it and ends in the same files, bit for bit.

    Parameters
    ----------
    configuration : Configuration
    step : callable
        Called with what is being done, and how much of it is.
    team : Team, optional
        The processes that train together.

    Raises
    ------
    BadInput
        For maps that cannot be read, shapes that do not fit, a checkpoint of something else or of the other stage,
        losses and gradients that are no finite numbers, and a folder in which another process works.
    """
    team = team or Team.gather()
    step("reading the maps", 0, 0)
    trainer, digest, remarks = prepared(configuration, team)
    folder = Path(configuration.trainer.results_folder)
    keeper = _keeper(configuration, digest, folder, team)
    found: dict[str, float] = {}
    with made_folder(folder) if team.leads else nullcontext(), locked(folder) if team.leads else nullcontext():
        _go_on(trainer, keeper, folder)
        with (
            one_thread() if trainer.device.type == "cpu" else nullcontext(),
            closing(Log(folder / run_folder.LOGS if team.leads else None)) as log,
        ):
            if team.leads:
                run_folder.begin(folder, trainer, digest, {"perceptual": _perception(trainer)})
            _run(trainer, keeper, folder, log, step, found)
            if team.leads:
                run_folder.history(folder, trainer)
    return Trained(folder, trainer, found, trainer.ending() if trainer.done < trainer.total else "", remarks)


def prepared(configuration: Configuration, team: Team) -> tuple[StageTrainer, str, tuple[str, ...]]:
    """A trainer on the maps of a configuration, the digest of the maps, and what must be said about them."""
    data, side = configuration.data, side_of(configuration)
    prefix = "published-" if data.split == "published" else ""
    divisor = "divisor" in configuration.origin_compatible
    parts = [
        RadioMaps(data.folder, View(data.name, prefix + part, origin_compatible=divisor)) for part in ("train", "val")
    ]
    learnt, held_out = (Batches(maps, side, configuration.seed, data.augment_horizontal_flip) for maps in parts)
    held_out.flip = False
    if isinstance(configuration, DiffusionFile):
        trainer: StageTrainer = DiffusionTrainer(configuration, learnt, held_out, team)
    else:
        trainer = FirstStageTrainer(configuration, learnt, held_out, team)
    return trainer, learnt.digest(), parts[0].remarks


def _keeper(configuration: Configuration, digest: str, folder: Path, team: Team) -> Keeper:
    return Keeper(
        folder / run_folder.CHECKPOINT,
        run_folder.VERSION,
        run_folder.identity(configuration),
        digest,
        configuration.trainer.checkpoint_seconds,
        team.leads,
        LARGEST,
    )


def _go_on(trainer: StageTrainer, keeper: Keeper, folder: Path) -> None:
    """Restore what a killed run left, or the milestone that the configuration names."""
    state, path = keeper.resume(), keeper.path or folder
    if state is None and trainer.settings.resume_milestone:
        path = folder / run_folder.milestone(trainer.settings.resume_milestone)
        state = checkpoint.resume(path, run_folder.VERSION, keeper.recipe, keeper.inputs, LARGEST)
        if state is None or "rows" not in state:
            what = "is not there" if state is None else "holds no optimiser (enable_resume was false)"
            raise BadInput(f"trainer.resume_milestone names {path}, which {what}; name another, or set it to 0")
    if state is not None:
        with checkpoint.fitting(path):
            trainer.restore(state)


def _run(trainer: StageTrainer, keeper: Keeper, folder: Path, log: Log, step: Step, found: dict[str, float]) -> None:
    doing = f"training the {trainer.configuration.stage}"
    step(doing, trainer.done, trainer.total)

    def state() -> dict[str, Any]:
        return dict(canonical(trainer.state()))

    def save(last: bool) -> None:
        if (last or trainer.done % trainer.every == 0) and trainer.team.leads:
            run_folder.save(folder, trainer, keeper)  # first: a checkpoint behind it says that it was written
            log.histograms("training", trainer.done, _spread(trainer))
        keeper.save(state, last)

    def told(figures: Losses) -> None:
        step(doing, trainer.done, trainer.total)
        if trainer.done % trainer.settings.log_freq == 0 or any(name.startswith("val ") for name in figures):
            log.scalars("training", trainer.done, {name.replace(" ", "_"): value for name, value in figures.items()})
        found.update({name: value for name, value in figures.items() if name.startswith("val ")})

    trainer.run(save, told)
    if trainer.over() and trainer.done < trainer.total:
        keeper.save(state, True)


def _spread(trainer: StageTrainer) -> dict[str, object]:
    """Some tensors of weights, evenly taken, for their histograms."""
    named = [(name, p) for name, p in trainer.network.named_parameters() if p.ndim > 1 and p.requires_grad]
    chosen = named[:: max(1, len(named) // HISTOGRAMS)]
    return {name: p.detach().float().cpu() for name, p in chosen}


def _perception(trainer: StageTrainer) -> str | None:
    return trainer.loss.perceptual_name if isinstance(trainer, FirstStageTrainer) else None
