"""Where branches of a net meet: how long the early ones wait, and the queues that hold what they bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bittrue.lower import slack
from bittrue.lower.clocks import Clocks
from bittrue.lower.slack import Slack

ALWAYS = -(1 << 40)
"""The clock from which on constants come: they wait where they come from."""

Taken = Callable[[Sequence[Clocks]], Sequence[Clocks]]


def together(sources: Sequence[Clocks]) -> list[Clocks]:
    """When beats are taken that are taken together."""
    return [np.maximum.reduce(list(sources))] * len(sources)


def meeting(
    sources: Sequence[Clocks], bits: Sequence[int], taken: Taken, interval: int, held: int = 0
) -> tuple[list[Clocks], tuple[Slack | None, ...]]:
    """When the beats of several branches, of so many ``bits``, are taken, and the queue in front of each branch.

    ``interval`` clocks lie between two beats of a branch at least; one may wait ``interval - 2`` clocks where it is
    without delaying the next. Where one waits longer, its branch gets a queue, which takes `Slack.clocks` itself: more
    of them where it is so deep that it is block RAM. What is taken may be ``held`` back so many clocks more by those
    that take the result. Such a queue never fills: in the pipeline that nothing stalls it holds all that ever waits,
    and a stall cannot make a branch bring more than that before the others go on.
    """
    patience = max(0, interval - 2)
    queues: list[Slack | None] = [None] * len(sources)
    while True:
        clocks = [queue.clocks if queue else 0 for queue in queues]
        times = [source + late for source, late in zip(sources, clocks, strict=True)]
        gone = list(taken(times))
        found: list[Slack | None] = []
        for source, come, last, wide, queue in zip(sources, times, gone, bits, queues, strict=True):
            if queue:
                places = _places(source, last + held, interval)
                found.append(Slack(places, wide, queue.deep or slack.is_deep(places + 1, wide)))
            else:
                early = come[0, 0] >= 0 and int((last - come).max()) > patience
                found.append(Slack(0, wide) if early else None)
        if [queue.clocks if queue else 0 for queue in found] == clocks:
            return gone, tuple(found)
        queues = found


def _places(source: Clocks, taken: Clocks, interval: int) -> int:
    """Most beats of a branch that wait at a time."""
    if source.shape[1] == 1:
        return -(-int((taken - source).max()) // interval)
    come = np.searchsorted(source.ravel(), taken.ravel(), side="left")
    return max(1, int((come - np.arange(taken.size)).max()))
