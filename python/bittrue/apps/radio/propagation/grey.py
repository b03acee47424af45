"""Grey levels of the maps and the path loss they stand for.

``f = max((PL - PL_TRUNC) / (PL_MAX - PL_TRUNC), 0)``, ``grey = 255 f``, with path loss as a gain in dB (negative).
After Yapar et al., "Dataset of pathloss and ToA radio maps with localization application", arXiv:2212.11777.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PL_MAX, PL_TRUNC = -47.84, -147.0
"""Gain in dB of white (255) and of black (0)."""
NOISE_FLOOR = 0.2
"""Share of white below which a receiver of the data set hears nothing: -127 dB."""
DB_PER_UNIT = PL_MAX - PL_TRUNC
"""dB between black and white: 99.16."""


def levels(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """The nearest of the 256 levels (half upward), black and white where ``values`` (in levels) lie beyond."""
    return np.asarray(np.clip(np.floor(values + 0.5), 0, 255), np.uint8)


def decibel(levels_: npt.NDArray[np.floating] | npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Gain in dB of grey levels, 0 to 255."""
    return np.asarray(PL_TRUNC + DB_PER_UNIT / 255 * np.asarray(levels_, np.float64))


def from_decibel(gain: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Grey levels of a gain in dB, not yet rounded or cut."""
    return np.asarray((np.asarray(gain, np.float64) - PL_TRUNC) * (255 / DB_PER_UNIT))
