"""Fading channels of 3GPP: paths with delays and powers, each a Rayleigh process with Jakes' Doppler spectrum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

PROFILES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "EPA": ((0, 30, 70, 90, 110, 190, 410), (0, -1, -2, -3, -8, -17.2, -20.8)),
    "EVA": ((0, 30, 150, 310, 370, 710, 1090, 1730, 2510), (0, -1.5, -1.4, -3.6, -0.6, -9.1, -7, -12, -16.9)),
    "ETU": ((0, 50, 120, 200, 230, 500, 1600, 2300, 5000), (-1, -1, -1, 0, 0, 0, -3, -5, -7)),
}
"""Delays in ns and relative powers in dB: 3GPP TS 36.101 and TS 36.104, annex B.2, tables B.2-1 to B.2-4."""
CHANNELS: dict[str, tuple[str, float] | None] = {
    "AWGN": None,
    "EPA5Hz": ("EPA", 5),
    "EVA5Hz": ("EVA", 5),
    "EVA70Hz": ("EVA", 70),
    "ETU70Hz": ("ETU", 70),
    "ETU300Hz": ("ETU", 300),
}
"""Profile and largest Doppler shift in Hz by the name of a channel; None: nothing but noise."""
SINUSOIDS = 32
"""That a path's gain is summed of."""


def taps(profile: str, rate: float) -> tuple[npt.NDArray[np.int64], Real]:
    """Delays in samples and mean powers, which sum to 1.

    A path goes to the nearest sample, and the powers of paths that meet in one add up (after 3GPP TR 25.943, annex B).
    """
    delays, decibels = (np.array(values) for values in PROFILES[profile])
    at = np.floor(delays * 1e-9 * rate + 0.5).astype(np.int64)
    powers = np.bincount(at, weights=10 ** (decibels / 10))
    there = np.flatnonzero(powers)
    return there, powers[there] / powers.sum()


def rayleigh(count: int, doppler: float, rate: float, generator: np.random.Generator) -> Complex:
    """Gain of a path over ``count`` samples, mean power 1: complex128 ``(count,)``.

    ``g(t) = sum_n exp(j (2 pi f t cos((2 pi n + a_n) / N) + b_n)) / sqrt(N)``, a_n and b_n uniform between -pi and pi:
    its autocorrelation is ``J0(2 pi f t)`` exactly. Source: Xiao, Zheng and Beaulieu, IEEE Trans. Wireless
    Communications 5(12), 2006; N = 32.
    """
    angles, phases = np.pi * (2 * generator.random((2, SINUSOIDS)) - 1)
    shifts = 2 * np.pi * doppler / rate * np.cos((2 * np.pi * np.arange(SINUSOIDS) + angles) / SINUSOIDS)
    block = 64
    coarse = np.exp(1j * (np.arange(-(-count // block)) * block)[:, None] * shifts + 1j * phases)
    fine = np.exp(1j * np.arange(block)[None, :] * shifts[:, None])
    gain: Complex = (coarse @ fine).ravel()[:count] / np.sqrt(SINUSOIDS)
    return gain


def faded(signal: Complex, channel: str, rate: float, generator: np.random.Generator) -> Complex:
    """A signal behind a channel: ``y(n) = sum_k g_k(n) x(n - d_k)`` with x = 0 before its first sample.

    Parameters
    ----------
    signal : complex128 (L,)
    channel : str
        One of `CHANNELS`.
    rate : float
        Samples a second.

    Returns
    -------
    complex128 (L,)
    """
    found = CHANNELS[channel]
    if found is None:
        return signal
    profile, doppler = found
    result = np.zeros_like(signal)
    for delay, power in zip(*taps(profile, rate), strict=True):
        gain = np.sqrt(power) * rayleigh(len(signal), doppler, rate, generator)
        result[delay:] += gain[delay:] * signal[: len(signal) - delay]
    return result
