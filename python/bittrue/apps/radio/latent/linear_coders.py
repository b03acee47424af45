"""Linear coders of radio maps by a given number of values: principal components, cosines, a smaller picture.

They code squares of 8 x 8 pixels, folded as radio nets see maps (`bittrue.apps.radio.hardware.inputs.folded`): 4
channels of 4 x 4 pixels, 64 numbers ``level / 128 - 1``. Values are not rounded; only the map that comes back
is, to 8 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import fft

from bittrue.apps.radio.data.png import SIDE, Levels
from bittrue.apps.radio.hardware.inputs import folded, unfolded
from bittrue.apps.radio.propagation.grey import levels
from bittrue.errors import BadInput

SQUARE = 8
"""Pixels of a square's side."""
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Transform:
    """An orthonormal transform of squares, fitted on maps.

    Parameters
    ----------
    mean : float64 (64,)
        Of the squares.
    rows : float64 (64, 64)
        Directions, unit vectors, by falling variance; the largest element of each is positive.
    deviations : float64 (64,)
        Standard deviations along them.
    """

    mean: Values
    rows: Values
    deviations: Values

    @classmethod
    def fitted(cls, maps: Iterable[Levels]) -> Transform:
        """Principal components of the squares of maps. Raises `BadInput` where there is no map."""
        total, products, count = np.zeros(SQUARE**2), np.zeros((SQUARE**2, SQUARE**2)), 0
        for one in maps:
            found = squares(one)
            total += found.sum(0)
            products += found.T @ found
            count += len(found)
        if not count:
            raise BadInput("there is no map to fit a transform on; name another training split")
        mean = total / count
        variances, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
        rows = vectors.T[::-1]
        signs = np.sign(rows[np.arange(len(rows)), abs(rows).argmax(1)])
        return cls(mean, rows * signs[:, None], np.sqrt(np.maximum(variances[::-1], 1e-12)))

    def coded(self, one: Levels, values: int) -> Levels:
        """A map by so many values a square and back."""
        rows = self.rows[:values]
        return _joined((squares(one) - self.mean) @ rows.T @ rows + self.mean)


def squares(one: Levels) -> Values:
    """The squares of a map (256, 256), row by row, float64 (1024, 64)."""
    small = SQUARE // 2
    channels = folded(one[None]).astype(np.float64) / 128 - 1
    n = channels.shape[1] // small
    return np.ascontiguousarray(channels.reshape(4, n, small, n, small).transpose(1, 3, 0, 2, 4)).reshape(n * n, -1)


def _joined(found: Values) -> Levels:
    """The map of `squares`."""
    small, n = SQUARE // 2, SIDE // SQUARE
    channels = found.reshape(n, n, 4, small, small).transpose(2, 0, 3, 1, 4).reshape(4, n * small, n * small)
    return levels(128 * unfolded(channels) + 128)


def cosines(one: Levels, values: int) -> Levels:
    """A map by the ``values`` slowest two-dimensional cosines of every 8 x 8 square (zigzag order) and back."""
    n = SIDE // SQUARE
    blocks = one.astype(np.float64).reshape(n, SQUARE, n, SQUARE).transpose(0, 2, 1, 3)
    found = fft.dctn(blocks, axes=(2, 3), norm="ortho")
    order = sorted(np.ndindex(SQUARE, SQUARE), key=lambda at: (sum(at), max(at), at))
    kept = np.zeros((SQUARE, SQUARE))
    for at in order[:values]:
        kept[at] = 1
    back = fft.idctn(found * kept, axes=(2, 3), norm="ortho")
    return levels(back.transpose(0, 2, 1, 3).reshape(SIDE, SIDE))


def smaller(one: Levels, values: int) -> Levels:
    """A map by a smaller picture of at most ``values`` numbers a square of 8 x 8 pixels (Lanczos), and back (cubic)."""
    side = int((values * (SIDE // SQUARE) ** 2) ** 0.5)
    picture = Image.fromarray(one.astype(np.float32))
    small = picture.resize((side, side), Image.Resampling.LANCZOS)
    return levels(np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64))
