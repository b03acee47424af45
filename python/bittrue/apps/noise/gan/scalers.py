"""Scalers to -1 to 1, whose inverse is that of the training set.

The origin inverts ``global_min_max`` with the extremes of what was generated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Scaler:
    """``y = (x - centre) / half``, ``x = centre + half * y``; constant features stay what they are.

    Parameters
    ----------
    centre, half : arrays (1, C, ...)
        float32, of every feature (``feature_...``) or of every channel (``global_...``).
    """

    def __init__(self, centre: Array, half: Array) -> None:
        self.centre, self.half = centre, half

    @classmethod
    def fitted(cls, x: Array, kind: str) -> Scaler:
        """Of values ``(N, C, ...)``. ``min_max`` takes both extremes to -1 and 1, ``max_abs`` leaves zero at zero."""
        axes = 0 if kind.startswith("feature") else (0, *range(2, x.ndim))
        if kind == "none":
            low, high = np.full((1,) * x.ndim, -1.0, np.float32), np.full((1,) * x.ndim, 1.0, np.float32)
        else:
            low, high = x.min(axis=axes, keepdims=True), x.max(axis=axes, keepdims=True)
        if kind.endswith("max_abs"):
            high = np.maximum(np.abs(low), np.abs(high))
            low = -high
        return cls((low / 2 + high / 2).astype(np.float32), (high / 2 - low / 2).astype(np.float32))

    def transform(self, x: Array) -> Array:
        """To -1 to 1, in place of float32 values."""
        x -= self.centre
        x /= np.where(self.half > 0, self.half, 1)
        return x

    def inverse(self, y: Array) -> Array:
        """Back, as float32."""
        return np.asarray(y * self.half + self.centre, np.float32)

    limit = 1.0
    """Largest magnitude of what `transform` gives."""

    def arrays(self) -> dict[str, Array]:
        """For a file."""
        return {"centre": self.centre, "half": self.half}
