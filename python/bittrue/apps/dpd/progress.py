"""Progress of a training on the terminal."""

from __future__ import annotations

from collections.abc import Callable

from bittrue import bars
from bittrue.apps.dpd.metrics import Complex

Report = Callable[[str, int, int, float], None]
"""Called after every epoch: stage, epochs done, epochs in all, best validation error in dB so far."""

Amplifier = Callable[[Complex], Complex]


class Bars(bars.Bars):
    """One bar a stage, and one for work that asks an amplifier model again and again."""

    def epoch(self, stage: str, done: int, epochs: int, error: float) -> None:
        """Move the bar of a stage: a `Report`."""
        self.move(stage, done, epochs, f"{stage}: best validation error {error:.2f} dB")

    def watched(self, amplifier: Amplifier, what: str, total: int) -> Amplifier:
        """The amplifier model, and a bar that counts its calls."""
        calls = 0

        def counted(u: Complex) -> Complex:
            nonlocal calls
            output = amplifier(u)
            calls += 1
            self.move(what, min(calls, total), total, what)
            return output

        return counted

    def note(self, text: str) -> None:
        """Say what is being judged."""
        self.move("judging", 0, 0, f"judging: {text}")
