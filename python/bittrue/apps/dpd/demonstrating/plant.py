"""The amplifier and the signal of the demo as plain numbers: of a capture, or stored ones where there is none.

The stored ones (``plant.json``) are the GMP twin of `bittrue.apps.dpd.captures.data.DEFAULT` and three figures of its
signal, so that the demo runs without the capture. ``write_stored`` makes the file anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.captures.data import Capture, to_complex, to_iq
from bittrue.apps.dpd.closed_loop import warmed
from bittrue.apps.dpd.metrics import Channel, Complex
from bittrue.errors import BadInput
from bittrue.files import write_whole

FILE = "plant.json"
STORED = "stored"
"""The name of the stored numbers, where a capture's name may stand."""


@dataclass(frozen=True, eq=False)
class Plant:
    """What stands behind the predistorter, and what is sent through it.

    Parameters
    ----------
    capture : str
        Name of the capture that the numbers come from.
    channel : Channel
    terms : int array (T, 3)
        ``(p, m, l)`` of the polynomial's terms (`bittrue.apps.dpd.amplifiers.gmp.Structure`).
    coefficients : complex array (T,)
    peak : float
        Largest drive.
    top : float
        Largest output, ``gain * peak``: the scale of the drift (`bittrue.apps.dpd.thermal.thermal.Drifted`).
    rms, signal_peak : float
        Of the captured test signal.
    tested : complex array (512 + N,)
        The captured test signal with the 512 samples before it; empty where only the numbers are known.
    """

    capture: str
    channel: Channel
    terms: npt.NDArray[np.int64]
    coefficients: Complex
    peak: float
    top: float
    rms: float
    signal_peak: float
    tested: Complex = field(default_factory=lambda: np.empty(0, complex))

    @property
    def title(self) -> str:
        """What the amplifier model is, in a line."""
        return f"memory polynomial of {len(self.terms)} terms, fitted to the capture {self.capture}"


def of(capture: Capture) -> Plant:
    """The plant of a capture: its GMP twin, and its test split."""
    twin = pa.fit(capture)
    x, _ = warmed(capture, "test")
    test = capture.inputs["test"]
    return Plant(
        capture=capture.name,
        channel=capture.channel,
        terms=np.array(twin.structure.terms, dtype=np.int64),
        coefficients=twin.coefficients,
        peak=twin.peak,
        top=capture.gain * capture.peak,
        rms=float(np.sqrt(pa.power(test))),
        signal_peak=float(abs(test).max()),
        tested=x,
    )


def find(name: str) -> tuple[Plant, str]:
    """The plant of a capture by its name, and a remark: the stored one where the default capture is not installed.

    Raises `BadInput` as `bittrue.apps.dpd.captures.data.load` does, for any other name than the default one.
    """
    if name == STORED:
        return stored(), ""
    try:
        return of(data.load(name)), ""
    except BadInput as error:
        if name != data.DEFAULT:
            raise
        return stored(), f"{error}; the demo uses stored numbers of {data.DEFAULT} and a signal of its own"


def stored() -> Plant:
    """The plant of ``plant.json``."""
    document = json.loads((resources.files(__package__) / FILE).read_text(encoding="utf-8"))
    return Plant(
        capture=document["capture"],
        channel=Channel(**document["channel"]),
        terms=np.array(document["terms"], dtype=np.int64),
        coefficients=to_complex(document["coefficients"]),
        peak=document["peak"],
        top=document["top"],
        rms=document["rms"],
        signal_peak=document["signal_peak"],
    )


def write_stored() -> None:
    """Write ``plant.json`` from the default capture: ``python -m bittrue.apps.dpd.demonstrating.plant``."""
    write_whole(str(Path(__file__).with_name(FILE)), text(of(data.load())))


def text(plant: Plant) -> str:
    """``plant.json`` of a plant."""
    values = {name: getattr(plant, name) for name in ("capture", "peak", "top", "rms", "signal_peak")}
    entries = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in values.items()]
    entries += [f' "channel": {json.dumps(vars(plant.channel))}']
    entries += [_rows("terms", plant.terms.tolist()), _rows("coefficients", to_iq(plant.coefficients).tolist())]
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _rows(name: str, rows: Sequence[Sequence[float]]) -> str:
    lines = ",\n".join("  " + ", ".join(map(json.dumps, rows[k : k + 4])) for k in range(0, len(rows), 4))
    return f' "{name}": [\n{lines}\n ]'


if __name__ == "__main__":
    write_stored()
