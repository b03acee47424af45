"""Removing a constant frequency offset and a ratio of sample clocks from a recorded output."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from bittrue.apps.dpd.captures import unsteady
from bittrue.apps.dpd.captures.steady import Survey, survey
from bittrue.apps.dpd.metrics import Complex
from bittrue.limits import take

ROUNDS = 6
"""Estimates, each of what the ones before left."""

LEFT = -70.0
"""dB of the error below which nothing is left to remove."""

FINER = 4
"""Samples of the band-limited interpolation for each of the record; splines go through them."""

PIECE, EDGE = 1 << 18, 32
"""Output samples of a spline, and samples at its ends that belong to its neighbours."""


@dataclass(frozen=True)
class Mended:
    """What was removed: rotation of the output in Hz, and by how many ppm its clock ran faster than the input's."""

    hertz: float = 0.0
    ppm: float = 0.0


def mend(x: Complex, y: Complex, sample_rate: float, bandwidth: float) -> tuple[Complex, Mended]:
    """The output without rotation and at the input's sample rate, as far as they are constant, and what was removed.

    With ``f`` in Hz and ``s = ppm / 10^6`` the result is, at the input's times ``n``, band-limited interpolation of::

        y[k] exp(-2j pi f k / sample_rate)   at   k = n (1 + s)

    Both come from the slopes of phase and delay over the blocks of `survey`, in `ROUNDS` rounds. What is not too much
    (`bittrue.apps.dpd.captures.unsteady`) stays, and so does what is not constant: check the result.
    """
    done, mended = Mended(), y
    kinds: set[str] = set()
    for _ in range(ROUNDS):
        kinds |= {fault.kind for fault in unsteady.faults(x, mended, sample_rate, bandwidth) if fault.removable}
        found = survey(x, mended, sample_rate, bandwidth)
        if not kinds or found is None:
            break
        step = _step(found, kinds, sample_rate)
        ratio = (1 + done.ppm * 1e-6) * (1 + step.ppm * 1e-6)
        done = Mended(done.hertz + step.hertz / ratio, (ratio - 1) * 1e6)
        mended = removed(y, done, sample_rate)
        line = found.phase.slope * found.middle, found.delay.slope * found.middle
        if max(found.error(line[0]) if "phase" in kinds else LEFT, found.error(line[1], True)) <= LEFT:
            break
    return mended, done


def _step(found: Survey, kinds: Collection[str], sample_rate: float) -> Mended:
    hertz = found.phase.slope * sample_rate / (2 * np.pi) if unsteady.PHASE in kinds else 0.0
    return Mended(hertz, found.delay.slope * 1e6 if unsteady.DELAY in kinds else 0.0)


def removed(y: Complex, of: Mended, sample_rate: float) -> Complex:
    """``y`` without that rotation and at the other clock (`mend`)."""
    if of.hertz:
        y = y * np.exp(-2j * np.pi * of.hertz / sample_rate * np.arange(len(y)))
    return resampled(y, 1 + of.ppm * 1e-6) if of.ppm else y


def resampled(y: Complex, ratio: float) -> Complex:
    """``y`` at the times ``n ratio`` that it covers, by a finer grid from its spectrum and cubic splines through that.

    The splines' error is below -68 dB at the edge of the sampled band and -120 dB at a fifth of it.
    """
    from scipy.interpolate import CubicSpline

    size = len(y)
    take(5 * FINER * 16 * size, "interpolating the output")
    spectrum = np.fft.fft(y)
    half = size // 2
    padded = np.zeros(FINER * size, complex)
    padded[:half], padded[half - size :] = spectrum[:half], spectrum[half:]
    fine = FINER * np.fft.ifft(padded)
    count = int(np.floor((size - 1) / ratio)) + 1
    parts = []
    for first in range(0, count, PIECE):
        times = np.arange(first, min(first + PIECE, count)) * (ratio * FINER)
        low, high = max(0, int(times[0]) - EDGE), min(len(fine), int(times[-1]) + EDGE + 2)
        parts.append(CubicSpline(np.arange(low, high), fine[low:high])(times))
    return np.concatenate(parts)
