"""``demo.npz`` of a net that names heartbeats: beats, what the net must say of them, and the record around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.entries import Entries
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.readers import json_document, npz

FORMAT, VERSION = "bittrue-demo-heartbeats", 1
_FIX = "write it again with bittrue demo-data"
_AXES = {"about": 0, "codes": 3, "expected": 2, "labels": 1, "positions": 1, "signal": 1}
"""Axes of the arrays in the file; all but the text are integers."""
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
    if not Path(path).exists():
        raise BadInput(f"there is no {path}; write it on the PC with bittrue demo-data and copy it here")
    what = f"demo data {path}"
    arrays = npz(read_bytes(path, "demo data"), what, _FIX)
    about = Entries(json_document(str(arrays.get("about", "")).encode(), what), what, _FIX)
    version = about.get("format"), about.get("version")
    if version != (FORMAT, VERSION):
        raise BadInput(f"{path} is {shown(version)} and {(FORMAT, VERSION)} is needed; {_FIX}")
    for name, axes in _AXES.items():
        kinds = "U" if name == "about" else "iu"
        if name not in arrays or arrays[name].dtype.kind not in kinds or arrays[name].ndim != axes:
            raise BadInput(f"{what} lacks {name}, or it has another shape or type; {_FIX}")
    found = Heartbeats(
        net=about.text("net"),
        hash=about.text("hash"),
        title=about.text("title"),
        classes=about.texts("classes", _CLASSES),
        rate=about.number("rate", 1, 1e6),
        **{name: arrays[name].astype(np.int64) for name in _AXES if name != "about"},
    )
    _check(found, what)
    return found


def check(found: Heartbeats, manifest: Any) -> None:
    """Raise `BadInput` unless the demo data were made for the net of an overlay's manifest."""
    if found.hash != manifest.hash:
        raise BadInput(
            f"the demo data are for net {found.net} and the overlay holds {manifest.net}, or other weights; write them "
            f"again with bittrue demo-data"
        )


def _check(found: Heartbeats, what: str) -> None:
    """Raise `BadInput` where the arrays do not belong together."""
    count, classes = len(found.codes), len(found.classes)
    alike = len(found.labels) == len(found.positions) == count and found.expected.shape == (count, classes)
    if not (count and classes and alike):
        raise BadInput(
            f"{what}: {count} beats, {len(found.labels)} labels, {len(found.positions)} positions and results "
            f"{found.expected.shape} of {classes} classes do not belong together; {_FIX}"
        )
    inside = found.positions.min() >= 0 and found.positions.max() < len(found.signal)
    if not inside or (np.diff(found.positions) < 0).any() or found.labels.min() < -1 or found.labels.max() >= classes:
        raise BadInput(f"{what}: positions or labels lie outside of the record or the classes; {_FIX}")
