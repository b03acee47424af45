"""Inference of an integer net: the reference on beats, in chunks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bittrue import ref
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.cost import macs
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]
DATA = Format(8, 7)
"""Of a net's input: a beat as the front end gives it."""

WORK = 1 << 26
"""Multiplications of a chunk, about: it bounds the memory that the reference takes."""


def scores(net: Net, x: npt.ArrayLike, progress: Callable[[int, int], None] | None = None) -> Codes:
    """Scores of the classes by `bittrue.ref`: the accumulators of the last layer.

    Parameters
    ----------
    net : Net
        Takes int8 frames ``(channels, length)``, Q1.7, and gives five wide scores.
    x : int8 array (N, channels, length)
    progress : callable, optional
        Called after every chunk with the beats answered and ``N``.

    Returns
    -------
    int64 array (N, 5)
        In the order of `CLASSES`.

    Raises
    ------
    BadInput
        Where the net is of another kind, or the beats are no frames of its shape.
    """
    check(net)
    beats = np.asarray(x)
    if beats.dtype.kind != "i" or beats.shape[1:] != net.input.shape:
        raise BadInput(
            f"beats are {beats.dtype} of shape {beats.shape}; net {net.name} takes int8 (N, {_sizes(net.input.shape)})"
        )
    chunk = int(np.clip(WORK // max(1, work(net)), 1, 1024))
    found = np.zeros((len(beats), len(CLASSES)), np.int64)
    for start in range(0, len(beats), chunk):
        part = slice(start, min(start + chunk, len(beats)))
        found[part] = ref.run(net, beats[part].astype(np.int64))
        if progress:
            progress(part.stop, len(beats))
    return found


def classes(scores: npt.ArrayLike) -> Codes:
    """The class with the largest score, 0 to 4, ``(N,)`` of ``(N, 5)``; the lower one where two are equal."""
    return np.asarray(np.argmax(np.asarray(scores), axis=1), dtype=np.int64)


def check(net: Net) -> None:
    """Raises `BadInput` where a net does not take int8 frames or does not give one score a class."""
    if len(net.input.shape) != 2 or net.input.format != DATA:
        other = " (a predistorter is for `bittrue report dpd`)" if net.input.shape == (2,) else ""
        raise BadInput(f"net {net.name} takes {net.input}, not beats{other}; give a net that `bittrue train ecg` made")
    if net.output.shape != (len(CLASSES),):
        raise BadInput(f"net {net.name} puts out {net.output}; one score for each of {', '.join(CLASSES)} is needed")


def work(net: Net) -> int:
    """Multiplications of one beat."""
    return sum(macs(node.layer, net.types[node.name]) for node in net.nodes)


def _sizes(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
