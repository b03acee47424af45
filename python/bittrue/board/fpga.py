"""The FPGA of this process: who uses it now, and how often it was configured.

The hardware is one stream behind one DMA, so one call at a time may touch it, from whatever thread and through whatever
`bittrue.board.predistorter.Predistorter`. The lock does not reach into other processes.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from bittrue.board.errors import BoardError


class Fpga:
    """One lock over everything that touches the hardware.

    Attributes
    ----------
    configured : int
        How often an overlay was loaded; what was opened before the last time is not in the FPGA any more.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._working = False
        self.configured = 0

    @contextlib.contextmanager
    def reserved(self) -> Iterator[None]:
        """Other threads wait until the block ends; this one goes on using the hardware."""
        with self._lock:
            yield

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """The hardware is in use: other threads wait.

        Raises `BoardError` within a block of the same thread: in a signal handler or a callback.
        """
        with self._lock:
            if self._working:
                raise BoardError(
                    "the driver is at work in this thread, and was called from a signal handler or a callback within; "
                    "call it when the first call has returned"
                )
            self._working = True
            try:
                yield
            finally:
                self._working = False


FPGA = Fpga()
"""That of this process."""
