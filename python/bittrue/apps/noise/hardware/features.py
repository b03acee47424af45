"""Features of signals that the direct loss compares: spectra, quantiles, local energies, magnitudes, variations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from bittrue.apps.noise.hardware.recipe import Objective

Features = dict[str, Tensor]
A_OCTAVE = 6
"""Groups an octave into which the bins of the longest window are gathered."""
LOCAL_SHARES = 31
AT_ONCE = 1 << 22
"""Samples of a target that are transformed, or whose quantiles are taken, at once."""
TINY = 1e-12


@dataclass(frozen=True)
class Scale:
    """What the features of one set are relative to, all of the target: so that they do not follow the generator.

    Parameters
    ----------
    mean, spread : float
        Of the samples: mean, and half the range from the 5 % to the 95 % quantile.
    power : float
        Variance.
    magnitude, magnitude_power : float
        Mean and variance of ``|x - mean|``.
    peaks : tuple of float
        Largest density for each window.
    """

    mean: float
    spread: float
    power: float
    magnitude: float
    magnitude_power: float
    peaks: tuple[float, ...]


def scale_of(signals: Tensor, plan: Objective) -> Scale:
    """The scale of a target's signals, float ``(N, L)``."""
    mean = float(signals.mean())
    centred = signals - mean
    ends = torch.tensor([0.05, 0.95], dtype=signals.dtype)
    low, high = torch.quantile(centred.ravel()[:AT_ONCE], ends).tolist()
    magnitude = centred.abs()
    peaks = tuple(_peak(centred, size) for size in plan.windows)
    return Scale(
        mean,
        max((high - low) / 2, TINY),
        max(float(centred.square().mean()), TINY),
        float(magnitude.mean()),
        max(float(magnitude.var()), TINY),
        peaks,
    )


def features(signals: Tensor, scale: Scale, plan: Objective) -> Features:
    """The features of ``N`` signals of one law together, by the names of the weights in `Objective`.

    With ``c = x - mean``, P Welch's density with a Hann window (half overlapping, without bin 0), quantiles at
    ``(k + 1/2) / K``, and floors ``f`` of ``least_db``:

    =============== ================================================================================================
    ``spectrum``    ``ln(P + f)`` for three windows; bins of the longest gathered to six groups an octave
    ``samples``     quantiles of ``asinh(c / spread)``
    ``increments``  the same of ``x(n + k) - x(n)`` for every step k
    ``octaves``     ``ln`` of the energies in octaves of the shortest window, sorted over all windows: quantiles
    ``magnitude``   autocovariance of ``|c|`` at the lags, over the target's variance of ``|c|``
    ``likeness``    ``ln mean r^2``, r the correlation coefficient of two of the signals, over all pairs: a net that
                    ignores its noise makes the same signal always, which no other part sees
    ``variations``  ``ln mean (s(n) - 2 s(n - m) + s(n - 2m))^2``, s the sum of c up to n, for every dilation m
    =============== ================================================================================================

    Parameters
    ----------
    signals : float (N, L)

    Returns
    -------
    dict of float (F,), those with a weight above 0
    """
    centred = signals - scale.mean
    found: Features = {}
    if plan.spectrum:
        found["spectrum"] = _spectra(centred, scale, plan)
    if plan.samples:
        found["samples"] = _quantiles(torch.asinh(centred / scale.spread).ravel(), plan.quantiles)
    if plan.increments:
        apart = [torch.asinh((centred[:, k:] - centred[:, :-k]) / scale.spread).ravel() for k in plan.steps]
        found["increments"] = torch.cat([_quantiles(values, plan.quantiles) for values in apart])
    if plan.octaves:
        found["octaves"] = _octaves(centred, scale, plan)
    if plan.magnitude:
        above = centred.abs() - scale.magnitude
        products = [(above[:, k:] * above[:, :-k]).mean() for k in plan.lags]
        found["magnitude"] = torch.stack(products) / scale.magnitude_power
    if plan.likeness:
        unit = centred / centred.square().sum(1, keepdim=True).sqrt().clamp_min(TINY)
        squares = (unit @ unit.T).square()
        count = len(unit)
        found["likeness"] = torch.log((squares.sum() - squares.trace()) / (count * (count - 1)) + TINY)[None]
    if plan.variations:
        found["variations"] = _variations(centred, scale, plan)
    return found


def periodograms(centred: Tensor, size: int) -> Tensor:
    """``|rfft(w x)|^2`` of all segments of a size, w of unit energy: ``(N, segments, size / 2)`` from bin 1."""
    segments = centred.unfold(1, size, size // 2) * _window(size).to(centred.dtype)
    bins = torch.fft.rfft(segments)[:, :, 1:]
    power: Tensor = bins.real.square() + bins.imag.square()
    return power


def density(centred: Tensor, size: int) -> Tensor:
    """Mean of `periodograms` over signals and segments: ``(size / 2,)``."""
    return periodograms(centred, size).mean((0, 1))


def _peak(centred: Tensor, size: int) -> float:
    """The largest `density` of many signals, some at a time."""
    parts = torch.split(centred, max(1, AT_ONCE // centred.shape[1]))
    total = torch.stack([len(part) * density(part, size) for part in parts]).sum(0)
    return float(total.max()) / len(centred)


def _spectra(centred: Tensor, scale: Scale, plan: Objective) -> Tensor:
    parts = []
    for size, peak in zip(plan.windows, scale.peaks, strict=True):
        power = density(centred, size)
        if size == plan.windows[-1]:
            groups, counts = _groups(len(power))
            power = torch.zeros(len(counts), dtype=power.dtype).index_add(0, groups, power) / counts
        parts.append(torch.log(power + peak * 10 ** (plan.least_db / 10)))
    return torch.cat(parts)


def _octaves(centred: Tensor, scale: Scale, plan: Objective) -> Tensor:
    power = periodograms(centred, plan.windows[0])
    floor = scale.power * 10 ** (plan.least_db / 10)
    parts, high = [], power.shape[2]
    while high >= 2:
        energy = torch.log(power[:, :, high // 2 : high].mean(2) + floor)
        parts.append(_quantiles(energy.ravel(), LOCAL_SHARES))
        high //= 2
    return torch.cat(parts)


def _variations(centred: Tensor, scale: Scale, plan: Objective) -> Tensor:
    parts = []
    sums = torch.cumsum(centred.to(torch.float64), 1)
    for m in plan.dilations:
        second = sums[:, 2 * m :] - 2 * sums[:, m:-m] + sums[:, : -2 * m]
        parts.append(torch.log(second.square().mean() + scale.power * 10 ** (plan.least_db / 10)))
    return torch.stack(parts).to(centred.dtype)


def _quantiles(values: Tensor, count: int) -> Tensor:
    ordered = values.sort().values
    return ordered[_places(len(values), count)]


@cache
def _places(length: int, count: int) -> Tensor:
    return torch.tensor([min(length - 1, int((k + 0.5) * length / count)) for k in range(count)])


@cache
def _window(size: int) -> Tensor:
    window = torch.hann_window(size, dtype=torch.float64)
    return window / window.square().sum().sqrt()


@cache
def _groups(bins: int) -> tuple[Tensor, Tensor]:
    """Of every bin from 1 on the number of its group, and how many bins a group has."""
    numbers = [int(A_OCTAVE * math.log2(bin_)) for bin_ in range(1, bins + 1)]
    order = {number: at for at, number in enumerate(dict.fromkeys(numbers))}
    groups = torch.tensor([order[number] for number in numbers])
    return groups, torch.bincount(groups).to(torch.float32)
