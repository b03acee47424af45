"""Published names of data, as ``data.name`` of a configuration has them, and what each shows the net.

The third channel of the condition is the buildings once more, the cars, the k2 picture, or sparse samples; the second
is the transmitter, or the samples too where the transmitter is unknown. k2 is computed from the very map that is to be
predicted (the sign of its Laplacian): whoever trains on it lets the net see the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.errors import BadInput, shown
from bittrue.kit.schema import nearest


@dataclass(frozen=True)
class Data:
    """What a name means.

    Parameters
    ----------
    gain : str
        Folder below gain/ that holds the truth.
    third : str
        Third channel: ``buildings``, ``cars``, ``k2`` or ``samples``.
    places : str
        Where samples are taken: ``random`` anywhere on streets, ``edge`` along buildings, ``vertex`` at their corners.
    masked : bool
        Whether samples take all such places; else as many random ones.
    blind : bool
        Whether the transmitter is not shown: the samples stand in the second channel too.
    """

    gain: str
    third: str = "buildings"
    places: str = ""
    masked: bool = False
    blind: bool = False

    @property
    def k2(self) -> str:
        """Folder of the k2 pictures."""
        return f"gain/{self.gain}_k2_neg_norm"


NAMES = {
    "radio": Data("DPM"),
    "DPM": Data("DPM"),
    "IRT2": Data("IRT2"),
    "IRT4": Data("IRT4"),
    "DPMCAR": Data("carsDPM", "cars"),
    "IRT2CAR": Data("carsIRT2", "cars"),
    "IRT4CAR": Data("carsIRT4", "cars"),
    "DPMK": Data("DPM", "k2"),
    "IRT4K": Data("IRT4", "k2"),
    "DPMCARK": Data("carsDPM", "k2"),
    "SPARSE": Data("DPM", "samples", "random"),
    "MASK": Data("DPM", "samples", "edge", True, True),
    "MASK_R": Data("DPM", "samples", "edge", False, True),
    "VERTEX": Data("DPM", "samples", "vertex", True, True),
    "VERTEX_R": Data("DPM", "samples", "vertex", False, True),
    "RANDOM": Data("DPM", "samples", "random", False, True),
}
"""By name: the published ones, and DPM, IRT2, IRT2CAR, IRT4CAR, SPARSE beside them."""


def data(name: str) -> Data:
    """What a name means. Raises `BadInput` for an unknown one, with the nearest."""
    if name == "edge":
        raise BadInput("data name 'edge' is that of pictures of edges and no radio maps; choose another")
    if name not in NAMES:
        raise BadInput(f"data name {shown(name)} is unknown; choose {', '.join(NAMES)}{nearest(name, NAMES)}")
    return NAMES[name]
