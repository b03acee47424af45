"""Additions to ``make sim`` for a predistorter: measured data, and what the net does for the amplifier."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd import closed_loop, float_net
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import INSTALL, data
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Metrics
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, Simulation
from bittrue.kit.page import Sheet
from bittrue.spec import Net

Codes = npt.NDArray[np.int64]
FIGURES = {"nmse": "NMSE dB", "evm": "EVM dB", "aclr_left": "ACLR left dBc", "aclr_right": "ACLR right dBc"}


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


def simulation(net: Net) -> Simulation | None:
    """Measured samples, and the closed loop through a model of the amplifier; None for a net that is no predistorter.

    Raises `BadInput` where no measured data is installed.
    """
    if not is_predistorter(net):
        return None
    if not importlib.util.find_spec("opendpd"):
        raise BadInput(
            f"no measured data and no figures of the amplifier, for lack of opendpd; for them run: {INSTALL}"
        )
    capture, codes = load(net)

    def judge(folder: Path, output: Path, report: Callable[[str], None]) -> Printed:
        report("fitting the model of the power amplifier")
        twin = pa.fit(capture)
        metrics = dict(metric_rows(net, folder, capture, twin))
        report("drawing")
        return _said(capture, metrics, draw(net, capture, twin, output))

    return Simulation(codes, judge)


def _said(capture: Capture, metrics: Mapping[str, Metrics], path: Path) -> Printed:
    """The figures by execution, in dB and dBc, simulated."""
    yield f"{capture.name}, test split: simulated through a PA model, not an RF measurement"
    rows = [(name, *(f"{getattr(found, key):.2f}" for key in FIGURES)) for name, found in metrics.items()]
    yield Sheet("", ("", *FIGURES.values()), rows)
    yield f"ACLR: {capture.channel}"
    yield f"picture: {path}"
    figures = {name: {key: float(getattr(found, key)) for key in FIGURES} for name, found in metrics.items()}
    numbers = {"capture": capture.name, "channel": str(capture.channel), "simulated": figures, "picture": str(path)}
    yield Result(numbers, [path])


def load(net: Net) -> tuple[Capture, Codes]:
    """The capture, and its input as codes of the net's input."""
    capture = data.load()
    return capture, net.input.format.encode(data.to_iq(capture.inputs["test"]))
