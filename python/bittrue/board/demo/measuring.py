"""Spectrum, ACLR, EVM and NMSE on the board, in NumPy alone; all in dB, lower is better.

The definitions are OpenDPD's (metric profile ``legacy-opendpd-v1``), as on the PC; the tests hold both equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

SEGMENT = 2048
"""Samples of a segment of the spectrum that is drawn; the figures use the channel's own."""

FLOOR = 1e-14
"""Power below which the spectrum is not followed: -140 dB."""


@dataclass(frozen=True)
class Channel:
    """Where the signal lies: rate and bandwidth in Hz, sub-channels in it, samples of a segment."""

    sample_rate: float
    bandwidth: float
    n_sub_ch: int
    nperseg: int

    @property
    def width(self) -> float:
        """Width of a sub-channel, and of the adjacent channel on either side, in Hz."""
        return self.bandwidth / self.n_sub_ch

    def bins(self) -> tuple[int, int, int]:
        """First and last bin of the bandwidth in an ascending spectrum of ``nperseg`` bins, and bins a sub-channel."""
        frequencies = _frequencies(self.nperseg, self.sample_rate)
        first = int(np.searchsorted(frequencies, -self.bandwidth / 2, side="left"))
        last = int(np.searchsorted(frequencies, self.bandwidth / 2, side="right")) - 1
        return first, last, (last - first) // self.n_sub_ch


@dataclass(frozen=True)
class Figures:
    """What `measure` found, in dB."""

    aclr_left: float
    aclr_right: float
    evm: float
    nmse: float

    @property
    def aclr(self) -> float:
        """Mean of left and right."""
        return (self.aclr_left + self.aclr_right) / 2


def measure(output: Complex, wanted: Complex, channel: Channel) -> Figures:
    """Figures of an amplifier's output ``(N,)`` against the wanted signal ``(N,)``, after one common complex gain.

    The least-squares gain ``g = <wanted, output> / <wanted, wanted>`` is divided out first, as a gain control and a
    receiver's equaliser do; what is left is distortion.
    """
    gain = np.vdot(wanted, output) / np.vdot(wanted, wanted)
    y = output / gain
    left, right = aclr(y, channel)
    return Figures(left, right, evm(y, wanted, channel), nmse(y, wanted, channel))


def nmse(y: Complex, r: Complex, channel: Channel) -> float:
    """``mean over segments of 10*log10(sum |y - r|^2 / sum |r|^2)``."""
    error, size = (_power(_segments(s, channel.nperseg)).sum(-1) for s in (y - r, r))
    with np.errstate(divide="ignore"):
        return float(np.mean(10 * np.log10(error / size)))


def evm(y: Complex, r: Complex, channel: Channel) -> float:
    """``20*log10(mean over segments and sub-channels of sum |Y_k - R_k| / sum |R_k|)``, k over its FFT bins."""
    error, size = (_sub_channels(np.abs(_spectra(s, channel)), channel) for s in (y - r, r))
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(np.mean(error / size)))


def aclr(y: Complex, channel: Channel) -> tuple[float, float]:
    """``10*log10(P_adjacent / P_strongest sub-channel)`` left and right, in dBc, from `power_spectrum`."""
    spectrum = power_spectrum(y, channel.nperseg)
    first, last, width = channel.bins()
    strongest = _sub_channels(spectrum, channel).max()
    sides = spectrum[first - width : first].sum(), spectrum[last : last + width].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = (float(10 * np.log10(side / strongest)) for side in sides)
    return left, right


def power_spectrum(y: Complex, nperseg: int, step: int = 0) -> Real:
    """``mean over segments of |FFT(hann * (y - mean y))|^2 / sum(hann)^2``, frequencies ascending: ``(nperseg,)``.

    Segments follow one another, the last padded with zeros; with ``step`` a whole one begins every ``step`` samples.
    """
    if step:
        starts = range(0, max(1, len(y) - nperseg + 1), step)
        parts = np.stack([np.pad(y[k : k + nperseg], (0, max(0, k + nperseg - len(y)))) for k in starts])
    else:
        parts = _segments(y, nperseg)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(nperseg) / nperseg)
    spectra = np.fft.fft(window * (parts - parts.mean(-1, keepdims=True))) / window.sum()
    return np.asarray(np.fft.fftshift(_power(spectra).mean(0)), dtype=np.float64)


def drawn_spectrum(y: Complex, sample_rate: float) -> tuple[Real, Real]:
    """What a spectrum analyser would show: frequencies in MHz, ascending, and power in dB, both ``(SEGMENT,)``.

    Welch's estimate from segments of `SEGMENT` samples that overlap by half.
    """
    power = power_spectrum(y, SEGMENT, SEGMENT // 2)
    return _frequencies(SEGMENT, sample_rate) / 1e6, 10 * np.log10(np.maximum(power, FLOOR))


def _frequencies(bins: int, sample_rate: float) -> Real:
    return np.fft.fftshift(np.fft.fftfreq(bins, 1 / sample_rate))


def _segments(y: Complex, nperseg: int) -> Complex:
    return np.pad(y, (0, -len(y) % nperseg)).reshape(-1, nperseg)


def _spectra(y: Complex, channel: Channel) -> Complex:
    return np.fft.fftshift(np.fft.fft(_segments(y, channel.nperseg)), axes=-1)


def _sub_channels(spectrum: Real, channel: Channel) -> Real:
    """Sums over the bins of every sub-channel of spectra ``(..., nperseg)``: ``(..., n_sub_ch)``."""
    first, _, width = channel.bins()
    inside = spectrum[..., first : first + channel.n_sub_ch * width]
    return np.asarray(inside.reshape(*spectrum.shape[:-1], channel.n_sub_ch, width).sum(-1))


def _power(values: Complex) -> Real:
    return np.asarray(np.square(values.real) + np.square(values.imag))
