"""A record beside the amplifier without memory that is nearest to it: gain and delay of every block, to a hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.apps.dpd.captures.align import overlap
from bittrue.apps.dpd.metrics import Complex, Real

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEVELS = 48
"""Amplitudes whose gain the memoryless amplifier has; lines between them."""

SILENT = 1e-2
"""Power of a block over the mean from which it says something."""

FOLLOWS = 0.5
"""Share of the power that the input explains where the output follows it."""

NOISY = 3.0
"""Times the usual power of what is not explained, up to which a block is only noisy."""

TURNED, SHIFTED = 0.5, 0.3
"""rad that a block may be turned and, at the signal's rms frequency, shifted against the others."""


@dataclass(frozen=True, eq=False)
class Beside:
    """Blocks that are heard, arrays ``(blocks,)``: ``y ~ gain (p - delay p')`` inside the bandwidth.

    Parameters
    ----------
    start : array of int
        First input sample.
    length, lag : int
        Samples of each, and samples by which the output was moved before.
    gain, delay, energy : array
    match, rest : array
        Share of the output's power that is explained, and power that is not.
    sigma : array
        Standard deviation in rad of phase and delay, if the rest is noise.
    bandwidth : float
        Rms frequency of ``p`` in rad a sample.
    """

    start: Whole
    length: int
    lag: int
    gain: Complex
    delay: Real
    energy: Real
    match: Real
    rest: Real
    sigma: Real
    bandwidth: float

    @property
    def near(self) -> Flags:
        """Whether each follows the input, or is only noisy, and is turned and shifted little against the others."""
        turned = abs(np.angle(self.gain * np.exp(-1j * np.angle(_centre(self.gain)))))
        shifted = self.bandwidth * abs(self.delay - np.median(self.delay))
        follows = (self.match > FOLLOWS) | (self.rest < NOISY * np.median(self.rest))
        doubt = 4 * self.sigma
        return np.asarray((turned < TURNED + doubt) & (shifted < SHIFTED + doubt) & follows)

    @property
    def power(self) -> Real:
        """Of the output in each block."""
        return self.rest / np.maximum(1 - self.match, 1e-12)

    @property
    def follows(self) -> bool:
        """Whether the output follows the input on the whole."""
        return bool(self.rest.sum() < (1 - FOLLOWS / 2) * self.power.sum())


def _centre(gain: Complex) -> complex:
    return complex(np.median(gain.real), np.median(gain.imag))


def beside(x: Complex, y: Complex, lag: int, length: int, share: float) -> Beside | None:
    """The blocks of about ``length`` samples of a record whose output is ``lag`` samples late; None for fewer than two.

    With ``p = x G(|x|)`` (`memoryless`), everything cut to the ``share`` of the sample rate that the bandwidth is, and
    ``p'`` the derivative of ``p``, gain ``g`` and delay ``d`` of a block are its least squares of ``y`` on ``p, p'``.
    """
    a, b = overlap(x, y, lag)
    count = len(a) // length
    if count < 2:
        return None
    length = len(a) // count
    frequencies = np.fft.fftfreq(len(a))
    band = abs(frequencies) <= share / 2
    spectrum = np.where(band, np.fft.fft(memoryless(a, b)), 0)
    spectra = spectrum, spectrum * (2j * np.pi * frequencies), np.where(band, np.fft.fft(b), 0)
    p, d, q = (np.fft.ifft(part)[: count * length].reshape(count, length) for part in spectra)
    pp, dd, qq = (_product(u, u).real for u in (p, d, q))
    heard = (pp > SILENT * pp.mean()) & (qq > 0)
    if np.count_nonzero(heard) < 2:
        return None
    p, d, q, pp, dd, qq = (part[heard] for part in (p, d, q, pp, dd, qq))
    pd, pq, dq = _product(p, d), _product(p, q), _product(d, q)
    power = np.maximum(pp * dd - np.square(abs(pd)), 1e-9 * pp * dd)
    gain, moved = (dd * pq - pd * dq) / power, (pp * dq - pd.conj() * pq) / power
    rest = np.maximum(qq - (gain * pq.conj() + moved * dq.conj()).real, 0)
    sigma = np.sqrt(rest / np.maximum(qq - rest, 1e-9 * qq) / (2 * length * share))
    delay = -(moved / np.where(gain == 0, 1, gain)).real
    start = (np.arange(count) * length + max(0, -lag))[heard]
    width = float(np.sqrt(dd.sum() / pp.sum()))
    return Beside(start, length, lag, gain, delay, pp, 1 - rest / qq, rest, sigma, width)


def _product(u: Complex, v: Complex) -> Complex:
    return np.asarray(np.einsum("ij,ij->i", u.conj(), v), np.complex128)


def memoryless(x: Complex, y: Complex) -> Complex:
    """``x G(|x|)`` nearest to ``y``: least-squares gains of `LEVELS` amplitudes, and lines between them."""
    size = abs(x)
    edge = float(size.max()) * (1 + 1e-9) or 1.0
    level = np.minimum((size * (LEVELS / edge)).astype(np.int64), LEVELS - 1)
    product = y * x.conj()
    energy = np.bincount(level, size**2, LEVELS)
    known = (np.bincount(level, minlength=LEVELS) > 8) & (energy > 0)
    if not known.any():
        return x
    centres = ((np.arange(LEVELS) + 0.5) * edge / LEVELS)[known]
    parts = (np.bincount(level, part, LEVELS)[known] / energy[known] for part in (product.real, product.imag))
    real, imaginary = (np.interp(size, centres, part) for part in parts)
    return np.asarray(x * (real + 1j * imaginary), np.complex128)
