"""When beats are where in a pipeline that nothing stalls.

Clocks are int64 arrays ``(samples, beats)``, counted from the first clock at the net's inputs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.lower.layout import Layout

Clocks = npt.NDArray[np.int64]


def paced(ready: Clocks, interval: int | Clocks) -> Clocks:
    """The earliest clocks at which what is ready in this order can go on.

    ``interval`` clocks lie between two at least; as an array ``(beats,)``, so many after each beat of a sample.
    """
    flat = ready.ravel()
    gaps = np.broadcast_to(np.asarray(interval, np.int64), ready.shape).ravel()
    slots = np.cumsum(gaps) - gaps
    return np.asarray(np.maximum.accumulate(flat - slots) + slots, np.int64).reshape(ready.shape)


def source(layout: Layout, first: int, clocks: int, samples: int) -> Clocks:
    """When the beats of an input come: a sample every ``clocks`` clocks from clock ``first`` on, its positions evenly,
    and the beats of a position one after another."""
    starts = np.arange(samples, dtype=np.int64)[:, np.newaxis] * clocks
    positions = np.arange(layout.positions, dtype=np.int64) * (clocks // layout.positions)
    beats = positions[:, np.newaxis] + np.arange(layout.beats)
    return first + starts + beats.reshape(1, -1)
