"""Progress of a training on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bittrue.apps.dpd.metrics import Complex

Report = Callable[[str, int, int, float], None]
"""Called after every epoch: stage, epochs done, epochs in all, best validation error in dB so far."""

Amplifier = Callable[[Complex], Complex]


@dataclass(frozen=True, eq=False)
class Bars:
    """One bar a stage, and one for work that asks an amplifier model again and again."""

    progress: Progress
    tasks: dict[str, TaskID] = field(default_factory=dict)

    def epoch(self, stage: str, done: int, epochs: int, error: float) -> None:
        """Move the bar of a stage: a `Report`."""
        self._move(stage, done, epochs, f"{stage}: best validation error {error:.2f} dB")

    def watched(self, amplifier: Amplifier, what: str, total: int) -> Amplifier:
        """The amplifier model, and a bar that counts its calls."""
        calls = 0

        def counted(u: Complex) -> Complex:
            nonlocal calls
            output = amplifier(u)
            calls += 1
            self._move(what, min(calls, total), total, what)
            return output

        return counted

    def note(self, text: str) -> None:
        """Say what is being judged."""
        self._move("judging", 0, 1, f"judging: {text}")

    def finish(self, name: str) -> None:
        """The bar of that name is full, however many calls it took."""
        task = self.progress.tasks[self.tasks[name]]
        self.progress.update(task.id, completed=task.total, description=name)

    def _move(self, name: str, done: int, total: int, text: str) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=total)
        self.progress.update(self.tasks[name], completed=done, description=text)


@contextmanager
def shown(visible: bool = True) -> Iterator[Bars]:
    """Bars on the terminal, or ones that nobody sees."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not visible) as progress:
        yield Bars(progress)
