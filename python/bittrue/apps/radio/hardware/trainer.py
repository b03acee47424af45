"""Training of a radio net from the first step to the integer net: float, quantised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Generator

from bittrue.apps.radio.hardware.examples import Examples
from bittrue.apps.radio.hardware.recipe import Recipe
from bittrue.apps.radio.hardware.stage import Stage
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.bars import Step
from bittrue.kit.training.quantising_stage import FLOAT, QUANTISED
from bittrue.kit.training.two_stages import SECONDS, History, TwoStages


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training gave: the float net with batch norm folded, the rounded one, looks ``(stage, step, NMSE)``, and
    seconds."""

    floating: Twin
    quantised: Twin
    history: History
    cpu: float

    @property
    def unrounded(self) -> Twin:
        """The net of the quantised one's weights that rounds nothing: what is lost to rounding is beside it."""
        made = Twin(self.quantised.spec, normed=False)
        made.load_state_dict(self.quantised.state_dict())
        return made.eval()


class Trainer(TwoStages[Stage]):
    """The quantised stage begins with the best average of the float one, batch norm folded.

    Parameters
    ----------
    recipe : Recipe
    examples : Examples
    path, logs, step, seconds
        As of `TwoStages`.
    """

    shown = "NMSE"

    def __init__(
        self,
        recipe: Recipe,
        examples: Examples,
        path: Path | None,
        logs: Path | None,
        step: Step,
        seconds: float = SECONDS,
    ) -> None:
        self.recipe, self.examples = recipe, examples
        super().__init__(recipe.text, recipe.seed, path, logs, step, seconds)

    def prepared(self) -> str:
        return self.examples.digest

    def float_stage(self, generator: Generator) -> Stage:
        return Stage(FLOAT, self.recipe, Twin(self.recipe.spec, self.recipe.seed), self.examples, generator)

    def quantised_stage(self, generator: Generator) -> Stage:
        return Stage(QUANTISED, self.recipe, self._floating().folded().train(), self.examples, generator)

    def run(self) -> Fitted:
        """Train to the end. Raises `BadInput` where training leaves the finite numbers."""
        history = self.train()
        last = Twin(self.recipe.spec, normed=False, rounded=True)
        last.load_state_dict(self.stage.best)
        return Fitted(self._floating().folded(rounded=False), last.eval(), history, self.cpu)

    def _floating(self) -> Twin:
        twin = Twin(self.recipe.spec)
        twin.load_state_dict(self.floats)
        return twin.eval()
