"""The driver that runs on the PYNQ-Z1: a generated net behind DMA.

    import bittrue.board

    with bittrue.board.open("tdnn_wide.bit") as dpd:
        y = dpd.predistort(x)
    with bittrue.board.open("ecg_tiny.bit") as net:
        scores = net.run_codes(beats)
    with bittrue.board.open("noise_fgn.bit") as source:
        samples = source.read(100000)

It needs the standard library, NumPy and pynq, and of bittrue `errors`, `limits`, `files` and `readers`, which need no
more. pynq is imported by `open`, so manifests can be read without it.
"""

from __future__ import annotations

import math
import numbers
import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.board.errors import BoardError
from bittrue.board.manifest import checked_files
from bittrue.board.source_manifest import SourceManifest, read_any
from bittrue.errors import shown

if TYPE_CHECKING:
    from bittrue.board.frame_net import FrameNet
    from bittrue.board.noise_source import NoiseSource
    from bittrue.board.predistorter import Predistorter

__all__ = ["BoardError", "open"]

TIMEOUT = 10.0
"""Seconds without a sample moving after which a transfer counts as stuck."""


def open(
    path: str | PathLike[str], download: bool = True, *, timeout: float = TIMEOUT, chunk: int | None = None
) -> Predistorter | FrameNet | NoiseSource:
    """Load an overlay and return the net in it, ready to run; a context manager.

    A net of samples is a `bittrue.board.predistorter.Predistorter`, one of frames a `bittrue.board.frame_net.FrameNet`,
    a noise source a `bittrue.board.noise_source.NoiseSource`.

    Parameters
    ----------
    path : path
        The ``.bit`` file. Beside it, with the same stem: ``.hwh``, the manifest ``.json`` and the bank words ``.npz``.
    download : bool
        Configure the FPGA; False to use what has been loaded before.
    timeout : float
        Seconds without a sample moving after which a transfer ends in an error; above 0, finite.
    chunk : int, optional
        Most samples or frames of one DMA transfer, 1 or more; sets the size of the two buffers. Without, 16384 samples,
        or as many frames as a MiB holds.

    Raises
    ------
    BoardError
        For options of another kind, a file that is missing, another than the manifest says or not of the loaded
        hardware, for hardware that is not the net's, memory that does not hold the buffers, and where there is no pynq
        or no board.
    """
    file = _file(path)
    if type(download) is not bool:
        raise BoardError(f"download is {shown(download)}; give True or False")
    if isinstance(timeout, bool) or not isinstance(timeout, numbers.Real) or not 0 < timeout < math.inf:
        raise BoardError(f"timeout is {shown(timeout)}; it must be above 0, in seconds")
    if chunk is not None and (isinstance(chunk, bool) or not isinstance(chunk, numbers.Integral) or chunk < 1):
        raise BoardError(f"chunk is {shown(chunk)}; it must be above 0, a whole number of samples or frames")
    try:
        from bittrue.board.frame_net import FrameNet
        from bittrue.board.noise_source import NoiseSource
        from bittrue.board.predistorter import Predistorter
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "pynq":
            raise
        raise BoardError(
            "pynq is not installed here; run this on the board (docs/pynq.md) or the simulated board (docs/board.md)"
        ) from error
    manifest = checked_files(file, read_any)
    size = None if chunk is None else int(chunk)
    if isinstance(manifest, SourceManifest):
        return NoiseSource(file, manifest, download, timeout=float(timeout), chunk=size)
    kind = FrameNet if manifest.framed else Predistorter
    size = None if size is None else max(1, size // manifest.samples)
    return kind(file, manifest, download, timeout=float(timeout), chunk=size)


def _file(path: str | PathLike[str]) -> Path:
    """The absolute path; `BoardError` for what is none."""
    try:
        return Path(os.fspath(path)).expanduser().absolute()
    except (TypeError, RuntimeError) as error:
        raise BoardError(f"the overlay is {shown(path)} ({error}); give the path of its .bit file") from None
