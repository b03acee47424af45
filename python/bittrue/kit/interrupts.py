"""Ctrl-C that waits for a good moment."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def postponed(said: str = "") -> Iterator[Callable[[], bool]]:
    """A block in which an interrupt raises nothing: the function that it is given tells whether one has come.

    A second interrupt is raised at once. In a thread other than the main one, and where somebody else handles
    interrupts, nothing changes, and the function says False.

    Parameters
    ----------
    said : str
        What the first interrupt writes to stderr, so that nobody thinks it was not heard.
    """
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if came:
            signal.default_int_handler(number, frame)
        came.append(number)
        if said:
            print(f"bittrue: {said}", file=sys.stderr, flush=True)

    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(came)
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
