"""NMSE, EVM and ACLR by OpenDPD's published definitions, in dB.

Source: OpenDPD 2.4.2, metric profile ``legacy-opendpd-v1`` (the definitions of the OpenDPD papers). All three look at a
signal in segments of ``nperseg`` samples, the last one padded with zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Channel:
    """Where the signal lies in frequency and how its spectrum is estimated.

    Parameters
    ----------
    sample_rate, bandwidth : float
        In Hz; the signal fills ``-bandwidth/2 .. bandwidth/2``.
    n_sub_ch : int
        Sub-channels of equal width that the bandwidth is divided into; an adjacent channel is one of them wide.
    nperseg : int
        Samples of a segment, even.

    Raises
    ------
    BadInput
        Where the adjacent channels do not fit the sampled band, or a number is not positive.
    """

    sample_rate: float
    bandwidth: float
    n_sub_ch: int
    nperseg: int

    def __post_init__(self) -> None:
        if self.nperseg < 2 or self.nperseg % 2 or self.n_sub_ch < 1 or self.bandwidth <= 0:
            raise BadInput(
                f"segments of {self.nperseg} samples and {self.n_sub_ch} sub-channels in {self.bandwidth:,.6g} Hz are "
                f"no channel; give an even number of samples, and sub-channels and a bandwidth above 0"
            )
        left, right, width = self.bins
        if width < 1:
            raise BadInput(
                f"{self.n_sub_ch} sub-channels in {self.bandwidth:,.6g} Hz hold no frequency each of segments of "
                f"{self.nperseg} samples at {self.sample_rate:,.6g} Hz; give the bandwidth in Hz, or longer "
                f"segments (nperseg of spec.json, --segment of bittrue align)"
            )
        if left < width or right + width > self.nperseg:
            raise BadInput(
                f"{self.bandwidth / 1e6:g} MHz with an adjacent channel on each side do not fit "
                f"{self.sample_rate / 1e6:g} MS/s in segments of {self.nperseg}; give the signal's bandwidth, or "
                f"record at a higher sample rate"
            )

    def __str__(self) -> str:
        width = self.bandwidth / self.n_sub_ch / 1e6
        return (
            f"{self.n_sub_ch} x {width:g} MHz, adjacent channels {width:g} MHz wide, segments of {self.nperseg} at "
            f"{self.sample_rate / 1e6:g} MS/s"
        )

    @property
    def frequencies(self) -> Real:
        """Frequency in Hz of every bin of a segment's spectrum, ascending: ``(nperseg,)``."""
        return np.fft.fftshift(np.fft.fftfreq(self.nperseg, 1 / self.sample_rate))

    @property
    def bins(self) -> tuple[int, int, int]:
        """First and last bin of the bandwidth, and the sub-channel width ``floor((last - first) / n_sub_ch)``."""
        frequencies = self.frequencies
        first = int(np.searchsorted(frequencies, -self.bandwidth / 2, side="left"))
        last = int(np.searchsorted(frequencies, self.bandwidth / 2, side="right")) - 1
        return first, last, (last - first) // self.n_sub_ch

    def sub_channels(self, spectrum: Real) -> Real:
        """Sub-channels of ``(..., nperseg)`` spectra: ``(..., n_sub_ch, width)``."""
        first, _, width = self.bins
        inside = spectrum[..., first : first + self.n_sub_ch * width]
        return inside.reshape(*spectrum.shape[:-1], self.n_sub_ch, width)


@dataclass(frozen=True)
class Metrics:
    """What `measure` found: dB, the more negative the better; ``channel`` says which spec was used."""

    nmse: float
    evm: float
    aclr_left: float
    aclr_right: float
    channel: Channel

    @property
    def aclr(self) -> float:
        """Mean of left and right, in dB (OpenDPD's ``ACLR_AVG``)."""
        return (self.aclr_left + self.aclr_right) / 2

    def __str__(self) -> str:
        return (
            f"NMSE {self.nmse:.2f} dB, EVM {self.evm:.2f} dB, ACLR {self.aclr_left:.2f}/{self.aclr_right:.2f} dBc "
            f"({self.channel})"
        )


