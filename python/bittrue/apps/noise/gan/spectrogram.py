"""Spectrograms: the short-time Fourier transform of signals, in four representations, and its inverse.

Windows are Hann's, signals are continued evenly beyond their ends, and frequencies of real signals are one-sided. The
spectrum divided by the window's sum is ``Z``; with ``a = |Z|`` and ``p = arg Z`` the channels are

==========  ===============================================================================
IQ          ``Re Z, Im Z``
log_mag_IF  ``log10 a``; ``p`` unwrapped along time: its first value, then its differences
log_mag_GD  ``log10 a``; ``p`` unwrapped along frequency: its first value, then its differences
log_mag_IQ  ``log10 a, Re Z, Im Z``; back from ``a`` and ``arg(Re + j Im)``
==========  ===============================================================================

The origin unwraps the phase of log_mag_GD along time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.signal

from bittrue.apps.noise.gan.configuration import DatasetSpecs

Array = npt.NDArray[Any]
LEAST = 1e-10
"""Magnitude that smaller ones count as, so that logarithms are finite."""
_FREQUENCY, _TIME = -2, -1


def spectrogram(x: Array, specs: DatasetSpecs) -> Array:
    """Channels ``(N, C, frequencies, times)`` of signals ``(N, L)``; ``L`` is a multiple of the hop."""
    _, _, z = scipy.signal.stft(
        x,
        fs=2,
        nperseg=specs.nperseg,
        noverlap=_overlap(specs),
        return_onesided=not np.iscomplexobj(x),
        boundary="even",
    )
    if specs.fft_shift:
        z = np.fft.fftshift(z, axes=_FREQUENCY)
    if specs.data_rep == "IQ":
        return np.stack([z.real, z.imag], axis=1)
    magnitude = np.log10(np.maximum(np.abs(z), LEAST))
    if specs.data_rep == "log_mag_IQ":
        return np.stack([magnitude, z.real, z.imag], axis=1)
    axis = _TIME if specs.data_rep == "log_mag_IF" else _FREQUENCY
    phase = np.unwrap(np.angle(z), axis=axis)
    return np.stack([magnitude, np.diff(phase, axis=axis, prepend=0)], axis=1)


def waveform(channels: Array, specs: DatasetSpecs, is_complex: bool) -> Array:
    """Signals ``(N, L)`` of channels ``(N, C, frequencies, times)``: the inverse, by least squares."""
    values = np.asarray(channels, np.float64)
    if specs.data_rep == "IQ":
        z = values[:, 0] + 1j * values[:, 1]
    elif specs.data_rep == "log_mag_IQ":
        z = _exp10(values[:, 0]) * np.exp(1j * np.arctan2(values[:, 2], values[:, 1]))
    else:
        axis = _TIME if specs.data_rep == "log_mag_IF" else _FREQUENCY
        z = _exp10(values[:, 0]) * np.exp(1j * np.cumsum(values[:, 1], axis=axis))
    if specs.fft_shift:
        z = np.fft.ifftshift(z, axes=_FREQUENCY)
    _, x = scipy.signal.istft(
        z, fs=2, nperseg=specs.nperseg, noverlap=_overlap(specs), input_onesided=not is_complex, boundary=True
    )
    return np.asarray(x)


def _overlap(specs: DatasetSpecs) -> int:
    return int(specs.nperseg * specs.noverlap)


def _exp10(value: Array) -> Array:
    return np.asarray(10.0 ** np.minimum(value, 30))
