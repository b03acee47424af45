"""The k2 picture of a map: where its field, taken for a solution of the Helmholtz equation, has negative k squared.

With u the received power in watts (23 dBm sent) and L its discrete Laplacian, ``k2 = min((L + s u) / u, 0)``, s 1 at
the transmitter; stretched so that the least is 0 and 0 is 255, the margin of one pixel 255. After the description of
RadioDiff-k2 (arXiv:2504.15623). It is computed from the map itself and is no input that one has before predicting.
"""

from __future__ import annotations

import numpy as np

from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.propagation.grey import decibel

SENT = 23.0 - 30.0
"""Power of the transmitter, dBW."""


def k2(truth: Levels, antenna: Levels) -> Levels:
    """The picture, uint8 (H, W)."""
    u = 10 ** ((SENT + decibel(truth)) / 10)
    centre = u[1:-1, 1:-1]
    neighbours = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
    source = antenna[1:-1, 1:-1] / 255 * centre
    negative = np.minimum((neighbours - 4 * centre + source) / centre, 0)
    span = float(negative.max() - negative.min())
    inner = (negative - negative.min()) / span if span else np.ones_like(negative)
    return np.pad((255 * inner).astype(np.uint8), 1, constant_values=255)
