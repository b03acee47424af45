"""Standard streams that the caller has closed (``bittrue info NET >&-``): the null device takes their place."""

from __future__ import annotations

import os
import sys

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
"""Names in `sys` and modes, by number of the descriptor."""


def open_closed() -> None:
    """Open the null device for each of them that is closed.

    Python has ``None`` for such a stream, and the next file that is opened would get its number: what a library
    prints would go into that file.
    """
    for descriptor, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(descriptor)
        except OSError:
            if (found := os.open(os.devnull, os.O_RDWR)) != descriptor:
                os.dup2(found, descriptor)
                os.close(found)
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, mode, closefd=False))  # noqa: SIM115 - as long as the process lives
