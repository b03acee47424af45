"""A signal of our own that looks like the captured one to an amplifier: many carriers in sub-channels, clipped."""

from __future__ import annotations

import numpy as np

from bittrue.apps.dpd.amplifiers.pa import limit, power
from bittrue.apps.dpd.metrics import Channel, Complex
from bittrue.errors import BadInput

OCCUPIED = 0.918
"""Part of a sub-channel that carries carriers, as in the captured signal."""

LEVELS = np.array([-7, -5, -3, -1, 1, 3, 5, 7])
"""Of a 64-QAM symbol, in I and in Q."""

ROUNDS = 40
"""Turns of clipping to the peak and taking out what falls beside the carriers."""


def ofdm(channel: Channel, samples: int, rms: float, peak: float, seed: int) -> Complex:
    """One period of a periodic signal: random 64-QAM symbols on every bin that is occupied.

    Peaks are clipped and the clipping noise outside the carriers is removed, `ROUNDS` times, the removal last: nothing
    but carriers remains, and peaks may exceed ``peak`` by a little. It is no standard's waveform (no cyclic prefix, one
    long symbol), it has its spectrum and its envelope.

    Parameters
    ----------
    channel : Channel
        Its sub-channels are filled.
    samples : int
    rms, peak : float
    seed : int

    Returns
    -------
    complex128 array (samples,)

    Raises
    ------
    BadInput
        For a peak that is not above twice the rms, which clipping cannot reach, or fewer samples than a carrier a
        sub-channel takes.
    """
    if not 0 < 2 * rms < peak:
        raise BadInput(f"a peak of {peak:g} for an rms of {rms:g} is too low for many carriers; give more than twice")
    generator = np.random.default_rng(seed)
    carriers = occupied(channel, samples)
    if not carriers.any():
        raise BadInput(f"{samples} samples hold no carrier of {channel}; give more")
    spectrum = np.zeros(samples, complex)
    symbols = generator.choice(LEVELS, (int(carriers.sum()), 2))
    spectrum[carriers] = symbols[:, 0] + 1j * symbols[:, 1]
    for _ in range(ROUNDS):
        signal = np.fft.ifft(spectrum).astype(np.complex128)
        spectrum = np.fft.fft(limit(signal * (rms / np.sqrt(power(signal))), peak)).astype(np.complex128)
        spectrum[~carriers] = 0
    signal = np.fft.ifft(spectrum).astype(np.complex128)
    return np.asarray(signal * (rms / np.sqrt(power(signal))), dtype=np.complex128)


def occupied(channel: Channel, samples: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which bins of ``fft`` carry: within ``OCCUPIED / 2`` sub-channels of a sub-channel's middle: ``(samples,)``."""
    width = channel.bandwidth / channel.n_sub_ch
    place = np.fft.fftfreq(samples, 1 / channel.sample_rate) / width + channel.n_sub_ch / 2
    inside = (place >= 0) & (place < channel.n_sub_ch)
    return np.asarray(inside & (abs(place - np.floor(place) - 0.5) <= OCCUPIED / 2))
