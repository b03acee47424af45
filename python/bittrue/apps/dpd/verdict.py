"""Additions to ``make sim`` for a predistorter: measured data, and what the net does for the amplifier."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd import closed_loop, float_net
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Metrics
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]


def metric_rows(net: Net, folder: Path, capture: Capture, amplifier: pa.Twin) -> Iterator[tuple[str, Metrics]]:
    """Without predistortion, with the float parent where there is one, with the integer net: through the twin, on the
    test split."""
    yield "no predistortion", closed_loop.judge(capture, amplifier)
    if (folder / float_net.FILE).exists():
        parameters = float_net.load(folder / float_net.FILE, net)
        yield f"{net.name}, float", closed_loop.judge(capture, amplifier, closed_loop.floating(net, parameters))
    yield f"{net.name}, integer", closed_loop.judge(capture, amplifier, closed_loop.integer(net))


def draw(net: Net, capture: Capture, amplifier: pa.Twin, folder: str | os.PathLike[str]) -> Path:
    """Write the picture of the integer net's effect to ``<folder>/<net>.png`` and return its path.

    Raises `BadInput` where ``folder``, which must be there, cannot be written.
    """
    from bittrue.apps.dpd import picture

    path = Path(folder) / f"{net.name}.png"
    picture.draw(path, capture, amplifier, closed_loop.integer(net), f"{net.name} (integer)")
    return path


def is_predistorter(net: Net) -> bool:
    """Whether a net maps I/Q to I/Q."""
    return net.input.shape == net.output.shape == (2,)


def load(net: Net) -> tuple[Capture, Codes]:
    """The capture, and its input as codes of the net's input."""
    capture = data.load()
    return capture, net.input.format.encode(data.to_iq(capture.inputs["test"]))
