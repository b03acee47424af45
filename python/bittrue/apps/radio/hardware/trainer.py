"""Training of a radio net from the first step to the integer net: float, quantised; checkpoints all along."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from bittrue.apps.radio.hardware.examples import Examples
from bittrue.apps.radio.hardware.recipe import Recipe
from bittrue.apps.radio.hardware.stage import FLOAT, NAMES, QUANTISED, Stage
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.bars import Step
from bittrue.kit.training.averaging import Values
from bittrue.kit.training.keeper import Keeper
from bittrue.kit.training.log import Log
from bittrue.kit.training.loop import Losses
from bittrue.kit.training.threads import one_thread

VERSION = 1
"""Of a checkpoint's state: ``stage``, ``floats``, ``before``, ``cpu``, `Stage.state`."""
SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training gave: the float net with batch norm folded, the rounded one, looks ``(stage, step, NMSE)``, and
    seconds."""

    floating: Twin
    quantised: Twin
    history: list[tuple[str, tuple[float, ...]]]
    cpu: float

    @property
    def unrounded(self) -> Twin:
        """The net of the quantised one's weights that rounds nothing: what is lost to rounding is beside it."""
        made = Twin(self.quantised.spec, normed=False)
        made.load_state_dict(self.quantised.state_dict())
        return made.eval()


class Trainer:
    """Trains a recipe; a run that was killed goes on from its checkpoint and ends in the same net, bit for bit.

    The quantised stage begins with the best average of the float one, batch norm folded.

    Parameters
    ----------
    recipe : Recipe
    examples : Examples
    path : Path or None
        File of the checkpoint; none is written without it.
    logs : Path or None
        Folder of TensorBoard's files.
    step : callable
        Called with what is being done, how much of it is done, and how much there is.
    seconds : float
        Least time between checkpoints.

    Raises `BadInput` for a checkpoint that is damaged, of another recipe, or of other maps.
    """

    def __init__(
        self,
        recipe: Recipe,
        examples: Examples,
        path: Path | None,
        logs: Path | None,
        step: Step,
        seconds: float = SECONDS,
    ) -> None:
        self.recipe, self.examples, self.told_step, self.log = recipe, examples, step, Log(logs)
        self.floats: Values | None = None
        self.before: list[tuple[float, ...]] = []
        self.began, self.spent = time.process_time(), 0.0
        with one_thread():
            self.keeper = Keeper(path, VERSION, recipe.text, examples.digest, seconds)
            generator = torch.Generator().manual_seed(recipe.seed)
            self.stage = Stage(FLOAT, recipe, Twin(recipe.spec, recipe.seed), examples, generator)
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
        last = Twin(self.recipe.spec, normed=False, rounded=True)
        last.load_state_dict(self.stage.best)
        history = [(FLOAT, row) for row in self.before] + [(QUANTISED, row) for row in self.stage.history]
        return Fitted(self._floating().folded(rounded=False), last.eval(), history, self.cpu)

    @property
    def cpu(self) -> float:
        """Seconds of processor time, those of earlier processes included."""
        return self.spent + time.process_time() - self.began

    def _quantise(self, floats: Values) -> None:
        """From the float stage, whose best is ``floats``, to the quantised one, which begins with a look at it."""
        self.floats = {name: value.clone() for name, value in floats.items()}
        twin = self._floating().folded()
        self.stage = Stage(QUANTISED, self.recipe, twin.train(), self.examples, self.stage.generator)
        self.stage.look()

    def _floating(self) -> Twin:
        twin = Twin(self.recipe.spec)
        twin.load_state_dict(self.floats or {})
        return twin.eval()

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
        best = f", best NMSE {stage.best_loss:.4f}" if stage.history else ""
        self.told_step(f"{stage.name}{best}", stage.done, stage.total)
        self.log.scalars(stage.name, stage.done, found) if "look" in found else None
