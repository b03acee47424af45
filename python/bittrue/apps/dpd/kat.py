"""Known-answer vectors of a predistorter: the corners of its format; the file is `bittrue.check.known_answers`."""

from __future__ import annotations

import numpy as np

from bittrue.check.known_answers import FILE, Codes, content, read
from bittrue.num import Format

__all__ = ["FILE", "Codes", "content", "corners", "read"]


def corners(fmt: Format, seed: int = 0) -> Codes:
    """64 I/Q codes ``(64, 2)``: ends, ones and zero of the format in all combinations, alternating signs, noise."""
    ends = [fmt.lo, fmt.lo + 1, -1, 0, 1, fmt.hi]
    pairs = np.array([(i, q) for i in ends for q in ends])
    alternating = np.array([(fmt.hi, fmt.lo), (fmt.lo, fmt.hi)] * 4)
    noise = np.random.default_rng(seed).integers(fmt.lo, fmt.hi, (12, 2), endpoint=True)
    return np.concatenate([pairs, alternating, np.zeros((8, 2), np.int64), noise])
