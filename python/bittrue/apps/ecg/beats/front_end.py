"""The front end in integers: low-pass, baseline, scale, and the window around a beat.

Everything is symmetric with a fixed delay or looks back only, so a microcontroller can compute the same integers beat
by beat, as soon as the window's last sample is in.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter
from scipy.signal import firwin, upfirdn

from bittrue.apps.ecg.beats.header import Rate, exact
from bittrue.apps.ecg.beats.samples import Codes
from bittrue.num import Format

TAPS = Format(16, 15)
"""Format of the low-pass filter's coefficients."""

GRID = 60
"""Samples a second on which the baseline is estimated, at least."""

QRS, WAVES = Fraction(1, 5), Fraction(3, 5)
"""Seconds of the two medians: the first removes QRS complexes and P waves, the second T waves (de Chazal 2004)."""

REACH = Fraction(1, 10)
"""Seconds to either side of a beat in which its peak is looked for."""

MEMORY = 15
"""Beats, up to and with the one at hand, whose median peak is the scale."""

TYPICAL = 64
"""Code of a median peak: half of full scale, so a beat may be twice as large before it saturates."""

SIDE = 16
"""Samples to either side of an instant between two samples that its value is made of."""


def low_pass(signal: Codes, rate: Rate, wanted: float) -> Codes:
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
def _taps(rate: Rate, wanted: float) -> Codes:
    half = _half(rate, wanted)
    return TAPS.encode(firwin(2 * half + 1, 0.45 * wanted, fs=rate))


def _half(rate: Rate, wanted: float) -> int:
    """Samples that the filter reaches to either side, ``n``."""
    return int(4 * exact(rate) / exact(wanted))


def baseline(signal: Codes, rate: Rate) -> Codes:
    """A median over 0.2 s of a median over 0.6 s, on every ``rate // 60``-th sample, with straight lines between.

    ``b[s*j + r] = b[s*j] + floor((b[s*(j + 1)] - b[s*j]) * r / s)``.
    """
    step = max(1, int(rate // GRID))
    coarse = signal[::step]
    for seconds in (QRS, WAVES):
        coarse = median_filter(coarse, size=int(seconds * exact(rate) / step) // 2 * 2 + 1, mode="nearest")
    ahead = np.append(coarse[1:], coarse[-1])
    between = coarse[:, None] + (ahead - coarse)[:, None] * np.arange(step) // step
    return between.reshape(-1)[: len(signal)]


def peaks(signal: Codes, positions: Codes, rate: Rate) -> Codes:
    """Largest magnitude within 0.1 s of each beat, at least 1."""
    reach = int(REACH * exact(rate))
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


def windows(signal: Codes, positions: Codes, rate: Rate, wanted: float, before: int, length: int) -> Codes:
    """``w[k, i] = x[p[k] + floor(o[i] + 1/2)]`` with ``o[i] = (i - before) * rate / wanted``, 0 outside of the record.

    A record of less than ``wanted`` samples a second has no sample for every one of the window. There,
    ``w[k, i] = floor(2**-15 * sum_j h[j] * x[p[k] + floor(o[i]) + j] + 1/2)``, j from -15 to 16, with ``h`` from
    `between` for the fraction of ``o[i]``.

    Returns
    -------
    int64 array (beats, length)
    """
    step = exact(rate) / exact(wanted)
    offsets = [(i - before) * step for i in range(length)]
    if rate >= wanted:
        return _around(signal, positions, np.array([(2 * o + 1) // 2 for o in offsets], dtype=np.int64))
    result = np.empty((len(positions), length), np.int64)
    for i, offset in enumerate(offsets):
        reach = np.arange(int(offset // 1) + 1 - SIDE, int(offset // 1) + 1 + SIDE)
        summed = _around(signal, positions, reach) @ between(offset % 1)
        result[:, i] = (summed + (1 << TAPS.frac - 1)) >> TAPS.frac
    return result


def _around(signal: Codes, positions: Codes, offsets: Codes) -> Codes:
    """``x[p[k] + offsets[i]]``, 0 outside of the record, ``(beats, offsets)``."""
    at = positions[:, None] + offsets
    inside = (at >= 0) & (at < len(signal))
    return np.where(inside, signal[np.clip(at, 0, len(signal) - 1)], 0)


@cache
def between(fraction: Fraction) -> Codes:
    """Weights of the 32 samples around an instant ``fraction`` of a sample behind the sixteenth: their sum is 2**15.

    ``floor(2**15 * sinc(j - fraction) * kaiser + 1/2)`` for j from -15 to 16, the rest of the sum on the nearest
    sample. At 0 it is that sample alone.
    """
    away = np.arange(1 - SIDE, 1 + SIDE) - float(fraction)
    window = np.i0(6 * np.sqrt(np.maximum(1 - (away / SIDE) ** 2, 0))) / np.i0(6.0)
    taps: Codes = np.floor(np.sinc(away) * window * (1 << TAPS.frac) + 0.5).astype(np.int64)
    taps[np.argmin(abs(away))] += (1 << TAPS.frac) - taps.sum()
    return taps


def whole(positions: Codes, gaps: Codes, rate: Rate, wanted: float, before: int, length: int) -> npt.NDArray[np.bool_]:
    """Which beats have no gap in their window, nor in what the filter makes it of.

    Parameters
    ----------
    positions : int64 array (beats,)
    gaps : int64 array (gaps, 2)
        Start and end of each stretch without values.
    """
    reach = SIDE if rate < wanted else _half(rate, wanted) if rate > wanted else 0
    ends = [(i - before) * exact(rate) / exact(wanted) for i in (0, length - 1)]
    first, last = positions + int(ends[0] // 1) - reach, positions + int(ends[1] // 1) + 1 + reach
    touched = (first[:, None] < gaps[:, 1]) & (last[:, None] >= gaps[:, 0])
    return np.asarray(~touched.any(axis=1))
