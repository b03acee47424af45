"""Maps alone, held in memory, for an autoencoder: whole or in crops, in one of eight symmetries."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data.maps import RadioMaps
from bittrue.apps.radio.data.png import SIDE
from bittrue.apps.radio.hardware.examples import turned
from bittrue.apps.radio.hardware.inputs import Codes, folded
from bittrue.bars import Step
from bittrue.limits import take

Keys = Sequence[tuple[int, int]]
"""Map and transmitter of each."""


class Pictures:
    """Maps of a folder, in the order of its keys.

    Parameters
    ----------
    maps : RadioMaps
    step : callable
        Told how many are read.

    Raises `BadInput` where they do not fit into memory, or one cannot be read.
    """

    def __init__(self, maps: RadioMaps, step: Step) -> None:
        self.keys = maps.keys
        count = len(self.keys)
        take(SIDE * SIDE * count, f"{count:,} radio maps")
        self.truth = np.empty((count, SIDE, SIDE), np.uint8)
        for index in range(count):
            step("reading maps", index, count)
            self.truth[index] = maps.scene(index).truth

    def __len__(self) -> int:
        return len(self.keys)

    def batch(
        self, indices: Sequence[int], symmetries: Sequence[int], corners: Sequence[tuple[int, int]], side: int
    ) -> Codes:
        """Folded codes ``level - 128``, int8 ``(N, 4, side / 2, side / 2)``, of crops at corners (row, column)."""
        crops = [
            turned(self.truth[index], symmetry)[row : row + side, column : column + side]
            for index, symmetry, (row, column) in zip(indices, symmetries, corners, strict=True)
        ]
        return folded((np.stack(crops)[:, None] ^ 128).view(np.int8))

    @property
    def digest(self) -> str:
        """SHA-256 of everything that batches are made of."""
        total = hashlib.sha256(repr(self.keys).encode())
        total.update(self.truth.data)
        return total.hexdigest()


def parted(keys: Keys, held: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices of maps to train on, and of those of the last ``held`` cities."""
    numbers = np.array([number for number, _ in keys])
    last = np.unique(numbers)[-held:]
    inside = np.isin(numbers, last)
    return np.flatnonzero(~inside), np.flatnonzero(inside)
