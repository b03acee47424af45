"""The checkpoint file of one training: whose it is, when it was written, and what a killed run goes on from."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from bittrue.kit.training import checkpoint
from bittrue.kit.training.checkpoint import State
from bittrue.limits import FILE


class Keeper:
    """Writes the state of a training every so often, and reads it back.

    Parameters
    ----------
    path : Path or None
        The file; nothing is kept without one.
    version : int
        Of what a state holds.
    recipe, inputs : str
        The recipe's text, and a digest of the data.
    seconds : float
        Least time between two files; the end of a stage writes one in any case.
    writes : bool
        Whether this process is the one that writes.
    limit : int
        Most bytes of a file that is read.
    """

    def __init__(
        self,
        path: Path | None,
        version: int,
        recipe: str,
        inputs: str,
        seconds: float,
        writes: bool = True,
        limit: int = FILE,
    ) -> None:
        self.path, self.version, self.recipe, self.inputs = path, version, recipe, inputs
        self.seconds, self.writes, self.limit, self.written = seconds, writes, limit, time.monotonic()

    def resume(self) -> State | None:
        """The state to go on from, None where there is none. Raises `BadInput` as `checkpoint.resume` does."""
        if self.path is None:
            return None
        return checkpoint.resume(self.path, self.version, self.recipe, self.inputs, self.limit)

    def fitting(self) -> AbstractContextManager[None]:
        """A block that takes a state apart, as `checkpoint.fitting`."""
        return checkpoint.fitting(self.path or Path())

    def save(self, state: Callable[[], State], now: bool) -> None:
        """Write ``state()``, ``now`` or where the last file is old enough."""
        if self.path is None or not (now or time.monotonic() - self.written >= self.seconds):
            return
        if self.writes:
            checkpoint.write(self.path, self.version, self.recipe, self.inputs, state())
        self.written = time.monotonic()
