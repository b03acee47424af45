"""Splits by city map: no city is in two parts, whatever its transmitters.

The published code shuffles the numbers 0 to 699 (NumPy's legacy generator, seed 42); position p holds map ``order[p]
+ 1``. Here positions 0 to 499 train, 500 to 599 validate, 600 to 699 test, as RadioUNet meant it. Published ranges
overlap: 0 to 600, 501 to 600 and 600 to 699, ends included. A map outside 1 to 700 trains. ``A-B`` are the maps
numbered A to B, and ``A`` is the one, for folders that are no full set.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from bittrue.errors import BadInput, shown
from bittrue.kit.schema import nearest

MAPS = 700
PARTS = {"train": (0, 499), "val": (500, 599), "test": (600, 699)}
PUBLISHED = {"train": (0, 600), "val": (501, 600), "test": (600, 699)}
"""First and last position of a part."""
CHOICES = ("all", *PARTS, *(f"published-{part}" for part in PUBLISHED))
WARNING = (
    "the published split overlaps: positions 501 to 600 are in train and in val, 600 is in train and in test; figures "
    "on them are of maps that were trained on"
)


@cache
def positions() -> dict[int, int]:
    """Position of every map from 1 to 700 in the published order."""
    order = np.arange(MAPS, dtype=np.int16)
    np.random.RandomState(42).shuffle(order)
    return {int(number) + 1: place for place, number in enumerate(order)}


def holds(split: str, number: int) -> bool:
    """Whether a map belongs to a split: of `CHOICES`, ``A-B`` or ``A``. Raises `BadInput` for another."""
    if match := re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", split):
        return int(match[1]) <= number <= int(match[2] or match[1])
    if split not in CHOICES:
        near = nearest(split, CHOICES)
        raise BadInput(
            f"split {shown(split)} is unknown; choose {', '.join(CHOICES)}, or map numbers as 11-37 or 11{near}"
        )
    if split == "all":
        return True
    table, part = (PUBLISHED, split.removeprefix("published-")) if split.startswith("published-") else (PARTS, split)
    first, last = table[part]
    return first <= positions().get(number, 0) <= last
