"""The twin: a generalised memory polynomial that stands in for the measured amplifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.amplifiers.gmp import Structure, ridge_solve
from bittrue.apps.dpd.cache import remembered
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Channel, Complex
from bittrue.errors import BadInput

STRUCTURE = Structure.aligned(24, [0]) + Structure.aligned(12, [1, 2, 3, 4]) + Structure.crossed(8, [1, 2, 3], reach=4)
"""234 terms; more taps, powers or reach do not lower the error on `bittrue.apps.dpd.captures.data.DEFAULT`."""


@dataclass(frozen=True)
class Settings:
    """How a twin is fitted.

    Parameters
    ----------
    ridge : float
        Weight of a coefficient relative to its term's energy.
    flat : float
        Weight of the prior that the small-signal gain is flat outside the excited band. The capture says nothing
        about those frequencies; without the prior the gain there is an accident of the ridge, and a predistorter that
        leans on it is judged by noise.
    guard : float
        The band counts as excited up to ``guard * bandwidth / 2``.
    seed : int
        Of the noise that probes the unexcited band.
    """

    ridge: float = 1e-5
    flat: float = 1e-3
    guard: float = 1.1
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Twin:
    """``y[n] = sum_t c_t * u[n-m_t] * |u[n-m_t-l_t]|**p_t``, zero history before the first sample.

    Parameters
    ----------
    structure : Structure
    coefficients : complex array (terms,)
    peak : float
        The drive is limited to ``|u| <= peak`` with its phase kept: a polynomial must not extrapolate.
    """

    structure: Structure
    coefficients: Complex
    peak: float

    def __call__(self, u: Complex) -> Complex:
        """Output ``(N,)`` for a drive ``(N,)``, both complex."""
        return self.structure.evaluate(self.coefficients, limit(u, self.peak))

    def tap_gain(self, channel: Channel) -> tuple[float, float]:
        """Largest gain of the linear taps inside the bandwidth, and outside it up to three half bandwidths.

        The honesty guard: the second number far above the first means that the twin invents leakage.
        """
        terms = zip(self.structure.terms, self.coefficients, strict=True)
        taps = [(m, c) for (p, m, _), c in terms if p == 0]
        frequencies = np.linspace(-1.5, 1.5, 601) * channel.bandwidth
        gain = abs(sum(c * np.exp(-2j * np.pi * frequencies / channel.sample_rate * m) for m, c in taps))
        inside = abs(frequencies) <= channel.bandwidth / 2
        return float(gain[inside].max()), float(gain[~inside].max())


def limit(u: Complex, peak: float) -> Complex:
    """``u * min(1, peak / |u|)``."""
    return u * (peak / np.maximum(abs(u), peak))


def fit(capture: Capture, settings: Settings = Settings(), structure: Structure = STRUCTURE) -> Twin:
    """The twin of a captured amplifier, from its train split; computed once and then read from the build folder."""
    key = f"twin-1 {capture.digest} {settings} {structure.terms}"
    x, y = capture.inputs["train"], capture.outputs["train"]
    coefficients = remembered("twin", key, lambda: solve(x, y, capture.channel, settings, structure))
    return Twin(structure, coefficients, capture.peak)


def solve(x: Complex, y: Complex, channel: Channel, settings: Settings, structure: Structure) -> Complex:
    """Coefficients ``c`` for an input ``x`` and an output ``y``, ``(N,)``; the first ``memory`` samples are left out.

    With ``B(x)`` the basis matrix, ``d`` weak noise outside the excited band, ``D = B(x + d) - B(x)`` and ``g`` the
    least-squares gain from ``x`` to ``y``, minimises::

        mean|B c - y|^2 / mean|y|^2  +  flat * mean|D c - g d|^2 / mean|g d|^2  +  ridge * sum_t G_tt |c_t|^2

    where ``G`` is the matrix of the normal equations, which are summed in blocks. Raises `BadInput` for a signal that
    is too short.
    """
    skip = structure.memory
    if len(x) != len(y) or len(x) < skip + 2 * len(structure.terms):
        raise BadInput(
            f"{len(x)} inputs and {len(y)} outputs do not determine {len(structure.terms)} terms; capture more samples"
        )
    d = unexcited(len(x), channel, settings)
    g = np.vdot(x[skip:], y[skip:]) / np.vdot(x[skip:], x[skip:])
    n = len(structure.terms)
    gram, moment = np.zeros((n, n), complex), np.zeros(n, complex)
    weight = 1 / power(y[skip:]), settings.flat / power(g * d[skip:])
    for place, (basis, disturbed) in structure.rows(x, x + d):
        first = max(0, skip - place.start)
        now = slice(place.start + first, place.stop)
        for factor, rows, target in ((weight[0], basis, y), (weight[1], disturbed - basis, g * d)):
            adjoint = rows[first:].conj().T * factor
            gram += adjoint @ rows[first:]
            moment += adjoint @ target[now]
    return ridge_solve(gram, moment, settings.ridge)


def unexcited(samples: int, channel: Channel, settings: Settings) -> Complex:
    """Gaussian noise of rms 0.01 without power inside ``guard`` times the bandwidth: ``(samples,)``."""
    parts = np.random.default_rng(settings.seed).standard_normal((2, samples))
    frequencies = abs(np.fft.fftfreq(samples, 1 / channel.sample_rate))
    spectrum = np.where(frequencies > settings.guard * channel.bandwidth / 2, parts[0] + 1j * parts[1], 0)
    if not spectrum.any():
        raise BadInput(f"a bandwidth of {channel.bandwidth / 1e6:g} MHz leaves no unexcited band; sample faster")
    noise = np.fft.ifft(spectrum)
    return np.asarray(noise * (0.01 / np.sqrt(power(noise))), dtype=np.complex128)


def power(signal: Complex) -> float:
    """``mean |signal|^2``."""
    return float(np.vdot(signal, signal).real) / len(signal)
