"""The loop of a training: steps, looks at what is held out, checkpoints, and an early end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from bittrue.kit.interrupts import postponed

Losses = Mapping[str, float]
STOPPING = "stopping behind this step of the training; once more stops at once, and loses what is not saved"


class TrainingLoop(ABC):
    """One stage of a training as the loop runs it: from step ``done`` to step ``total``.

    Attributes
    ----------
    done, total : int
        Steps (or epochs) made, and in all.
    every : int
        Steps between two looks; the last step is followed by one in any case.
    """

    done: int
    total: int
    every: int

    @abstractmethod
    def advance(self, number: int) -> Losses:
        """Make step ``number``, counted from 0; what it lost, by name."""

    @abstractmethod
    def look(self) -> Losses:
        """Validate, and keep what is best so far; what was found, by name."""

    def over(self) -> bool:
        """Whether the stage ends before its last step."""
        return False

    def run(self, save: Callable[[bool], None], told: Callable[[Losses], None]) -> None:
        """Make all steps that are left.

        After each, and the look behind it, ``save`` is called with whether it has to be now, because the step was the
        last one or an interrupt has come, and then ``told`` with all figures: a run that is killed there repeats
        nothing. An interrupt is raised then; a second one is raised where it comes.
        """
        with postponed(STOPPING) as stopped:
            while self.done < self.total and not self.over():
                found = dict(self.advance(self.done))
                self.done += 1
                last = self.done == self.total
                if last or self.done % self.every == 0:
                    found |= self.look()
                stop = stopped()
                save(last or stop)
                told(found)
                if stop:
                    raise KeyboardInterrupt
