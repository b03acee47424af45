"""Rhythm as signals: what the distances between beats look like as channels of a net's input."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from bittrue.apps.ecg.beats.front_end import ratio, running_rank
from bittrue.apps.ecg.beats.header import Rate, exact
from bittrue.apps.ecg.beats.samples import Codes

SECOND = Fraction(4, 5)
"""Seconds of the interval that a ``rate`` of 0 stands for."""

RECENT, CALM, CALM_PERCENT = 32, 64, 30
"""Of `figures`: intervals of the median and the mean, and intervals and rank of the low percentile."""

FIGURES = 8
"""Of `figures`: how many."""

RELATIVE = 4
"""The first so many of `figures` are intervals relative to a reference, ``(r - m) / m``."""


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


def speed(normal: Codes, rate: Rate, length: int) -> Codes:
    """A constant: ``clamp(floor(128 * (m - 0.8 s) / 0.8 s + 1/2), -128, 127)`` with the usual interval ``m``.

    Returns
    -------
    int64 array (beats, length)
    """
    unit = SECOND * exact(rate)
    scale, known = unit.numerator, _wide(normal, unit)
    codes = ratio(known * unit.denominator - scale, np.full_like(known, scale), 128)
    return np.repeat(codes.astype(np.int64)[:, None], length, axis=1)


def pulses(positions: Codes, rate: Rate, seconds: float, length: int, before: int) -> Codes:
    """A train of pulses: 127 at ``before + floor((p[j] - p[k]) * length / (seconds * rate) + 1/2)`` for every beat j.

    Returns
    -------
    int64 array (beats, length)
    """
    result = np.zeros((len(positions), length), dtype=np.int64)
    span = exact(seconds) * exact(rate)
    first = np.searchsorted(positions, positions - int(span))
    last = np.searchsorted(positions, positions + int(span))
    for shift in range(int((first - np.arange(len(positions))).min()), int((last - np.arange(len(positions))).max())):
        other = np.arange(len(positions)) + shift
        known = (other >= 0) & (other < len(positions))
        apart = positions[other[known]] - positions[known]
        wide = 2 * _wide(apart, span) * length * span.denominator + span.numerator
        at = before + (wide // (2 * span.numerator)).astype(np.int64)
        inside = (at >= 0) & (at < length)
        result[np.flatnonzero(known)[inside], at[inside]] = 127
    return result


def _wide(values: Codes, factor: Fraction) -> Codes:
    """The values as Python's integers where products with a factor of many digits would not fit 64 bits."""
    return values if factor.numerator < 1 << 24 else values.astype(object)


def figures(positions: Codes, normal: Codes) -> Codes:
    """Eight figures of the rhythm at each beat, int8 codes ``(beats, 8)``.

    With ``r = r[k]`` that ends with the beat, ``q = r[k + 1]`` that begins with it (the reference itself, which makes
    0, behind the last beat), ``m`` the usual interval, ``n`` the median of the last 32, ``d[k] = |r[k] - r[k - 1]|``
    with ``d[0] = 0``, and ``code(v, s, u) = clamp(floor(u * v / s + 1/2), -128, 127)``:

    ====  =============================  ==============================================================================
    0, 1  ``code(r - m, m, 128)``, q     early or late against the usual interval
    2, 3  ``code(r - n, n, 128)``, q     against the median
    4     ``code(mean, m, 256)``         ``floor`` of the mean of the last 32 ``d``: irregularity
    5, 6  ``code(r - n, s, 16)``, q      against ``s``, the median of the last 32 ``|r - n|``, at least ``n // 32``
    7     ``code(low, m, 1024)``         the last 64 ``d``'s 30th percentile: irregularity that some early beats leave
    ====  =============================  ==============================================================================

    In atrial fibrillation 4 and 7 are large and an early beat means little; 5 and 6 say how surprising it is.

    Parameters
    ----------
    positions, normal : int64 arrays (beats,)
        Samples of the beats; the usual intervals, from `usual`.
    """
    own = intervals(positions)
    recent = running_rank(own, RECENT)
    change: Codes = abs(np.diff(own, prepend=own[:1]))
    behind = np.maximum(np.arange(len(own)) + 1 - RECENT, 0)
    summed = np.append(0, np.cumsum(change))
    mean = (summed[1:] - summed[behind]) // (np.arange(len(own)) + 1 - behind)
    spread = np.maximum(running_rank(abs(own - recent), RECENT), np.maximum(recent // RECENT, 1))
    low = running_rank(change, CALM, CALM_PERCENT)
    to_usual, to_median = np.append(own[1:], normal[-1:]) - normal, np.append(own[1:], recent[-1:]) - recent
    columns = [
        ratio(own - normal, normal, 128),
        ratio(to_usual, normal, 128),
        ratio(own - recent, recent, 128),
        ratio(to_median, recent, 128),
        ratio(mean, normal, 256),
        ratio(own - recent, spread, 16),
        ratio(to_median, spread, 16),
        ratio(low, normal, 1024),
    ]
    return np.stack(columns, axis=1)
