"""What a net must be better than: means of training maps, fitted path-loss formulas, the propagation model itself.

All know the buildings and put black where they stand. Means and formulas are fitted on the streets of training maps;
the propagation model has the constants of `bittrue.apps.radio.propagation.law.FITTED`, whatever is trained on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.propagation.dominant_path import Streets
from bittrue.apps.radio.propagation.grey import levels
from bittrue.apps.radio.propagation.law import FITTED, FITTED_ON
from bittrue.apps.radio.propagation.viewshed import Horizon, polar
from bittrue.errors import BadInput

NAMES = (
    "mean of the streets",
    "mean of the training maps",
    "path-loss formula, fitted",
    "the same, in and out of sight",
    "propagation model",
)
"""In the order of tables, the simplest first."""
NOTE = f"the propagation model's constants were fitted on {FITTED_ON}"


@dataclass(eq=False)
class _Sums:
    """Sums for a straight line g = a + b log10 d by least squares."""

    products: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, 2)))
    targets: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    def add(self, distance: npt.NDArray[np.float64], level: npt.NDArray[np.float64]) -> None:
        terms = np.stack([np.ones_like(distance), np.log10(np.maximum(distance, 1))])
        self.products += terms @ terms.T
        self.targets += terms @ level

    def line(self) -> tuple[float, float]:
        a, b = np.linalg.lstsq(self.products, self.targets, rcond=None)[0]
        return float(a), float(b)


@dataclass(frozen=True, eq=False)
class Baselines:
    """Fitted baselines.

    Parameters
    ----------
    maps : int
        Maps that they were fitted on.
    street : float
        Mean level of streets.
    mean : float64 (H, W)
        Mean of the maps over street pixels; `street` where none has a street.
    formula, sight, shadow : (float, float)
        Level at 1 m, and levels a decade: everywhere, in sight, out of sight.
    """

    maps: int
    street: float
    mean: npt.NDArray[np.float64]
    formula: tuple[float, float]
    sight: tuple[float, float]
    shadow: tuple[float, float]

    @classmethod
    def fitted(cls, scenes: Iterable[Scene]) -> Baselines:
        """On training maps. Raises `BadInput` where there is none with a street."""
        total, count = np.zeros(0), np.zeros(0)
        everywhere, seen, hidden = _Sums(), _Sums(), _Sums()
        maps = 0
        for found in scenes:
            if not maps:
                total, count = np.zeros(found.truth.shape), np.zeros(found.truth.shape)
            maps += 1
            street = found.buildings == 0
            total += np.where(street, found.truth, 0)
            count += street
            sight, distance = _view(found)
            level = found.truth.astype(np.float64)
            everywhere.add(distance[street], level[street])
            seen.add(distance[street & sight], level[street & sight])
            hidden.add(distance[street & ~sight], level[street & ~sight])
        if not maps or not count.any():
            raise BadInput(
                "there is no training map with a street to fit the baselines on; name another training split"
            )
        street_mean = float(total.sum() / count.sum())
        mean = np.where(count > 0, total / np.maximum(count, 1), street_mean)
        return cls(maps, street_mean, mean, everywhere.line(), seen.line(), hidden.line())

    def predict(self, found: Scene, streets: Streets | None = None) -> dict[str, Levels]:
        """The map by each baseline, in the order of `NAMES`.

        Parameters
        ----------
        found : Scene
            Its truth is not looked at.
        streets : Streets, optional
            Of its buildings, where they are known already.
        """
        built = found.buildings > 0
        sight, distance = _view(found)
        decades = np.log10(np.maximum(distance, 1))
        paths = (streets or Streets(built)).paths(found.row, found.column)
        line = self.formula[0] + self.formula[1] * decades
        lines = np.where(sight, self.sight[0] + self.sight[1] * decades, self.shadow[0] + self.shadow[1] * decades)
        each = (np.full(built.shape, self.street), self.mean, line, lines, FITTED.levels(paths))
        return {
            name: np.where(built, 0, levels(level)).astype(np.uint8) for name, level in zip(NAMES, each, strict=True)
        }


def _view(found: Scene) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """What the transmitter sees, and how far every pixel is."""
    horizon = Horizon(found.buildings > 0, 2048)
    _, distance = polar(horizon.shape, found.row, found.column, horizon.rays)
    return horizon.seen(found.row, found.column), distance.astype(np.float64)
