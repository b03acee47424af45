"""Rhythm as signals: what the distances between beats look like as channels of a net's input."""

from __future__ import annotations

import numpy as np

from bittrue.apps.ecg.beats.front_end import ratio, running_rank
from bittrue.apps.ecg.beats.records import Codes

SECOND = 0.8
"""Seconds of the interval that a ``rate`` of 0 stands for."""


def intervals(positions: Codes) -> Codes:
    """``r[k] = p[k] - p[k - 1]`` in samples; the first, which nobody knows, equals the second."""
    if len(positions) < 2:
        return np.ones(len(positions), dtype=np.int64)
    first = positions[1] - positions[0]
    return np.diff(positions, prepend=positions[0] - first)


def usual(positions: Codes, memory: int, percent: int = 50) -> Codes:
    """The usual interval at each beat: of the last ``memory`` intervals up to its own, the one of that rank.

    50 percent are the median. Ectopic beats come early: where they are many, the sinus rhythm's interval ranks higher.
    """
    return running_rank(intervals(positions), memory, percent)


def tachogram(positions: Codes, normal: Codes, length: int, width: int, after: int) -> Codes:
    """The intervals around each beat, a block of ``width`` samples each, relative to the usual one.

    Block j of ``length / width`` holds ``clamp(floor(128 * (r - m) / m + 1/2), -128, 127)`` for the interval
    ``r[k + after - blocks + 1 + j]`` and ``m = normal[k]``, from `usual`. The block of ``r[k]``, the interval that ends
    with the beat, is the one before the last ``after``. Intervals outside of the record are ``m``, which makes 0.

    Returns
    -------
    int64 array (beats, length)
    """
    own, middle = intervals(positions), normal[:, None]
    blocks = length // width
    at = np.arange(len(own))[:, None] + np.arange(after - blocks + 1, after + 1)
    inside = (at >= 0) & (at < len(own))
    known = np.where(inside, own[np.clip(at, 0, len(own) - 1)], middle)
    codes = np.repeat(ratio(known - middle, middle, 128), width, axis=1)
    return np.pad(codes, ((0, 0), (length - codes.shape[1], 0)))


def neighbours(positions: Codes, normal: Codes, length: int, before: int) -> Codes:
    """The interval that ends with the beat on the first ``before`` samples, the one that begins with it on the rest.

    Codes as in `tachogram`.

    Returns
    -------
    int64 array (beats, length)
    """
    return np.repeat(tachogram(positions, normal, 2, 1, 1), [before, length - before], axis=1)


def speed(normal: Codes, rate: int, length: int) -> Codes:
    """A constant: ``clamp(floor(128 * (m - 0.8 s) / 0.8 s + 1/2), -128, 127)`` with the usual interval ``m``.

    Returns
    -------
    int64 array (beats, length)
    """
    unit = np.full_like(normal, int(SECOND * rate))
    return np.repeat(ratio(normal - unit, unit, 128)[:, None], length, axis=1)


def pulses(positions: Codes, rate: int, seconds: float, length: int, before: int) -> Codes:
    """A train of pulses: 127 at ``before + floor((p[j] - p[k]) * length / (seconds * rate) + 1/2)`` for every beat j.

    Returns
    -------
    int64 array (beats, length)
    """
    result = np.zeros((len(positions), length), dtype=np.int64)
    span = int(seconds * rate)
    first = np.searchsorted(positions, positions - span)
    last = np.searchsorted(positions, positions + span)
    for shift in range(int((first - np.arange(len(positions))).min()), int((last - np.arange(len(positions))).max())):
        other = np.arange(len(positions)) + shift
        known = (other >= 0) & (other < len(positions))
        apart = positions[other[known]] - positions[known]
        at = before + (2 * apart * length + span) // (2 * span)
        inside = (at >= 0) & (at < length)
        result[np.flatnonzero(known)[inside], at[inside]] = 127
    return result
