"""Where branches of a net meet: how long the early ones wait, and the queues that hold what they bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bittrue.lower.clocks import Clocks

SLACK = 3
"""Clocks of a queue in front of an input."""

ALWAYS = -(1 << 40)
"""The clock from which on constants come: they wait where they come from."""

Taken = Callable[[Sequence[Clocks]], Sequence[Clocks]]


def together(sources: Sequence[Clocks]) -> list[Clocks]:
    """When beats are taken that are taken together."""
    return [np.maximum.reduce(list(sources))] * len(sources)


def meeting(
    sources: Sequence[Clocks], taken: Taken, interval: int, held: int = 0
) -> tuple[list[Clocks], tuple[int, ...]]:
    """When the beats of several branches are taken, and the places of a queue in front of each branch.

    ``interval`` clocks lie between two beats of a branch at least; one may wait ``interval - 2`` clocks where it is
    without delaying the next. Where one waits longer, its branch
    gets a queue, which takes ``SLACK`` clocks itself. What is taken may be ``held`` back so many clocks more by those
    that take the result. Such a queue never fills: in the pipeline that nothing stalls it
    holds all that ever waits, and a stall cannot make a branch bring more than that before the others go on.
    """
    patience, queued = max(0, interval - 2), [False] * len(sources)
    while True:
        times = [source + SLACK * waits for source, waits in zip(sources, queued, strict=True)]
        gone = list(taken(times))
        early = [
            waits or (come[0, 0] >= 0 and int((last - come).max()) > patience)
            for come, last, waits in zip(sources, gone, queued, strict=True)
        ]
        if early == queued:
            branches = zip(sources, gone, queued, strict=True)
            places = [_places(come, last + held, interval) if waits else 0 for come, last, waits in branches]
            return gone, tuple(places)
        queued = early


def _places(source: Clocks, taken: Clocks, interval: int) -> int:
    """Most beats of a branch that wait at a time."""
    if source.shape[1] == 1:
        return -(-int((taken - source).max()) // interval)
    come = np.searchsorted(source.ravel(), taken.ravel(), side="left")
    return max(1, int((come - np.arange(taken.size)).max()))
