"""One picture of what a predistorter does: spectra, and amplitude out over amplitude in."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.closed_loop import Filter, output
from bittrue.apps.dpd.metrics import Channel, Complex, measure, power_spectrum
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.kit.figures import INK, RED, TEAL, canvas, encoded

COLOURS = {"input": INK, "without": RED, "with": TEAL}
SEGMENT = 2048
"""Samples of a Welch segment in the picture; the metrics use the capture's own."""


def draw(path: str | os.PathLike[str], capture: Capture, amplifier: Filter, predistort: Filter, name: str) -> None:
    """Write a PNG: input, amplifier output without and with predistortion, on the test split.

    Parameters
    ----------
    path : path
    capture : Capture
    amplifier, predistort : callable
        Complex ``(N,)`` to complex ``(N,)``.
    name : str
        Of the predistorter, for the legend.

    Raises
    ------
    BadInput
        Where the file cannot be written.
    """
    reference = capture.gain * capture.inputs["test"]
    signals = {
        "without": output(capture, amplifier),
        "with": output(capture, amplifier, predistort),
    }
    figure = canvas(12, 5.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.35, 1])
    labels = {"without": "amplifier without predistortion", "with": f"amplifier with {name}"}
    for key in labels:
        labels[key] += f"\nACLR {measure(signals[key], reference, capture.channel).aclr:.1f} dBc"
    _spectra(left, capture.channel, {"input": reference} | signals, {"input": "input x gain"} | labels)
    _amplitudes(right, reference, signals, labels)
    figure.suptitle(f"{capture.name}, test split, simulated through a model of the amplifier (not an RF measurement)")
    write_whole(path, encoded(figure, dpi=130))


def _spectra(axes: Axes, channel: Channel, signals: dict[str, Complex], labels: dict[str, str]) -> None:
    shown = drawn(channel)
    spectra = {key: power_spectrum(overlapped(signal, shown.nperseg), shown) for key, signal in signals.items()}
    inside = abs(shown.frequencies) < channel.bandwidth / 2
    zero = np.median(spectra["input"][inside])
    for key, spectrum in spectra.items():
        decibel = 10 * np.log10(np.maximum(spectrum / zero, 1e-12))
        axes.plot(shown.frequencies / 1e6, decibel, color=COLOURS[key], linewidth=1.1, label=labels[key])
    reach = shade_adjacent(axes, channel)
    axes.text(0, -84, "shaded: adjacent channels of the ACLR", ha="center", fontsize=8, color="#7a5c00")
    axes.set(xlabel="frequency (MHz)", ylabel="power density relative to the input in its channel (dB)")
    axes.set(xlim=(-reach, reach), ylim=(-88, 18), title=f"spectra (Welch, segments of {shown.nperseg:,})")
    axes.legend(loc="upper center", ncols=3, fontsize=8, frameon=False)
    axes.grid(alpha=0.3)


def drawn(channel: Channel) -> Channel:
    """The channel in segments of `SEGMENT` samples, or in its own where they are shorter or these too coarse for it."""
    try:
        return replace(channel, nperseg=min(SEGMENT, channel.nperseg))
    except BadInput:
        return channel


def shade_adjacent(axes: Axes, channel: Channel) -> float:
    """Shade both adjacent channels, whose power the ACLR is.

    Returns how far the frequency axis must reach to show them, in MHz to either side, within the sampled band.
    """
    edge, width = channel.bandwidth / 2e6, channel.bandwidth / channel.n_sub_ch / 1e6
    for side in (-1, 1):
        axes.axvspan(side * edge, side * (edge + width), color="#f2c14e", alpha=0.25, linewidth=0)
    return min(channel.sample_rate / 2e6, max(2.2 * edge, 1.05 * (edge + width)))


def _amplitudes(axes: Axes, reference: Complex, signals: dict[str, Complex], labels: dict[str, str]) -> None:
    for key, signal in signals.items():
        axes.plot(
            abs(reference)[::2], abs(signal)[::2], ".", markersize=1.6, alpha=0.5, color=COLOURS[key], label=labels[key]
        )
    top = 1.05 * float(abs(reference).max())
    axes.plot([0, top], [0, top], color=COLOURS["input"], linewidth=1, linestyle="--", label="goal: gain x input")
    axes.set(xlabel="|gain x input|", ylabel="|amplifier output|", title="AM/AM", xlim=(0, top), ylim=(0, None))
    axes.legend(loc="upper left", fontsize=8, markerscale=6, frameon=False)
    axes.grid(alpha=0.3)


def overlapped(signal: Complex, length: int) -> Complex:
    """Segments of ``length`` that overlap by half, one after the other: what `power_spectrum` averages for Welch."""
    starts = range(0, max(1, len(signal) - length + 1), length // 2)
    return np.concatenate([signal[start : start + length] for start in starts])
