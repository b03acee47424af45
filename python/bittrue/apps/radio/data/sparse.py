"""Sparse samples: measured levels at some pixels of the streets, for nets that complete a map.

Places along buildings and at their corners are computed here from the picture of the buildings. (The published loaders
read pictures of masks that were never published with them.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.propagation.corners import corners


def candidates(buildings: Levels, places: str) -> npt.NDArray[np.int64]:
    """Flat indices of the free pixels where samples may be taken: all (``random``), ``edge`` or ``vertex``."""
    built = buildings > 0
    if places == "vertex":
        found = corners(built).astype(np.int64)
        return np.asarray(found[:, 0] * built.shape[1] + found[:, 1])
    allowed = ~built
    if places == "edge":
        allowed &= ndimage.binary_dilation(built, np.ones((3, 3), np.bool_))
    return np.flatnonzero(allowed).astype(np.int64)


def sampled(
    truth: Levels, buildings: Levels, places: str, masked: bool, bounds: tuple[int, int], random: np.random.Generator
) -> Levels:
    """The truth at the samples and 0 elsewhere, uint8 (H, W).

    Parameters
    ----------
    places : str
        See `candidates`.
    masked : bool
        All places of that kind; else for ``edge`` and ``vertex`` as many anywhere, for ``random`` a number of them
        drawn from ``bounds``, both included.
    """
    chosen = candidates(buildings, places)
    if not masked:
        number = int(random.integers(bounds[0], bounds[1] + 1)) if places == "random" else len(chosen)
        free = candidates(buildings, "random")
        chosen = random.choice(free, min(number, len(free)), replace=False)
    samples = np.zeros(truth.size, np.uint8)
    samples[chosen] = truth.reshape(-1)[chosen]
    return samples.reshape(truth.shape)
