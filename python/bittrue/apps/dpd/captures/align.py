"""Time alignment of two recordings of one signal: a delay in whole samples and a fraction, gain and phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput

EDGE = 64
"""Samples cut off at both ends: a fractional delay takes the signal for periodic, and the ends show it."""

BESIDE = 32
"""Frequencies on either side of 0 that say how large the mean of a signal without an offset may be."""

LEAST = 1024
"""Fewest common samples that say anything about a delay."""


@dataclass(frozen=True)
class Alignment:
    """How an output follows its input: ``output[n] ~ gain * input[n - delay]``.

    Parameters
    ----------
    delay : float
        In samples; negative where the output comes first.
    gain : complex
        Least squares, after the delay.
    correlation : float
        0 to 1: how much of the output is the delayed input; 0.99 is an amplifier in compression.
    """

    delay: float
    gain: complex
    correlation: float


def estimate(x: Complex, y: Complex, sample_rate: float, bandwidth: float) -> Alignment:
    """Alignment of an output ``y`` with its input ``x``, which may differ in length.

    The whole samples are the peak of the cross-correlation. The fraction is the slope of the phase of the cross
    spectrum over the frequency inside the bandwidth, a least-squares line weighted with the magnitude::

        delay = -d/dw arg( Y(w) conj(X(w)) ),  |w| <= pi * bandwidth / sample_rate

    Raises `BadInput` where fewer than `LEAST` samples are common to both.
    """
    whole = lag(x, y)
    a, b = overlap(x, y, whole)
    if len(a) < LEAST:
        raise BadInput(
            f"at the best delay of {whole} samples only {len(a)} of them belong to both recordings; record longer, so "
            f"that {LEAST:,} do"
        )
    fraction = _slope(a, b, sample_rate, bandwidth)
    moved = delayed(b, -fraction)[EDGE:-EDGE]
    inner = a[EDGE:-EDGE]
    power = float(np.vdot(inner, inner).real), float(np.vdot(moved, moved).real)
    if not min(power) > 0:
        raise BadInput("one of the recordings is all zero where both are known; record the amplifier under drive")
    product = complex(np.vdot(inner, moved))
    return Alignment(whole + fraction, product / power[0], abs(product) / float(np.sqrt(power[0] * power[1])))


def apply(x: Complex, y: Complex, alignment: Alignment) -> tuple[Complex, Complex]:
    """Both signals with the delay removed from ``y``, cut to what is common, `EDGE` samples less at both ends."""
    whole = nearest(alignment.delay)
    a, b = overlap(x, y, whole)
    return a[EDGE:-EDGE], delayed(b, whole - alignment.delay)[EDGE:-EDGE]


def normalise(x: Complex, y: Complex) -> tuple[Complex, Complex]:
    """Without DC, scaled to ``max|x| = max|y| = 1``, and ``y`` turned until its least-squares gain from ``x`` is real.

    A predistorter's goal is ``gain * x`` with a real gain, so a common phase of the output is no error.
    """
    x, y = x - x.mean(), y - y.mean()
    phase = np.exp(-1j * np.angle(np.vdot(x, y)))
    return x / abs(x).max(), y * phase / abs(y).max()


def direct(signal: Complex) -> complex:
    """The mean of a signal where it is a converter's offset: far above the frequencies beside 0; else 0.

    The mean of a signal that is turned back later holds a part of the signal, which must stay.
    """
    beside = abs(np.fft.fft(signal))[np.r_[1:BESIDE, -BESIDE + 1 : 0]]
    mean = complex(signal.mean())
    return mean if abs(mean) * len(signal) > 10 * np.median(beside) else 0j


def lag(x: Complex, y: Complex) -> int:
    """The ``k`` with the largest ``|sum_n y[n + k] conj(x[n])|``."""
    length = 1 << (len(x) + len(y) - 1).bit_length()
    correlation = abs(np.fft.ifft(np.fft.fft(y, length) * np.fft.fft(x, length).conj()))
    peak = int(np.argmax(correlation))
    return peak if peak < len(y) else peak - length


def nearest(delay: float) -> int:
    """The whole number of samples nearest to a delay."""
    return int(np.floor(delay + 0.5))


def overlap(x: Complex, y: Complex, delay: int) -> tuple[Complex, Complex]:
    """``x[n]`` and ``y[n + delay]`` for all ``n`` that both have."""
    first, last = max(0, -delay), min(len(x), len(y) - delay)
    last = max(first, last)
    return x[first:last], y[first + delay : last + delay]


def delayed(signal: Complex, samples: float) -> Complex:
    """``signal[n - samples]`` of a periodic signal, by a phase slope over its spectrum; any real number."""
    frequencies = np.fft.fftfreq(len(signal))
    return np.asarray(np.fft.ifft(np.fft.fft(signal) * np.exp(-2j * np.pi * frequencies * samples)), np.complex128)


def _slope(x: Complex, y: Complex, sample_rate: float, bandwidth: float) -> float:
    frequencies = np.fft.fftfreq(len(x), 1 / sample_rate)
    inside = abs(frequencies) <= bandwidth / 2
    window = np.hanning(len(x))
    cross = (np.fft.fft(y * window) * np.fft.fft(x * window).conj())[inside]
    omega, weight = 2 * np.pi * frequencies[inside] / sample_rate, abs(cross)
    if not weight.sum() > 0:
        raise BadInput(
            f"the recordings have nothing in common inside {bandwidth / 1e6:g} MHz; check the bandwidth and the files"
        )
    phase = np.angle(cross * np.exp(-1j * np.angle(cross.sum())))
    centre = np.average(omega, weights=weight)
    spread = np.average((omega - centre) ** 2, weights=weight)
    return float(-np.average((omega - centre) * (phase - np.average(phase, weights=weight)), weights=weight) / spread)
