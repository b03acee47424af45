"""Weights to begin with of a net that chooses among bands: filters of a slow rate, gates, filters that interpolate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import signal

from bittrue.apps.noise.hardware_net import FACTOR, ArchitectureSpec, Setting, Weights
from bittrue.apps.noise.processes.bandpass import Bandpass
from bittrue.errors import BadInput
from bittrue.num import Format

GRID = 1 << 14
"""Frequencies of a design, of half the sample rate."""
LOUD = 0.8
"""Standard deviation of what the filters give: tensors of Q3.5 end at 5 of it, and taps stay below 1/2."""
SLOPE, SLOPES = 0.4375, 11
"""Weight, exact in formats of 4 fractional bits or more, and number of taps by which the parameter becomes a step: with
a product above 3.97 a step goes from one end of Q3.5 to the other between two bands."""
SKIRT = 0.15
"""How far an interpolating filter passes beyond its band, in widths of the gap between two bands."""
BETWEEN = 0.01
"""Weight of frequencies at which a band has neither noise nor images, beside 1 at the others."""
LONGEST = 2047
"""Taps of a filter: a design solves as many equations as half of them."""
Real = npt.NDArray[np.float64]


def weights(spec: ArchitectureSpec, process: Bandpass) -> Weights:
    """Weights ``(outputs, inputs, size)`` and biases of a net of two levels by which it is a bank of filters.

    With ``B`` bands, K and M the sizes of the first convolution and of the transposed one, n the noise of the slow
    level, s the parameter, and everything but ``out`` clamped to 0 ... 3.97:

    ============ =====================================================================================================
    ``conv0_0``  ``2 B`` parts ``max(+-(h_b * n), 0)``, and ``B - 1`` steps: 0 for bands below b, else 3.97
    ``conv0_1``  one tap: ``max(part_b + step_b - step_(b+1) - 3.97, 0)``: 0 but for the band that was chosen
    ``up1``      both parts of ``sum_b g_b * (positive_b - negative_b)``
    ``out``      one tap: their difference, with the process's standard deviation
    ============ =====================================================================================================

    ``h_b`` has K taps at a quarter of the sample rate and ``|G(f)|^2`` of the process as its response: every band lies
    between two multiples of an eighth of the sample rate, so that nothing of it falls onto itself there. ``g_b`` passes
    the band and stops its images, by least squares (`scipy.signal.firls`). What more channels there are begin with 0.

    Raises
    ------
    BadInput
        For an architecture of another form, too few channels, or a band that such a rate does not hold.
    """
    bands = process.bands
    setting = _check(spec, bands)
    slow, fast = spec.levels
    most = Format.of(spec.tensor, spec.name)
    found = {name: (np.zeros(shape), np.zeros(shape[0])) for name, shape in spec.layers.items()}
    steep = SLOPE * SLOPES
    top = most.hi * most.scale
    middle = 0.5 * (setting.low + setting.high)
    first, bias = found["conv0_0"]
    choose, shut = found["conv0_1"]
    up = found["up1"][0]
    shut[: 2 * bands] = -top
    for band in range(bands):
        taps, between = slow_filter(process, band, slow.kernels[0]), interpolator(process, band, fast.upsampling)
        for part, sign in ((2 * band, 1.0), (2 * band + 1, -1.0)):
            first[part, 0] = sign * taps
            choose[part, part] = 1.0
            choose[part, 2 * bands + band - 1 if band else part] += 1.0 if band else 0.0
            if band + 1 < bands:
                choose[part, 2 * bands + band] = -1.0
            up[0, part], up[1, part] = sign * between, -sign * between
        if band:
            step = 2 * bands + band - 1
            first[step, slow.noise, :SLOPES] = SLOPE
            bias[step] = 0.5 * (steep + top) - steep * (band - middle)
        else:
            shut[:2] = 0.0
    deviation = np.sqrt(np.mean([_response(process, band)[1].mean() for band in range(bands)]))
    found["out"][0][0, :2, 0] = deviation / LOUD * np.array([1.0, -1.0])
    return found


def _check(spec: ArchitectureSpec, bands: int) -> Setting:
    """The parameter. Raises `BadInput` where an architecture is no bank of so many filters."""
    slow, fast = spec.levels[0], spec.levels[-1]
    if len(spec.levels) != 2 or len(slow.kernels) != 2 or slow.kernels[1] != 1 or fast.kernels != (1,):
        raise BadInput(f"{spec.name} begins as a filter bank; give it two levels, with the kernels [K, 1] and [1]")
    if slow.channels < 3 * bands - 1 or fast.channels < 2 or spec.setting is None:
        raise BadInput(
            f"{spec.name} begins as a bank of {bands} filters; give it a parameter, {3 * bands - 1} channels at the "
            f"first level and 2 at the second"
        )
    if any(size % 2 == 0 or not SLOPES <= size <= LONGEST for size in (slow.kernels[0], fast.upsampling)):
        raise BadInput(
            f"{spec.name} begins as a filter bank; give its kernel and upsampling odd sizes, {SLOPES} to {LONGEST}"
        )
    assert spec.parameter is not None  # there is a setting
    unit = 2.0 ** spec.parameter[1].frac * Format.of(spec.tensor, spec.name).scale
    if (spec.setting.low, spec.setting.high, unit) != (0, bands - 1, 1):
        raise BadInput(
            f"{spec.name} begins as a filter bank; give its parameter the range 0 to {bands - 1}, and tensors of Q3.5"
        )
    return spec.setting


def slow_filter(process: Bandpass, band: int, taps: int) -> Real:
    """``h_b``: the band at a quarter of the sample rate, Kaiser's window, white noise of 1 in, `LOUD` out; ``(taps,)``.

    Raises `BadInput` for a band that lies across a multiple of an eighth of the sample rate.
    """
    zone = _zone(process, band)
    places = np.linspace(0.0, 1.0, GRID + 1)
    frequencies = (zone + (1.0 - places if zone % 2 else places)) / FACTOR
    response = np.interp(frequencies, *_amplitude(process, band))
    impulse = np.fft.irfft(response)
    middle = taps // 2
    found = np.roll(impulse, middle)[:taps] * np.kaiser(taps, 2.0)
    return np.asarray(LOUD * found / np.linalg.norm(found))


def interpolator(process: Bandpass, band: int, taps: int) -> Real:
    """``g_b``: from a quarter of the sample rate to all of it, `FACTOR` in the band, 0 in its images; ``(taps,)``."""
    zone = _zone(process, band)
    skirt = SKIRT / (3 * process.bands - 1)
    low, high = process.edges(band)
    low, high = max(low - skirt, 0.0), min(high + skirt, 1.0)
    low, high = max(low, zone / FACTOR), min(high, (zone + 1) / FACTOR)
    ends = sorted((_folded(low, zone), _folded(high, zone)))
    edges, gains, weights = [0.0], [0.0], []
    for other in range(FACTOR):
        there = sorted((other + (1.0 - end if other % 2 else end)) / FACTOR for end in ends)
        edges += [there[0], *there, there[1]]
        gains += [0.0, *[float(FACTOR * (other == zone))] * 2, 0.0]
        weights += [BETWEEN, 1.0]
    edges, gains, weights = [*edges, 1.0], [*gains, 0.0], [*weights, BETWEEN]
    kept = [k for k in range(len(weights)) if edges[2 * k] < edges[2 * k + 1]]
    pairs = [2 * k + end for k in kept for end in (0, 1)]
    found = signal.firls(taps, [edges[k] for k in pairs], [gains[k] for k in pairs], weight=[weights[k] for k in kept])
    return np.asarray(found)


def _zone(process: Bandpass, band: int) -> int:
    """Between which multiples of an eighth of the sample rate a band lies."""
    low, high = process.edges(band)
    zone = int(FACTOR * 0.5 * (low + high))
    if not zone <= FACTOR * low < FACTOR * high <= zone + 1:
        raise BadInput(
            f"band {band} of {process.bands} lies across a multiple of an eighth of the sample rate, where "
            f"a quarter of the rate does not hold it; give another number of bands"
        )
    return zone


def _folded(frequency: float, zone: int) -> float:
    place = FACTOR * frequency - zone
    return 1.0 - place if zone % 2 else place


def _response(process: Bandpass, band: int) -> tuple[Real, Real]:
    """Frequencies in units of half the sample rate, and the process's density there."""
    frequencies, found = signal.freqz_sos(process.sections(band), GRID)
    return frequencies / np.pi, abs(found) ** 4


def _amplitude(process: Bandpass, band: int) -> tuple[Real, Real]:
    frequencies, power = _response(process, band)
    return frequencies, np.sqrt(power)
