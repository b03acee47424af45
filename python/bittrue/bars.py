"""Progress on the terminal: bars that appear with their first step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars by name; applications derive theirs, with a method for each thing that moves one."""

    progress: Progress
    tasks: dict[str, TaskID] = field(default_factory=dict)

    def move(self, name: str, done: int, total: int, text: str) -> None:
        """Show ``done`` of ``total`` steps on the bar of that name, with ``text`` in front."""
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=total)
        self.progress.update(self.tasks[name], completed=done, description=text)


Kind = TypeVar("Kind", bound=Bars)


@contextmanager
def shown(kind: type[Kind], visible: bool = True) -> Iterator[Kind]:
    """Bars of a ``kind`` on standard error, or ones that nobody sees."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as progress:
        yield kind(progress)
