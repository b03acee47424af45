"""Maps to train and look at, held in memory: what a net sees of each, and the truth."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data.maps import RadioMaps
from bittrue.apps.radio.data.png import SIDE, Levels
from bittrue.apps.radio.hardware.inputs import HALF, WHITE, Codes, Inputs, assembled, distance, folded
from bittrue.bars import Step
from bittrue.limits import take

BYTES = SIDE * SIDE * 9 // 8 + HALF * HALF
"""Memory of one map."""
SYMMETRIES = 8
"""Quarter turns 0 to 3, and the same of the mirrored map."""


class Examples:
    """Maps of a folder, in the order of its keys.

    Parameters
    ----------
    maps : RadioMaps
    step : callable
        Told how many are read.

    Raises `BadInput` where they do not fit into memory, or one cannot be read or stands in a building.
    """

    def __init__(self, maps: RadioMaps, step: Step) -> None:
        count = len(maps)
        take(BYTES * count, f"{count:,} radio maps")
        self.keys = maps.keys
        self.truth = np.empty((count, SIDE, SIDE), np.uint8)
        self._sight = np.empty((count, SIDE * SIDE // 8), np.uint8)
        self._way = np.empty((count, HALF, HALF), np.int8)
        self._place = np.empty((count, 2), np.int64)
        self._built: dict[int, npt.NDArray[np.bool_]] = {}
        seen: Inputs | None = None
        for index, (number, _) in enumerate(self.keys):
            step("reading maps", index, count)
            found = maps.scene(index)
            if number not in self._built:
                self._built[number] = found.buildings > 0
                seen = Inputs(self._built[number])
            assert seen is not None  # keys are sorted by city
            sight, self._way[index] = seen.pictures(found.row, found.column)
            self._sight[index] = np.packbits(sight > 0)
            self.truth[index] = found.truth
            self._place[index] = found.row, found.column

    def __len__(self) -> int:
        return len(self.keys)

    def batch(self, indices: Sequence[int], symmetries: Sequence[int]) -> tuple[Codes, Levels, npt.NDArray[np.bool_]]:
        """Inputs int8 ``(N, 13, 128, 128)``, truth uint8 and streets bool, folded as results are, ``(N, 4, 128, 128)``.

        Each map is in one of the `SYMMETRIES`.
        """
        inputs, truths, streets = [], [], []
        for index, symmetry in zip(indices, symmetries, strict=True):
            built = self._built[self.keys[index][0]]
            sight = np.where(np.unpackbits(self._sight[index]).reshape(SIDE, SIDE), WHITE, 0).astype(np.int8)
            far = distance(*self._place[index].tolist())
            built, far, sight, way = (turned(one, symmetry) for one in (built, far, sight, self._way[index]))
            inputs.append(assembled(built, far, sight, way))
            truths.append(folded(turned(self.truth[index], symmetry)[None]))
            streets.append(folded(~built[None]))
        return np.stack(inputs), np.stack(truths), np.stack(streets)

    @property
    def digest(self) -> str:
        """SHA-256 of everything that batches are made of."""
        total = hashlib.sha256(repr(self.keys).encode())
        for array in (self.truth, self._sight, self._way, self._place, *self._built.values()):
            total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()


def turned(picture: npt.NDArray[Any], symmetry: int) -> npt.NDArray[Any]:
    """A picture ``(H, W)`` turned by so many quarters, and from 4 on mirrored before."""
    return np.rot90(picture[:, ::-1] if symmetry >= 4 else picture, symmetry % 4)
