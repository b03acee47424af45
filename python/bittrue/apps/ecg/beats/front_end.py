"""The front end in integers: low-pass, baseline, scale, and the window around a beat.

Everything is symmetric with a fixed delay or looks back only, so a microcontroller can compute the same integers beat
by beat, as soon as the window's last sample is in.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import firwin, upfirdn

from bittrue.apps.ecg.beats.records import Codes
from bittrue.num import Format

TAPS = Format(16, 15)
"""Format of the low-pass filter's coefficients."""

GRID = 60
"""Samples a second on which the baseline is estimated, at least."""

QRS, WAVES = 0.2, 0.6
"""Seconds of the two medians: the first removes QRS complexes and P waves, the second T waves (de Chazal 2004)."""

REACH = 0.1
"""Seconds to either side of a beat in which its peak is looked for."""

MEMORY = 15
"""Beats, up to and with the one at hand, whose median peak is the scale."""

TYPICAL = 64
"""Code of a median peak: half of full scale, so a beat may be twice as large before it saturates."""


def low_pass(signal: Codes, rate: int, wanted: float) -> Codes:
    """Band limit for ``wanted`` samples a second: ``y[t] = floor(2**-15 * sum_i h[i] * x[t + n - i] + 1/2)``.

    ``h`` are the ``2n + 1`` codes of a Hamming-windowed filter that cuts at ``0.45 * wanted``, ``n`` four output
    periods; the signal goes on with its first and last value. Returns the signal itself where ``wanted >= rate``.
    """
    if wanted >= rate:
        return signal
    taps = _taps(rate, wanted)
    half = len(taps) // 2
    padded = np.pad(signal, half, mode="edge")
    exact = upfirdn(taps.astype(np.float64), padded.astype(np.float64))[2 * half : -2 * half]
    codes: Codes = np.floor(np.ldexp(exact, -TAPS.frac) + 0.5).astype(np.int64)  # float64 holds these integers exactly
    return codes


@cache
def _taps(rate: int, wanted: float) -> Codes:
    half = int(4 * rate / wanted)
    return TAPS.encode(firwin(2 * half + 1, 0.45 * wanted, fs=rate))


def baseline(signal: Codes, rate: int) -> Codes:
    """A median over 0.2 s of a median over 0.6 s, on every ``rate // 60``-th sample, with straight lines between.

    ``b[s*j + r] = b[s*j] + floor((b[s*(j + 1)] - b[s*j]) * r / s)``.
    """
    step = max(1, rate // GRID)
    coarse = signal[::step]
    for seconds in (QRS, WAVES):
        coarse = median_filter(coarse, size=int(seconds * rate / step) // 2 * 2 + 1, mode="nearest")
    ahead = np.append(coarse[1:], coarse[-1])
    between = coarse[:, None] + (ahead - coarse)[:, None] * np.arange(step) // step
    return between.reshape(-1)[: len(signal)]


def peaks(signal: Codes, positions: Codes, rate: int) -> Codes:
    """Largest magnitude within 0.1 s of each beat, at least 1."""
    reach = int(REACH * rate)
    at = np.clip(positions[:, None] + np.arange(-reach, reach + 1), 0, len(signal) - 1)
    return np.asarray(np.maximum(abs(signal[at]).max(axis=1), 1))


def running_rank(values: Codes, memory: int, percent: int = 50) -> Codes:
    """The ``floor((n - 1) * percent / 100)``-th smallest of the last n = ``memory`` rows up to and with each.

    There are fewer at the beginning. 50 percent are the median, of an even count the lower one.

    Parameters
    ----------
    values : int array (beats, ...)
    memory, percent : int
    """
    result = np.empty_like(values)
    for k in range(min(memory - 1, len(values))):
        result[k] = np.sort(values[: k + 1], axis=0)[k * percent // 100]
    if len(values) >= memory:
        windows = np.lib.stride_tricks.sliding_window_view(values, memory, axis=0)
        rank = (memory - 1) * percent // 100
        result[memory - 1 :] = np.partition(windows, rank, axis=-1)[..., rank]
    return result


def ratio(values: Codes, scale: Codes, unit: int) -> Codes:
    """``clamp(floor(unit * value / scale + 1/2), -128, 127)`` for a positive scale, in integers."""
    return np.asarray(np.clip((2 * unit * values + scale) // (2 * scale), -128, 127))


def windows(signal: Codes, positions: Codes, rate: int, wanted: float, before: int, length: int) -> Codes:
    """``w[k, i] = x[p[k] + floor((i - before) * rate / wanted + 1/2)]``, 0 outside of the record.

    Returns
    -------
    int64 array (beats, length)
    """
    offsets = np.floor((np.arange(length) - before) * rate / wanted + 0.5).astype(np.int64)
    at = positions[:, None] + offsets
    inside = (at >= 0) & (at < len(signal))
    return np.where(inside, signal[np.clip(at, 0, len(signal) - 1)], 0)
