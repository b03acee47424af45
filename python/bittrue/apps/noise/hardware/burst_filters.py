"""Filters with which a net of impulsive noise begins: of the state of bursts, of amplitudes, of a background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, signal, stats

from bittrue.apps.noise.hardware_net import FACTOR, ArchitectureSpec
from bittrue.apps.noise.processes import fgn

GRID = 1 << 14
"""Frequencies of a design, of half a sample rate."""
KNOTS = (1.31, 1.7, 2.3, 3.0)
"""Where the law of a pulse's amplitude bends, as a function of normal noise."""
LONGEST = 2047
"""Taps of a filter."""
LARGEST = 3.67
"""Of that noise."""
HEIGHT = 0.99
"""What stands for 1 among weights, so that they fit into Q1.7."""
Real = npt.NDArray[np.float64]


def state_filter(share: float, burst: float, taps: int) -> Real:
    """Filter of white noise at a quarter of the sample rate whose excursions are correlated as bursts are, ``(taps,)``.

    With ``t`` the threshold beyond which a normal number lies with probability p, two of correlation r are both beyond
    it with ``p^2 + integral from 0 to asin(r) of exp(-t^2 / (1 + sin a)) / (2 pi)``; solved for r at every lag, and
    factored at all frequencies by a filter without phase.
    """
    threshold = stats.norm.isf(share)
    angles = np.linspace(0.0, np.pi / 2, 4097)
    density = np.exp(-(threshold**2) / (1 + np.sin(angles))) / (2 * np.pi)
    both = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(angles))])
    states = both / (share * (1 - share))
    fall = 1 - 1 / burst - share / ((1 - share) * burst)
    lags = FACTOR * np.arange(GRID // 2 + 1)
    wanted = np.sin(np.interp(np.minimum(fall**lags, states[-1]), states, angles))
    return _without_phase(np.maximum(np.fft.hfft(wanted)[: GRID // 2 + 1], 0.0), taps)


def _without_phase(power: Real, taps: int) -> Real:
    """A symmetric filter of unit energy of a density at frequencies from 0 to half the rate."""
    impulse = np.fft.irfft(np.sqrt(power))
    found = np.roll(impulse, taps // 2)[:taps]
    return np.asarray(found / np.linalg.norm(found))


def amplitude_slopes(mean: float) -> Real:
    """Changes of slope at `KNOTS` of the line from normal noise to a sum of Poisson many exponentials: ``(4,)``."""
    ends = np.array([*KNOTS[1:], LARGEST])
    counts = np.arange(1, 12)
    chances = stats.poisson.pmf(counts, mean)

    def beyond(value: float) -> float:
        return float(np.sum(chances * stats.gamma.sf(value, counts)))

    heights = [0.0, *(optimize.brentq(lambda v, z=z: beyond(v) - stats.norm.sf(z), 0.0, 60.0) for z in ends)]
    slopes = np.diff(heights) / np.diff([*KNOTS, ends[-1]])
    return np.asarray(np.diff([0.0, *slopes]))


def linear(taps: int) -> Real:
    """Linear interpolation by `FACTOR`: a triangle."""
    return HEIGHT * np.maximum(1 - abs(np.arange(taps) - taps // 2) / FACTOR, 0.0)


def smooth(taps: int) -> Real:
    """Interpolation by `FACTOR`: Kaiser's window on the ideal filter."""
    places = np.arange(taps) - taps // 2
    return np.asarray(HEIGHT * np.sinc(places / FACTOR) * np.kaiser(taps, 4.0))


def gaussian(taps: int, deviation: float) -> Real:
    """A Gaussian of height 1."""
    return np.exp(-0.5 * ((np.arange(taps) - taps // 2) / deviation) ** 2)


@dataclass(frozen=True)
class Background:
    """Deviations of white noise of every rate, the slowest first, and the filter of the slowest one."""

    deviations: Real
    slowest: Real


def background(spec: ArchitectureSpec, hurst: float) -> Background:
    """Non-negative least squares of the density of FGN, as a share of it, over frequencies on a logarithmic scale."""
    density = 2 * np.fft.hfft(fgn.autocovariance(hurst, GRID))[: GRID + 1] / 2
    rates = [spec.rate(number) for number in range(len(spec.levels))]
    frequencies = np.linspace(0.0, 1.0, GRID + 1)
    below = np.interp(frequencies / rates[0], frequencies, density)
    below[0] = below[1]
    slowest = _without_phase(below, spec.levels[0].kernels[0])
    raised = [linear(spec.levels[1].upsampling), linear(spec.levels[2].upsampling), smooth(spec.levels[3].upsampling)]
    columns = []
    for number, rate in enumerate(rates):
        path = np.ones(GRID + 1) / rate
        for up in range(number, len(raised)):
            path = path * _power(raised[up], frequencies * rates[up + 1])
        if number == 0:
            path = path * _power(slowest, frequencies * rate)
        columns.append(path)
    kept = np.unique(np.geomspace(8, GRID, 400).astype(int))
    powers = optimize.nnls(np.stack(columns, 1)[kept] / density[kept, None], np.ones(len(kept)))[0]
    return Background(np.sqrt(powers), slowest)


def _power(taps: Real, frequencies: Real) -> Real:
    """Squared response of a filter at frequencies in units of half its rate."""
    return np.asarray(abs(signal.freqz(taps, worN=np.pi * frequencies)[1]) ** 2)
