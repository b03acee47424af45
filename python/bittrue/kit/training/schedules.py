"""Learning rates over the course of a training, relative to the highest."""

from __future__ import annotations

import math

START = 1 / 25
"""Where a rate that rises begins."""


def half_cosine(done: float, total: float = 1.0) -> float:
    """``(1 + cos(pi * done / total)) / 2``: 1 at the start, 0 at the end."""
    return 0.5 * (1 + math.cos(math.pi * done / total))


def warmed_cosine(turn: float, warm: float) -> float:
    """Half a cosine up from `START` over the share ``warm`` of the turns 0 to 1, then one down to 0."""
    if turn < warm:
        return START + (1 - START) * 0.5 * (1 - math.cos(math.pi * turn / warm))
    return half_cosine(turn - warm, max(1e-9, 1 - warm))
