"""The driver that runs on the PYNQ-Z1: a generated net behind DMA, as a function of samples.

    import bittrue.board

    with bittrue.board.open("tdnn_wide_shell.bit") as dpd:
        y = dpd.predistort(x)

It needs the standard library, NumPy and pynq, and nothing else of bittrue. pynq is imported by `open`, so manifests can
be read without it.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from bittrue.board.errors import BoardError

if TYPE_CHECKING:
    from bittrue.board.predistorter import Predistorter

__all__ = ["BoardError", "open"]

TIMEOUT = 10.0
"""Seconds without a sample moving after which a transfer counts as stuck."""
CHUNK = 16384
"""Samples a DMA transfer."""


def open(
    path: str | PathLike[str], download: bool = True, *, timeout: float = TIMEOUT, chunk: int = CHUNK
) -> Predistorter:
    """Load an overlay and return the net in it, ready to run; a context manager.

    Parameters
    ----------
    path : path
        The ``.bit`` file. Beside it, with the same stem: ``.hwh``, the manifest ``.json`` and the bank words ``.npz``.
    download : bool
        Configure the FPGA; False to use what has been loaded before.
    timeout : float
        Seconds without a sample moving after which a transfer ends in an error.
    chunk : int
        Most samples of one DMA transfer; sets the size of the two buffers.

    Raises
    ------
    BoardError
        For a file that is missing, another than the manifest says or not of the loaded hardware, and for hardware that
        is not the net's.
    """
    from bittrue.board.predistorter import Predistorter

    return Predistorter(path, download, timeout=timeout, chunk=chunk)
