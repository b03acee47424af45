"""Progress of long work on standard error: bars on a terminal, elsewhere a plain line every so often."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

EVERY = 20.0
"""Seconds between two lines where standard error is no terminal."""

Step = Callable[[str, int, int], None]
"""Called with what is being done, steps done and steps in all, 0 where nobody knows."""


@dataclass
class Now:
    """What is being done, how much of it is done, and since when, by `time.monotonic`."""

    doing: str
    done: int = 0
    total: int = 0
    began: float = field(default_factory=time.monotonic)

    def moved(self, doing: str, done: int, total: int) -> None:
        """Something else, or more of it. Where ``done`` falls or ``total`` changes, the clock begins again."""
        if total != self.total or done < self.done or (not total and doing != self.doing):
            self.began = time.monotonic()
        self.doing, self.done, self.total = doing, done, total

    def line(self) -> str:
        """One line: what, how far, and how long it takes or will take."""
        took = time.monotonic() - self.began
        if not self.total:
            return f"{self.doing}: for {_span(took)} now"
        share = f"{self.doing}: {self.done:,} of {self.total:,}, {100 * self.done // self.total} %"
        if not 0 < self.done < self.total:
            return share + (f", for {_span(took)} now" if self.done < self.total else "")
        return f"{share}, about {_span(took * (self.total - self.done) / self.done)} left"


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars by name; applications derive theirs, with a method for each thing that moves one."""

    progress: Progress
    tasks: dict[str, TaskID] = field(default_factory=dict)
    now: dict[str, Now] = field(default_factory=dict)

    def move(self, name: str, done: int, total: int, text: str) -> None:
        """Show ``done`` of ``total`` steps on the bar of that name, with ``text`` in front."""
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=total)
        self.progress.update(self.tasks[name], completed=done, total=total or None, description=text)
        if not total:  # update() would keep the old one
            next(task for task in self.progress.tasks if task.id == self.tasks[name]).total = None
        now = self.now.pop(name, None) or Now(text)
        now.moved(text, done, total)
        self.now[name] = now  # the one moved last stands last

    def say(self, text: str) -> None:
        """Something begins of which nobody knows how long it takes."""
        self.move("", 0, 0, text)

    def finish(self, name: str) -> None:
        """The bar of that name is full, however many steps it took."""
        total = self.now[name].total if name in self.now else 0
        self.move(name, total or 1, total or 1, name)

    def line(self) -> str:
        """What moved last, as `Now.line` says it; nothing before the first move."""
        return list(self.now.values())[-1].line() if self.now else ""


Kind = TypeVar("Kind", bound=Bars)


@contextmanager
def shown(kind: type[Kind], visible: bool = True) -> Iterator[Kind]:
    """Bars of a ``kind`` on standard error, lines where that is no terminal, or nothing that anybody sees."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ExitStack() as stack:
        progress = Progress(*columns, console=console, disable=not (visible and console.is_terminal))
        bars = kind(stack.enter_context(progress))
        if visible and not console.is_terminal:
            stack.enter_context(spoken(bars.line))
        yield bars


@contextmanager
def steps(first: str) -> Iterator[Step]:
    """One bar on standard error, or lines, that show ``first`` at the beginning; the function given moves it."""
    with shown(Bars) as bars:

        def step(doing: str, done: int = 0, total: int = 0) -> None:
            bars.move("", done, total, doing)

        step(first, 0, 0)
        yield step


@contextmanager
def spoken(line: Callable[[], str]) -> Iterator[None]:
    """While the block runs, print ``line()`` on standard error every `EVERY` seconds, whatever the block waits for."""
    over = threading.Event()

    def speak() -> None:
        while not over.wait(EVERY):
            text = line()
            if text:
                with suppress(OSError, ValueError):  # nobody reads it any more: that stops no work
                    print(f"bittrue: {text}", file=sys.stderr, flush=True)

    thread = threading.Thread(target=speak, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _span(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 5 min``."""
    whole = int(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = (whole + 30) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
