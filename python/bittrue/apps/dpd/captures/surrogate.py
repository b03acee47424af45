"""Surrogate signals: as many new signals as wanted that look like a captured one to an amplifier."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd.amplifiers.pa import limit, power
from bittrue.apps.dpd.metrics import Complex, Real
from bittrue.errors import BadInput

SMOOTHING = 33
"""Bins of the running mean that turns one spectrum into a spectral density."""

ROUNDS = 8
"""Turns of clipping to the peak and filtering back to the density outside the band."""


def surrogates(x: Complex, count: int, seed: int, bandwidth: float) -> Complex:
    """``count`` signals with the power, spectral density and peak of ``x``, one after the other.

    A signal of many independent subcarriers is nearly Gaussian, so a Gaussian spectrum of the same density, clipped to
    the same peak and filtered back, drives an amplifier as ``x`` does (surrogate data: Theiler et al., Physica D 58,
    1992, with the amplitudes drawn anew). It has other peaks and other histories, which is what a short capture lacks.

    Parameters
    ----------
    x : complex array (N,)
    count : int
        0 gives an empty signal.
    seed : int
    bandwidth : float
        Occupied bandwidth over sample rate, 0 to 1: beyond it, clipping is filtered to the density of ``x``.

    Returns
    -------
    complex128 array (count * N,)

    Raises
    ------
    BadInput
        For a negative count, a silent ``x``, one shorter than the smoothing, or a bandwidth outside 0 to 1.
    """
    if count < 0:
        raise BadInput(f"{count} surrogates are asked for; give 0 or more")
    if len(x) < SMOOTHING or not power(x) > 0:
        raise BadInput(f"a signal of {len(x)} samples and power {power(x):g} has no surrogates; give a real excitation")
    if not 0 < bandwidth <= 1:
        raise BadInput(f"the bandwidth is {bandwidth:g} of the sample rate; it must be above 0 and at most 1")
    generator = np.random.default_rng(seed)
    outside = abs(np.fft.fftfreq(len(x))) > bandwidth / 2
    magnitude = np.sqrt(_density(x, outside))
    made = [_surrogate(magnitude, outside, x, generator) for _ in range(count)]
    return np.concatenate([np.empty(0, complex), *made])


def _density(x: Complex, outside: npt.NDArray[np.bool_]) -> Real:
    """Running mean of ``|fft(x)|**2`` over the bins of `SMOOTHING` that lie on the same side of the band's edge."""
    half = SMOOTHING // 2
    raw, density = np.square(abs(np.fft.fft(x))), np.empty(len(x))
    for part in (outside, ~outside):
        circled = [np.concatenate([v[-half:], v, v[:half]]) for v in (raw * part, part.astype(float))]
        total, count = (np.convolve(v, np.ones(SMOOTHING), "valid") for v in circled)
        density[part] = total[part] / count[part]
    return density


def _surrogate(magnitude: Real, outside: npt.NDArray[np.bool_], x: Complex, generator: np.random.Generator) -> Complex:
    peak, level = float(abs(x).max()), power(x)
    noise: Complex = generator.standard_normal((len(x), 2)) @ np.array([1, 1j])
    spectrum: Complex = magnitude * noise
    for _ in range(ROUNDS):
        signal = np.fft.ifft(spectrum)
        spectrum = np.fft.fft(limit(signal * np.sqrt(level / power(signal)), peak)).astype(np.complex128)
        excess = np.maximum(abs(spectrum[outside]) / np.maximum(magnitude[outside], 1e-300), 1)
        spectrum[outside] /= excess
    return limit(np.fft.ifft(spectrum), peak)
