"""One radio map with what it was computed from, as the files have it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bittrue.apps.radio.data import png
from bittrue.apps.radio.data.png import Levels
from bittrue.errors import BadInput

MARKS = 9
"""Most pixels that a transmitter is drawn with."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A city, a transmitter in it, and what is received.

    Parameters
    ----------
    number, transmitter : int
        As the files are named.
    buildings, antenna, truth, third : uint8 (256, 256)
        Grey levels; buildings and antenna 0 or 255.
    row, column : int
        Pixel of the transmitter.
    """

    number: int
    transmitter: int
    buildings: Levels
    antenna: Levels
    truth: Levels
    third: Levels
    row: int
    column: int

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"{self.number}_{self.transmitter}.png"


def place(antenna: Levels, path: Path) -> tuple[int, int]:
    """Row and column of the transmitter of a picture. Raises `BadInput` where it shows none."""
    brightest = int(antenna.max())
    marks = np.argwhere(antenna == brightest)
    if brightest == 0 or len(marks) > MARKS:
        what = "black" if brightest == 0 else f"of grey {brightest} in {len(marks):,} pixels"
        raise BadInput(f"antenna image {path} is {what} and shows no transmitter; one white pixel on black is needed")
    row, column = marks[len(marks) // 2]
    return int(row), int(column)


def buildings(path: Path) -> Levels:
    """A picture of buildings, made 0 and 255. Raises `BadInput` for one that is not black and white."""
    levels = png.read(path, "building image")
    values = np.unique(levels)
    if len(values) > 2 or values[0] != 0:
        raise BadInput(
            f"building image {path} has {len(values)} grey levels from {values[0]}; it needs black streets and one "
            f"level for buildings"
        )
    return np.where(levels > 0, 255, 0).astype(np.uint8)
