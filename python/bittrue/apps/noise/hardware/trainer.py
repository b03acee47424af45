"""Training of a hardware net from the first step to the integer net: float, quantised; checkpoints all along."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from bittrue.apps.noise.hardware import objective
from bittrue.apps.noise.hardware.objective import DirectLoss
from bittrue.apps.noise.hardware.recipe import Recipe
from bittrue.apps.noise.hardware.stage import FLOAT, NAMES, QUANTISED, Stage
from bittrue.apps.noise.hardware.twins import Twin, twin
from bittrue.kit.training.averaging import Values
from bittrue.kit.training.keeper import Keeper
from bittrue.kit.training.log import Log
from bittrue.kit.training.loop import Losses
from bittrue.kit.training.threads import one_thread

VERSION = 1
"""Of a checkpoint's state: ``stage``, ``floats``, ``before``, ``cpu``, `Stage.state`."""
SECONDS = 60.0
Step = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training gave: the float twin, the quantised one, looks ``(stage, step, loss, parts)``, seconds."""

    floating: Twin
    quantised: Twin
    history: list[tuple[str, tuple[float, ...]]]
    parts: tuple[str, ...]
    cpu: float


class Trainer:
    """Trains a recipe; a run that was killed goes on from its checkpoint and ends in the same net, bit for bit.

    Both stages train the architecture's twin; the second one begins with the best average of the first, and rounds.

    Parameters
    ----------
    recipe : Recipe
    path : Path or None
        File of the checkpoint; none is written without it.
    logs : Path or None
        Folder of TensorBoard's files.
    step : callable
        Called with what is being done, how much of it is done, and how much there is.
    seconds : float
        Least time between checkpoints.

    Raises `BadInput` for a checkpoint that is damaged or of another recipe.
    """

    def __init__(
        self, recipe: Recipe, path: Path | None, logs: Path | None, step: Step, seconds: float = SECONDS
    ) -> None:
        self.recipe, self.told_step, self.log = recipe, step, Log(logs)
        self.floats: Values | None = None
        self.before: list[tuple[float, ...]] = []
        self.began, self.spent = time.process_time(), 0.0
        with one_thread():
            self.targets = [objective.targets(recipe, plan, step) for plan in (recipe.train, recipe.quantise)]
            self.keeper = Keeper(
                path, VERSION, recipe.text, objective.digest([*self.targets[0], *self.targets[1]]), seconds
            )
            generator = torch.Generator().manual_seed(recipe.seed)
            self.stage = self._stage(FLOAT, twin(recipe.spec, recipe.seed), generator)
            if state := self.keeper.resume():
                with self.keeper.fitting():
                    if state["stage"] not in NAMES:
                        raise ValueError(f"stage {state['stage']!r:.40}")
                    self.before = [tuple(map(float, row)) for row in state["before"]]
                    self.spent = float(state["cpu"])
                    if state["stage"] == QUANTISED:
                        self._quantise(state["floats"])
                    self.stage.restore(state)

    def run(self) -> Fitted:
        """Train to the end. Raises `BadInput` where training leaves the finite numbers."""
        try:
            with one_thread():
                if self.stage.name == FLOAT:
                    self.stage.run(self._save, self._told)
                    self.before = self.stage.history
                    self._quantise(self.stage.best)
                self.stage.run(self._save, self._told)
        finally:
            self.log.close()
        last = twin(self.recipe.spec, rounded=True)
        last.load_state_dict(self.stage.best)
        history = [(FLOAT, row) for row in self.before] + [(QUANTISED, row) for row in self.stage.history]
        parts = tuple(self.targets[1][0].features)
        return Fitted(self._floating(), last.eval(), history, parts, self.cpu)

    @property
    def cpu(self) -> float:
        """Seconds of processor time, those of earlier processes included."""
        return self.spent + time.process_time() - self.began

    def _stage(self, name: str, trained: Twin, generator: torch.Generator) -> Stage:
        loss = DirectLoss(self.recipe.objective, self.targets[NAMES.index(name)])
        return Stage(name, self.recipe, trained, loss, generator)

    def _quantise(self, floats: Values) -> None:
        """From the float stage, whose best is ``floats``, to the quantised one, which begins with a look at it."""
        self.floats = {name: value.clone() for name, value in floats.items()}
        floating = self._floating()
        floating.rounded = True
        self.stage = self._stage(QUANTISED, floating.train(), self.stage.generator)
        self.stage.look()

    def _floating(self) -> Twin:
        found = twin(self.recipe.spec)
        found.load_state_dict(self.floats or {})
        return found.eval()

    def _save(self, now: bool) -> None:
        stage = self.stage
        self.keeper.save(
            lambda: {
                "stage": stage.name,
                "floats": self.floats,
                "before": [list(row) for row in self.before],
                "cpu": self.cpu,
                **stage.state(),
            },
            now,
        )

    def _told(self, found: Losses) -> None:
        stage = self.stage
        best = f", best look {stage.best_loss:.4f}" if stage.history else ""
        self.told_step(f"{stage.name}{best}", stage.done, stage.total)
        if "look" in found:
            self.log.scalars(stage.name, stage.done, found)
