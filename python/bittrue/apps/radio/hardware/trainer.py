"""Training of a net of blocks from the first step to the integer net: float, quantised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Generator

from bittrue.apps.radio.hardware.twin import Twin
from bittrue.bars import Step
from bittrue.kit.training.quantising_stage import FLOAT, QUANTISED, QuantisingStage
from bittrue.kit.training.two_stages import SECONDS, History, TwoStages

Staged = Callable[[str, Twin, Generator], QuantisingStage]
"""A stage of a name that trains a twin."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training gave: the float net with batch norm folded, the rounded one, looks, and seconds."""

    floating: Twin
    quantised: Twin
    history: History
    cpu: float

    @property
    def unrounded(self) -> Twin:
        """The net of the quantised one's weights that rounds nothing: what is lost to rounding is beside it."""
        made = Twin(self.quantised.graph, normed=False)
        made.load_state_dict(self.quantised.state_dict())
        return made.eval()


class Trainer(TwoStages[QuantisingStage]):
    """The quantised stage begins with the best average of the float one, batch norm folded.

    Parameters
    ----------
    text, seed
        Of the recipe.
    twin : Twin
        To begin with, batch norm in it.
    staged : callable
        Makes the stages.
    digest : str
        Of the data.
    path, logs, step, seconds
        As of `TwoStages`.
    """

    def __init__(
        self,
        text: str,
        seed: int,
        twin: Twin,
        staged: Staged,
        digest: str,
        path: Path | None,
        logs: Path | None,
        step: Step,
        seconds: float = SECONDS,
    ) -> None:
        self.twin, self.staged, self.digest = twin, staged, digest
        super().__init__(text, seed, path, logs, step, seconds)

    def prepared(self) -> str:
        return self.digest

    def float_stage(self, generator: Generator) -> QuantisingStage:
        return self.staged(FLOAT, self.twin, generator)

    def quantised_stage(self, generator: Generator) -> QuantisingStage:
        return self.staged(QUANTISED, self._floating().folded().train(), generator)

    def run(self) -> Fitted:
        """Train to the end. Raises `BadInput` where training leaves the finite numbers."""
        history = self.train()
        last = Twin(self.twin.graph, normed=False, rounded=True)
        last.load_state_dict(self.stage.best)
        return Fitted(self._floating().folded(rounded=False), last.eval(), history, self.cpu)

    def _floating(self) -> Twin:
        twin = Twin(self.twin.graph)
        twin.load_state_dict(self.floats)
        return twin.eval()
