"""Training of a noise source from the first step to the integer net: float, quantised, the last layer anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from torch import Generator

from bittrue.apps.noise.hardware import last_layer, objective
from bittrue.apps.noise.hardware.beginning import begun
from bittrue.apps.noise.hardware.objective import DirectLoss
from bittrue.apps.noise.hardware.quantised import QuantisedTwin
from bittrue.apps.noise.hardware.recipe import Recipe
from bittrue.apps.noise.hardware.stage import Stage
from bittrue.apps.noise.hardware.twins import Twin, twin
from bittrue.bars import Step
from bittrue.kit.training.quantising_stage import FLOAT, NAMES, QUANTISED
from bittrue.kit.training.threads import one_thread
from bittrue.kit.training.two_stages import SECONDS, History, TwoStages


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training gave: the float twin, the quantised one, looks ``(stage, step, loss, parts)``, seconds."""

    floating: Twin
    quantised: Twin
    history: History
    parts: tuple[str, ...]
    cpu: float


class Trainer(TwoStages[Stage]):
    """Both stages train the architecture's twin; the second one begins with the best average of the first, and rounds.
    Where the recipe says so, `last_layer` follows; a killed run does that again.

    Parameters
    ----------
    recipe : Recipe
    path, logs, step, seconds
        As of `TwoStages`.
    """

    def __init__(
        self, recipe: Recipe, path: Path | None, logs: Path | None, step: Step, seconds: float = SECONDS
    ) -> None:
        self.recipe = recipe
        super().__init__(recipe.text, recipe.seed, path, logs, step, seconds)

    def prepared(self) -> str:
        plans = self.recipe.train, self.recipe.quantise
        self.targets = [objective.targets(self.recipe, plan, self.told_step) for plan in plans]
        return objective.digest([*self.targets[0], *self.targets[1]])

    def float_stage(self, generator: Generator) -> Stage:
        return self._stage(FLOAT, begun(self.recipe), generator)

    def quantised_stage(self, generator: Generator) -> Stage:
        floating = self._floating()
        floating.rounded = True
        return self._stage(QUANTISED, floating.train(), generator)

    def run(self) -> Fitted:
        """Train to the end. Raises `BadInput` where training leaves the finite numbers."""
        history = self.train()
        last = twin(self.recipe.trained, rounded=True)
        last.load_state_dict(self.stage.best)
        if self.recipe.last_layer and isinstance(last, QuantisedTwin):
            with one_thread():
                last = last_layer.fitted(self.recipe, last.eval(), self.told_step)
        return Fitted(self._floating(), last.eval(), history, tuple(self.targets[1][0].features), self.cpu)

    def _stage(self, name: str, trained: Twin, generator: Generator) -> Stage:
        number, own = NAMES.index(name), self.recipe.objective
        factor = (self.recipe.train, self.recipe.quantise)[number].spectrum
        loss = DirectLoss(replace(own, spectrum=factor * own.spectrum), self.targets[number])
        return Stage(name, self.recipe, trained, loss, generator)

    def _floating(self) -> Twin:
        found = twin(self.recipe.trained)
        found.load_state_dict(self.floats)
        return found.eval()