def measure(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> Metrics:
    """All metrics of an amplifier's output against the reference ``gain * input``: complex arrays ``(N,)``."""
    left, right = aclr(output, channel)
    return Metrics(nmse(output, reference, channel), evm(output, reference, channel), left, right, channel)


def nmse(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> float:
    """``mean over segments of 10*log10(sum |y - r|^2 / sum |r|^2)``.

    Raises `BadInput` for signals of different length, not finite, or a segment of the reference that is all zero.
    """
    y, r = _pair(output, reference, channel)
    with np.errstate(divide="ignore"):  # a perfect output has -inf dB
        return float(np.mean(10 * np.log10((abs(y - r) ** 2).sum(-1) / (abs(r) ** 2).sum(-1))))


def evm(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> float:
    """``20*log10(mean over segments and sub-channels of sum_k |Y_k - R_k| / sum_k |R_k|)``, k over its FFT bins.

    ``Y``, ``R`` are rectangular FFTs of a segment. It is a ratio of spectra, not a constellation error. Raises
    `BadInput` as `nmse` does.
    """
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(np.mean(_evm_ratios(output, reference, channel))))


def evm_per_channel(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> Real:
    """`evm` of every sub-channel on its own, lowest frequency first: ``(n_sub_ch,)`` in dB.

    ``20*log10(mean over segments of sum_k |Y_k - R_k| / sum_k |R_k|)``, k over the FFT bins of the sub-channel; the
    mean of the ratios behind these is the ratio behind `evm`. Raises `BadInput` as `nmse` does.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(20 * np.log10(_evm_ratios(output, reference, channel).mean(0)), dtype=np.float64)


def _evm_ratios(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> Real:
    y, r = _pair(output, reference, channel)
    error, size = (channel.sub_channels(abs(np.fft.fftshift(np.fft.fft(s), axes=-1))).sum(-1) for s in (y - r, r))
    return np.asarray(error / size, dtype=np.float64)


def aclr(output: npt.ArrayLike, channel: Channel) -> tuple[float, float]:
    """``10*log10(P_adjacent / P_strongest)`` left and right, in dBc.

    ``P_adjacent`` is the power in the sub-channel width next to the bandwidth, ``P_strongest`` that of the strongest
    sub-channel inside, both from `power_spectrum`. Raises `BadInput` for a signal that is zero or not finite.
    """
    psd = power_spectrum(output, channel)
    first, last, width = channel.bins
    strongest = channel.sub_channels(psd).sum(-1).max()
    if not strongest > 0:
        raise BadInput("the output has no power in its channel, so it has no ACLR; check the signal")
    sides = psd[first - width : first].sum(), psd[last : last + width].sum()
    with np.errstate(divide="ignore"):
        left, right = (float(10 * np.log10(side / strongest)) for side in sides)
    return left, right


def power_spectrum(output: npt.ArrayLike, channel: Channel) -> Real:
    """``mean over segments of |FFT(hann * (y - mean(y)))|^2 / sum(hann)^2`` at `Channel.frequencies`.

    That is Welch's estimate as ``scipy.signal.welch`` makes it of a segment with its defaults and
    ``scaling='spectrum'``; the Hann window is the periodic one.
    """
    y = segments(output, channel)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(channel.nperseg) / channel.nperseg)
    spectrum = np.fft.fft(window * (y - y.mean(-1, keepdims=True))) / window.sum()
    return np.fft.fftshift((abs(spectrum) ** 2).mean(0))


def segments(signal: npt.ArrayLike, channel: Channel) -> Complex:
    """A complex signal ``(N,)`` as ``(ceil(N / nperseg), nperseg)``, padded with zeros."""
    y = np.asarray(signal, dtype=np.complex128)
    if y.ndim != 1 or not y.size or not np.isfinite(y).all():
        raise BadInput(f"a signal is a finite complex array (N,), not shape {y.shape} or NaN; clean the data")
    return np.pad(y, (0, -len(y) % channel.nperseg)).reshape(-1, channel.nperseg)


def _pair(output: npt.ArrayLike, reference: npt.ArrayLike, channel: Channel) -> tuple[Complex, Complex]:
    if np.shape(output) != np.shape(reference):
        raise BadInput(f"output {np.shape(output)} and reference {np.shape(reference)} differ in length; align them")
    y, r = segments(output, channel), segments(reference, channel)
    if not (abs(r).max(-1) > 0).all():
        raise BadInput("a segment of the reference is all zero, so errors relative to it do not exist; shorten it")
    return y, r
