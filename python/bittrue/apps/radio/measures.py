"""What a predicted map is worth: NMSE, RMSE, SSIM, PSNR over the whole map, and dB of path loss over its streets.

Grey levels are scaled to 0 to 1, and that is the data range of SSIM and PSNR, whatever a map holds. Buildings are black
in truth and count in the first four, as in the published tables. ``NMSE = sum (p - t)^2 / sum t^2``,
``RMSE = sqrt(mean (p - t)^2)``, ``PSNR = -20 log10 RMSE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.propagation.grey import DB_PER_UNIT
from bittrue.apps.radio.ssim import ssim

RANGE = 1.0
"""Data range of SSIM and PSNR."""
HIGHEST = 99.0
"""PSNR in dB that stands for equal pictures."""


@dataclass(frozen=True)
class Measures:
    """Of one map, or means over several.

    Parameters
    ----------
    nmse, rmse, ssim : float
    psnr : dB
    street_rmse, street_bias : dB of path loss
        Root mean square and mean of the error over street pixels; positive where too much power is predicted.
    """

    nmse: float
    rmse: float
    ssim: float
    psnr: float
    street_rmse: float
    street_bias: float

    @property
    def nmse_db(self) -> float:
        """NMSE in dB."""
        return float(10 * np.log10(max(self.nmse, 1e-12)))


def judge(truth: Levels, predicted: Levels, buildings: Levels) -> Measures:
    """Of one prediction, all uint8 (H, W)."""
    t, p = truth / 255.0, predicted / 255.0
    square = (p - t) ** 2
    error = float(square.mean())
    energy = float((t**2).sum())
    street = buildings == 0
    difference = (p - t)[street] * DB_PER_UNIT
    psnr = min(HIGHEST, 10 * np.log10(RANGE**2 / error)) if error else HIGHEST
    return Measures(
        float(square.sum()) / energy if energy else float(error > 0),
        error**0.5,
        ssim(t, p, RANGE),
        float(psnr),
        float(np.sqrt((difference**2).mean())) if street.any() else 0.0,
        float(difference.mean()) if street.any() else 0.0,
    )


def mean(found: Iterable[Measures]) -> Measures:
    """The mean of each over maps, as the published tables take it."""
    rows: Sequence[Measures] = list(found)
    return Measures(*(float(np.mean([getattr(row, f.name) for row in rows])) for f in fields(Measures)))
