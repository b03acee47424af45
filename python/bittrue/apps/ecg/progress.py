"""Progress of a training on the terminal: one bar for reading, one a stage, one for judging."""

from __future__ import annotations

import math

from bittrue import bars


class Bars(bars.Bars):
    """The bars; each appears with its first step."""

    def reading(self, record: str, done: int, records: int) -> None:
        """After every record."""
        self.move("beats", done, records, f"beats of {record}")

    def training(self, stage: str, step: int, steps: int, loss: float, best: float) -> None:
        """After every step: a `bittrue.apps.ecg.training.stage.Report`."""
        score = "" if math.isnan(best) else f", best macro-F1 {best:.3f}"
        self.move(stage, step, steps, f"{stage}: loss {loss:.3f}{score}")

    def judging(self, done: int, beats: int) -> None:
        """After every chunk of beats that the integer net answered."""
        self.move("judging", done, beats, "judging the integer net")
