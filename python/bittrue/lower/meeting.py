"""Where branches of a net meet: how long the early ones wait, and the queues that hold what they bring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bittrue.lower.frames import Clocks

SLACK = 3
"""Clocks of a queue in front of an input."""


def meeting(sources: Sequence[Clocks], interval: int) -> tuple[Clocks, tuple[int, ...]]:
    """When transfers of several branches are there together, and the places of a queue in front of each branch.

    A transfer may wait ``interval - 2`` clocks where it is without delaying the next one. Where one waits longer, its
    branch gets a queue, which takes ``SLACK`` clocks itself.
    """
    queued = [False] * len(sources)
    while True:
        times = [source + SLACK * waits for source, waits in zip(sources, queued, strict=True)]
        latest = np.maximum.reduce(times)
        early = [
            waits or int((latest - source).max()) > interval - 2 for source, waits in zip(sources, queued, strict=True)
        ]
        if early == queued:
            places = [
                _places(source, latest, interval) if waits else 0 for source, waits in zip(sources, queued, strict=True)
            ]
            return latest, tuple(places)
        queued = early


def _places(source: Clocks, taken: Clocks, interval: int) -> int:
    """Most transfers of a branch that wait at a time."""
    if source.shape[1] == 1:
        return -(-int((taken - source).max()) // interval)
    come = np.searchsorted(source.ravel(), taken.ravel(), side="left")
    return int((come - np.arange(taken.size)).max())
