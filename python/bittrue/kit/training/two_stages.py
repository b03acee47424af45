"""Training of a net for hardware from the first step to the integer net: float, quantised; checkpoints all along."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

import torch

from bittrue.bars import Step
from bittrue.kit.training.averaging import Values
from bittrue.kit.training.keeper import Keeper
from bittrue.kit.training.log import Log
from bittrue.kit.training.loop import Losses
from bittrue.kit.training.quantising_stage import FLOAT, NAMES, QUANTISED, QuantisingStage
from bittrue.kit.training.threads import one_thread

VERSION = 1
"""Of a checkpoint's state: ``stage``, ``floats``, ``before``, ``cpu``, `QuantisingStage.state`."""
SECONDS = 60.0
History = list[tuple[str, tuple[float, ...]]]
AnyStage = TypeVar("AnyStage", bound=QuantisingStage)


class TwoStages(ABC, Generic[AnyStage]):
    """Trains two stages; a run that was killed goes on from its checkpoint and ends in the same net, bit for bit.

    Parameters
    ----------
    text : str
        Of the recipe.
    seed : int
    path : Path or None
        File of the checkpoint; none is written without it.
    logs : Path or None
        Folder of TensorBoard's files.
    step : callable
        Called with what is being done, how much of it is done, and how much there is.
    seconds : float
        Least time between checkpoints.

    Raises `BadInput` for a checkpoint that is damaged, of another recipe, or of other data.
    """

    shown = "look"
    """What the best look is called in the progress."""

    def __init__(
        self, text: str, seed: int, path: Path | None, logs: Path | None, step: Step, seconds: float = SECONDS
    ) -> None:
        self.told_step, self.log = step, Log(logs)
        self.floats: Values = {}
        self.before: list[tuple[float, ...]] = []
        self.began, self.spent = time.process_time(), 0.0
        with one_thread():
            self.keeper = Keeper(path, VERSION, text, self.prepared(), seconds)
            self.stage = self.float_stage(torch.Generator().manual_seed(seed))
            if state := self.keeper.resume():
                with self.keeper.fitting():
                    if state["stage"] not in NAMES:
                        raise ValueError(f"stage {state['stage']!r:.40}")
                    self.before = [tuple(map(float, row)) for row in state["before"]]
                    self.spent = float(state["cpu"])
                    if state["stage"] == QUANTISED:
                        self._quantise(state["floats"])
                    self.stage.restore(state)

    @abstractmethod
    def prepared(self) -> str:
        """Make what both stages need; the digest of the data that a checkpoint belongs to."""

    @abstractmethod
    def float_stage(self, generator: torch.Generator) -> AnyStage:
        """The first stage."""

    @abstractmethod
    def quantised_stage(self, generator: torch.Generator) -> AnyStage:
        """The second one, which begins with `floats`, the best of the first."""

    def train(self) -> History:
        """Train to the end; every look by stage. Raises `BadInput` where training leaves the finite numbers."""
        try:
            with one_thread():
                if self.stage.name == FLOAT:
                    self.stage.run(self._save, self._told)
                    self.before = self.stage.history
                    self._quantise(self.stage.best)
                self.stage.run(self._save, self._told)
        finally:
            self.log.close()
        return [(FLOAT, row) for row in self.before] + [(QUANTISED, row) for row in self.stage.history]

    @property
    def cpu(self) -> float:
        """Seconds of processor time, those of earlier processes included."""
        return self.spent + time.process_time() - self.began

    def _quantise(self, floats: Values) -> None:
        """Go from the float stage, whose best is ``floats``, to the quantised one, which begins with a look at it."""
        self.floats = {name: value.clone() for name, value in floats.items()}
        self.stage = self.quantised_stage(self.stage.generator)
        self.stage.look()

    def _save(self, now: bool) -> None:
        stage = self.stage
        self.keeper.save(
            lambda: {
                "stage": stage.name,
                "floats": self.floats or None,
                "before": [list(row) for row in self.before],
                "cpu": self.cpu,
                **stage.state(),
            },
            now,
        )

    def _told(self, found: Losses) -> None:
        stage = self.stage
        best = f", best {self.shown} {stage.best_loss:.4f}" if stage.history else ""
        self.told_step(f"{stage.name}{best}", stage.done, stage.total)
        if "look" in found:
            self.log.scalars(stage.name, stage.done, found)
