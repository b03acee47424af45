"""Blocks of a record: where the output answers each block of the input, by how much it is late, and with which gain."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bittrue.apps.dpd.captures.align import lag
from bittrue.apps.dpd.captures.beside import SILENT, Flags, Whole
from bittrue.apps.dpd.metrics import Complex, Real

INDEPENDENT = 32
"""Independent samples of a block at least: samples times bandwidth over sample rate."""

MOST, FEWEST = 128, 6
"""Blocks of a record."""

REACH = 32
"""Samples by which a block's delay may differ from the one before without a search of the whole record."""

FAR = 24
"""Searches of the whole record, each for one block; a record that needs more of them is not one amplifier's."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """What every block of the input says; arrays are ``(blocks,)``.

    Parameters
    ----------
    start : whole numbers
        First input sample of each.
    length : int
        Samples of each.
    delay : float array
        Of the output, in samples.
    gain : complex array
        Least squares of ``y exp(-j turn k)`` on the input at that delay, ``k`` the output's sample.
    known : bool array
        Whether the output answers the block at all.
    energy, sigma : float array
        Of the input's block, and the standard deviation in rad of its phase and delay, if the rest is noise.
    turn, spin : float
        rad a sample: the rotation of the output that was taken back, and what is left of it between halves of blocks.
    """

    start: Whole
    length: int
    delay: Real
    gain: Complex
    known: Flags
    energy: Real
    sigma: Real
    turn: float = 0.0
    spin: float = 0.0

    @property
    def middle(self) -> Real:
        """Input sample in the middle of each block."""
        return np.asarray(self.start + self.length / 2, np.float64)

    @property
    def phase(self) -> Real:
        """Phase of the known blocks' gains in rad, without jumps of a turn, over the input's samples."""
        known, middle = self.known, self.middle[self.known]
        total = np.angle(self.gain[known]) + self.turn * (middle + self.delay[known])
        along = (self.turn + self.spin) * middle
        return np.asarray(along + np.unwrap(np.angle(np.exp(1j * (total - along)))))


def block_length(samples: int, sample_rate: float, bandwidth: float) -> int:
    """Samples of a block: `INDEPENDENT` ones at least, so that `FEWEST` to `MOST` blocks fill the record."""
    wanted = max(64, int(np.ceil(INDEPENDENT * sample_rate / bandwidth)), samples // MOST)
    return max(1, samples // max(FEWEST, samples // wanted))


def inside(signal: Complex, sample_rate: float, bandwidth: float) -> Complex:
    """The signal without what lies outside the bandwidth."""
    spectrum = np.fft.fft(signal)
    spectrum[abs(np.fft.fftfreq(len(signal), 1 / sample_rate)) > bandwidth / 2] = 0
    return np.asarray(np.fft.ifft(spectrum), np.complex128)


def track(x: Complex, y: Complex, sample_rate: float, bandwidth: float) -> Blocks:
    """Delay and gain of the output ``y`` in every block of the input ``x``; the lengths may differ.

    The delay of a block is the peak of its cross-correlation inside the bandwidth, near that of the block before or,
    where nothing is there, anywhere; the fraction is the slope of the phase over the frequency. Where the blocks are
    turned too fast to show a peak, the envelopes, which no rotation changes, give the first delay, and the peak of the
    spectrum of ``y[n + delay] conj(x[n])`` the rotation.
    """
    x, y = inside(x, sample_rate, bandwidth), inside(y, sample_rate, bandwidth)
    y = np.pad(y, REACH)  # so that a block at an end of the record has later and earlier places, too
    length = block_length(len(x), sample_rate, bandwidth)
    share = bandwidth / sample_rate
    found = _delays(x, y, length, share, lag(x, y))
    if np.count_nonzero(found.known) < len(found.known) / 2:
        first = lag(_envelope(x), _envelope(y))
        turn = _rotation(x, y, first, length)
        again = _delays(x, _turned(y, turn), length, share, first)
        if np.count_nonzero(again.known) > np.count_nonzero(found.known):
            found, y = replace(again, turn=turn), _turned(y, turn)
    found = _fractions(x, y, replace(found, spin=_spin(x, y, found)), sample_rate, bandwidth)
    return replace(found, delay=found.delay - REACH, gain=found.gain * np.exp(-1j * found.turn * REACH))


def _spin(x: Complex, y: Complex, found: Blocks) -> float:
    """rad a sample between the halves of the blocks, all together."""
    half = found.length // 2
    total = 0j
    for start, delay in zip(found.start[found.known], found.delay[found.known].astype(np.int64), strict=True):
        product = y[start + delay : start + delay + 2 * half] * x[start : start + 2 * half].conj()
        total += product[half:].sum() * product[:half].sum().conjugate()
    return float(np.angle(total)) / half if total else 0.0


def _turned(y: Complex, turn: float) -> Complex:
    return np.asarray(y * np.exp(-1j * turn * np.arange(len(y))), np.complex128)


def _envelope(signal: Complex) -> Complex:
    power = np.square(abs(signal))
    return np.asarray(power - power.mean(), np.complex128)


def _rotation(x: Complex, y: Complex, delay: int, length: int) -> float:
    """rad a sample, from the block whose product with the output has the sharpest line."""
    best, turn = 0.0, 0.0
    for start in range(0, len(x) - length + 1, length):
        if 0 <= start + delay <= len(y) - length:
            product = y[start + delay : start + delay + length] * x[start : start + length].conj()
            spectrum = abs(np.fft.fft(product, 8 * length))
            sharp = float(spectrum.max() / (np.sqrt(np.square(abs(product)).sum()) + 1e-300))
            if sharp > best:
                best, turn = sharp, 2 * np.pi * float(np.fft.fftfreq(8 * length)[int(spectrum.argmax())])
    return turn


def _delays(x: Complex, y: Complex, length: int, share: float, first: int) -> Blocks:
    starts = np.arange(0, len(x) - length + 1, length)
    powers = np.array([np.square(abs(x[s : s + length])).mean() for s in starts])
    heard = powers > SILENT * powers.mean()
    delay, gain = np.full(len(starts), float(first)), np.zeros(len(starts), complex)
    known, sigma = np.zeros(len(starts), bool), np.zeros(len(starts))
    spectrum: Complex | None = None
    now, left, size = first, FAR, 1 << (len(y) + length - 1).bit_length()
    for k in np.flatnonzero(heard):
        block = x[starts[k] : starts[k] + length]
        for guess in dict.fromkeys((now, first)):
            best, value = _near(block, y, int(starts[k]) + guess, share)
            if value is not None:
                break
        if value is None and left:
            left -= 1
            spectrum = np.fft.fft(y, size) if spectrum is None else spectrum
            best, value = _anywhere(block, y, spectrum, int(starts[k]) + now, share)
        if value is not None:
            now = best - int(starts[k])
            delay[k], gain[k], known[k] = now, value, True
            sigma[k] = _doubt(block, y[best : best + length], value, share)
    return Blocks(starts, length, delay, gain, known, powers * length, sigma)


def _doubt(block: Complex, answer: Complex, gain: complex, share: float) -> float:
    explained = abs(gain) ** 2 * float(np.square(abs(block)).sum())
    rest = max(0.0, float(np.square(abs(answer)).sum()) - explained)
    return float(np.sqrt(rest / max(explained, 1e-300) / (2 * max(1.0, len(block) * share))))


def _least(samples: int, share: float, lags: int) -> float:
    """Correlation that so many independent delays of noise reach once in a thousand searches; at most 0.9."""
    independent = max(1.0, samples * share)
    return min(0.9, float(np.sqrt(np.log(1000 * max(2.0, lags * share)) / independent)))


def _near(block: Complex, y: Complex, place: int, share: float) -> tuple[int, complex | None]:
    """Where in ``y`` the block begins, within `REACH` of a place, and its gain there; None where it does not."""
    first, last = max(0, place - REACH), min(len(y), place + REACH + len(block))
    if last - first < len(block):
        return place, None
    piece = y[first:last]
    size = 1 << (len(piece) - 1).bit_length()
    product = np.fft.ifft(np.fft.fft(piece, size) * np.fft.fft(block, size).conj())[: len(piece) - len(block) + 1]
    return _peak(block, piece, product, first, place, share)


def _anywhere(block: Complex, y: Complex, spectrum: Complex, place: int, share: float) -> tuple[int, complex | None]:
    product = np.fft.ifft(spectrum * np.fft.fft(block, len(spectrum)).conj())[: len(y) - len(block) + 1]
    return _peak(block, y, product, 0, place, share)


def _peak(
    block: Complex, y: Complex, product: Complex, first: int, place: int, share: float
) -> tuple[int, complex | None]:
    energy = np.concatenate([[0.0], np.cumsum(np.square(abs(y)))])
    energy = energy[len(block) :] - energy[: -len(block)]
    own = float(np.square(abs(block)).sum())
    if not energy.max() > 0:
        return place, None
    match = abs(product) / np.sqrt(np.maximum(energy, 1e-12 * energy.max()) * own)
    # A signal that repeats itself has a peak a period: the nearest one is meant.
    high = np.flatnonzero(match > 0.97 * match.max())
    best = int(high[abs(high + first - place).argmin()])
    beside = slice(max(0, best - 2), best + 3)
    best = beside.start + int(match[beside].argmax())
    if match[best] < _least(len(block), share, len(match)):
        return place, None
    return best + first, complex(product[best] / own)


def _fractions(x: Complex, y: Complex, found: Blocks, sample_rate: float, bandwidth: float) -> Blocks:
    """The same with fractions: weighted least-squares slope of the phase over the frequency of each block."""
    delay, gain = found.delay.copy(), found.gain.copy()
    window = np.hanning(found.length + 2)[1:-1]
    frequencies = np.fft.fftfreq(found.length)
    band = abs(frequencies) <= bandwidth / sample_rate / 2
    omega = 2 * np.pi * frequencies[band]
    for k in np.flatnonzero(found.known):
        start, begin = int(found.start[k]), int(found.start[k] + found.delay[k])
        a, b = x[start : start + found.length] * window, y[begin : begin + found.length] * window
        cross = (np.fft.fft(b) * np.fft.fft(a).conj())[band]
        weight = abs(cross)
        angle = np.angle(cross * np.exp(-1j * np.angle(cross.sum())))
        centred = omega - np.average(omega, weights=weight)
        spread = float((weight * centred**2).sum())
        fraction = -float((weight * centred * angle).sum()) / spread if spread > 0 else 0.0
        delay[k] += float(np.clip(fraction, -1, 1))
        gain[k] = complex((cross * np.exp(1j * omega * fraction)).sum() / np.square(abs(np.fft.fft(a)[band])).sum())
    return replace(found, delay=delay, gain=gain)
