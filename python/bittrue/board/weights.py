"""Weights that the hardware reads from memory: their file, their buffer, and what may go wrong."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import numpy as np
from pynq import allocate

from bittrue.board import registers as reg
from bittrue.board.bank_words import sealed
from bittrue.board.errors import BoardError
from bittrue.board.manifest import Manifest
from bittrue.board.net_shell import NetShell

PAGE = 4096
"""Bytes of which the image's address is a multiple."""
ERRORS = {
    1: "the memory refused the access (a slave error)",
    2: "there is no memory at the address (a decode error)",
    3: "the memory gave a burst of another length than asked for",
}
_REST = 0.001
"""Seconds in which a memory that works answers."""
_RUN = 1 << reg.FIELDS["WEIGHTS_ADDRESS"]["run"][0]


class Weights:
    """The image of an overlay's weights in memory for DMA, while the hardware reads it.

    Parameters
    ----------
    shell : NetShell
    manifest : Manifest
        Of an overlay that streams weights.
    timeout : float
        Seconds until the memory counts as silent.

    Raises
    ------
    BoardError
        Where the file is missing or another one, the hardware reads another number of bytes, or memory does not hold
        it.
    """

    def __init__(self, shell: NetShell, manifest: Manifest, timeout: float) -> None:
        self._shell, self._timeout = shell, timeout
        self._buffer: Any = None
        path = manifest.path.with_suffix(".weights")
        data = sealed(path, manifest.files.get("weights"))
        there = int(shell.read(reg.WEIGHTS_BYTES))
        if not len(data) == there == manifest.weights:
            raise BoardError(
                f"{path} has {len(data)} bytes, {manifest.path.name} says {manifest.weights} and the hardware reads "
                f"{there}; copy all files of one build"
            )
        try:
            self._buffer = allocate(shape=(len(data) + PAGE - 1,), dtype=np.uint8, cacheable=True)
        except (MemoryError, RuntimeError, OSError) as error:
            raise BoardError(
                f"the weights need a buffer of {len(data)} bytes, and the memory for DMA does not hold it ({error}); "
                f"close what is open"
            ) from error
        address = int(self._buffer.device_address)
        self._address = -(-address // PAGE) * PAGE
        start = self._address - address
        self._buffer[start : start + len(data)] = np.frombuffer(data, np.uint8)
        self._buffer.flush()

    def start(self) -> None:
        """Let the hardware read from the first word on; `BoardError` where it waits for memory that does not answer."""
        self._stop()
        self._shell.write(reg.WEIGHTS_ADDRESS, self._address | _RUN)

    def free(self) -> None:
        """Stop the hardware, then give the memory back."""
        if self._buffer is None:
            return
        if int(self._shell.read(reg.WEIGHTS_ADDRESS)) == self._address | _RUN:  # not of what was opened since
            with contextlib.suppress(BoardError):  # of a memory that is silent nothing comes any more
                self._stop()
        self._buffer.freebuffer()
        self._buffer = None

    def check(self) -> None:
        """Raise `BoardError` where reading has failed; no result comes from then on."""
        error = self._shell.field("WEIGHTS_STATUS", "error")
        if error:
            beats = int(self._shell.read(reg.WEIGHTS_BEATS))
            raise BoardError(f"the weights cannot be read: {ERRORS[error]}, {8 * beats} bytes after the start")

    def told(self) -> str:
        """What the hardware waits for, as a phrase; nothing where words go on or all has come."""
        before = int(self._shell.read(reg.WEIGHTS_BEATS))
        time.sleep(_REST)
        waits = not self._shell.field("WEIGHTS_STATUS", "idle") and int(self._shell.read(reg.WEIGHTS_BEATS)) == before
        return "the memory does not answer for weights that it was asked for" if waits else ""

    def _stop(self) -> None:
        self._shell.write(reg.WEIGHTS_ADDRESS, 0)
        last = time.monotonic()
        while not self._shell.field("WEIGHTS_STATUS", "idle"):
            if time.monotonic() - last > self._timeout:
                raise BoardError(
                    f"the memory has not answered for {self._timeout:g} s for weights that it was asked for; load the "
                    f"overlay again"
                )
