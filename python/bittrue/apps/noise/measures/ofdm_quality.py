"""Quality of OFDM signals: what a receiver finds in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue.apps.noise.ofdm import constellation, modem
from bittrue.apps.noise.ofdm.plan import SPACING, OfdmPlan

Real = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
TINY = np.finfo(float).tiny


def evm(plan: OfdmPlan, signals: Complex) -> Real:
    """Error vector magnitude in dB, of every signal: float64 ``(N,)``.

    ``10 log10(mean |y - s|^2 / mean |s|^2)`` with s the point of the constellation that is nearest to the symbol y,
    behind the equaliser where there is a channel.
    """
    points = modem.received(plan, signals).points
    nearest = constellation.points(plan.order)[constellation.nearest(points, plan.order)]
    axes = (1, 2, 3)
    error = (abs(points - nearest) ** 2).mean(axis=axes) / (abs(nearest) ** 2).mean(axis=axes)
    return np.asarray(10 * np.log10(np.maximum(error, TINY)))


def prefix_correlation(plan: OfdmPlan, signals: Complex) -> Real:
    """Correlation of cyclic prefixes with the ends of their symbols, of every signal: float64 ``(N,)``, 1 at most.

    ``|sum c* e| / sqrt(sum |c|^2 sum |e|^2)`` over all prefixes c of the signal and ends e.
    """
    prefixes, bodies = modem.symbols(plan, signals)
    ends = bodies[..., -prefixes.shape[-1] :]
    axes = (1, 2, 3)
    power = (abs(prefixes) ** 2).sum(axis=axes) * (abs(ends) ** 2).sum(axis=axes)
    return np.asarray(abs((prefixes.conj() * ends).sum(axis=axes)) / np.sqrt(np.maximum(power, TINY)))


def coherence_bandwidth(plan: OfdmPlan, signals: Complex) -> Real:
    """Coherence bandwidth in Hz, of every slot: float64 ``(N slots,)``; empty for a plan without a channel.

    Where the magnitude of the autocorrelation of the channel over frequency, as the known symbol shows it, first falls
    below half its height, between two subcarriers by a straight line; all of the bandwidth where it does not.
    """
    gains = modem.received(plan, signals).reference
    if gains is None:
        return np.zeros(0)
    flat = gains.reshape(-1, plan.subcarriers)
    spectrum = abs(np.fft.fft(flat, 2 * plan.subcarriers)) ** 2
    height = abs(np.fft.ifft(spectrum))[:, : plan.subcarriers]
    height = height / np.maximum(height[:, :1], TINY)
    below = height < 0.5
    at = np.where(below.any(axis=1), below.argmax(axis=1), plan.subcarriers - 1)
    rows = np.arange(len(flat))
    before, after = height[rows, np.maximum(at - 1, 0)], height[rows, at]
    fraction = np.where(before > after, (before - 0.5) / np.maximum(before - after, TINY), 1.0)
    return np.asarray((np.maximum(at - 1, 0) + np.clip(fraction, 0, 1)) * SPACING)


def bit_errors(plan: OfdmPlan, signals: Complex) -> float | None:
    """Share of bits that differ from `bittrue.apps.noise.ofdm.modem.fixed_labels`; None where bits are others."""
    if plan.bits != "random_fixed":
        return None
    labels = constellation.nearest(modem.received(plan, signals).points, plan.order)
    wrong = constellation.bits(labels, plan.order) != constellation.bits(modem.fixed_labels(plan), plan.order)
    return float(wrong.mean())


def occupied(plan: OfdmPlan, count: int) -> npt.NDArray[np.bool_]:
    """Which of ``count`` frequencies of the FFT lie between the outermost subcarriers: bool ``(count,)``."""
    frequency = abs(np.fft.fftfreq(count))
    return np.asarray(frequency <= (plan.subcarriers / 2 + 0.5) / plan.size)
