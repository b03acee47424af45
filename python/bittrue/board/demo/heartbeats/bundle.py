"""``demo.npz`` of a net that names heartbeats: beats, what the net must say of them, and the record around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.demo.reading import FIX, check_codes, read
from bittrue.errors import BadInput

FORMAT, VERSION = "bittrue-demo-heartbeats", 1
_AXES = {"codes": 3, "expected": 2, "labels": 1, "positions": 1, "signal": 1}
"""Axes of the arrays of integers in the file."""
_CLASSES = 16
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Heartbeats:
    """The content of ``demo.npz``.

    Parameters
    ----------
    net, hash : str
        Name and content hash of the net.
    title : str
        Whose beats they are.
    classes : tuple of str
        Names of the classes, in the order of the net's results.
    rate : float
        Samples of ``signal`` a second.
    codes : int array (N, *shape)
        Beats as the net sees them.
    expected : int array (N, classes)
        What the reference makes of them.
    labels : int array (N,)
        Class of each beat by its annotation, -1 where nobody said.
    positions : int array (N,)
        Its sample of ``signal``; ascending.
    signal : int array (samples,)
        Microvolts of one lead.
    """

    net: str
    hash: str
    title: str
    classes: tuple[str, ...]
    rate: float
    codes: Codes
    expected: Codes
    labels: Codes
    positions: Codes
    signal: Codes


def load(path: str | Path) -> Heartbeats:
    """Read ``demo.npz``. Raises `BadInput` where it is missing, damaged, of another demo, or cannot be played."""
    about, arrays = read(path, (FORMAT, VERSION), {name: ("iu", axes) for name, axes in _AXES.items()})
    found = Heartbeats(
        net=about.text("net"),
        hash=about.text("hash"),
        title=about.text("title"),
        classes=about.texts("classes", _CLASSES),
        rate=about.number("rate", 1, 1e6),
        **{name: arrays[name].astype(np.int64) for name in _AXES},
    )
    _check(found, f"demo data {path}")
    return found


def check(found: Heartbeats, manifest: Any) -> None:
    """Raise `BadInput` unless the demo data were made for the net of an overlay's manifest, and are codes of its."""
    check_codes(found, manifest)


def _check(found: Heartbeats, what: str) -> None:
    """Raise `BadInput` where the arrays do not belong together."""
    count, classes = len(found.codes), len(found.classes)
    alike = len(found.labels) == len(found.positions) == count and found.expected.shape == (count, classes)
    if not (count and classes and alike):
        raise BadInput(
            f"{what}: {count} beats, {len(found.labels)} labels, {len(found.positions)} positions and results "
            f"{found.expected.shape} of {classes} classes do not belong together; {FIX}"
        )
    inside = found.positions.min() >= 0 and found.positions.max() < len(found.signal)
    if not inside or (np.diff(found.positions) < 0).any() or found.labels.min() < -1 or found.labels.max() >= classes:
        raise BadInput(f"{what}: positions or labels lie outside of the record or the classes; {FIX}")
