"""Behaviour of an amplifier model at frequencies that its capture says nothing about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bittrue.apps.dpd.amplifiers.pa import power
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Complex

LEVEL = 0.01
"""RMS of the probing noise, so weak that the amplifier answers linearly to it."""


def bands(capture: Capture) -> dict[str, tuple[float, float]]:
    """Distances from the carrier in Hz: inside the bandwidth, the adjacent channels, the third order, the rest."""
    half = capture.channel.bandwidth / 2
    edges = {
        "inside the channel": (0.0, half),
        "adjacent channels": (half, half + capture.channel.bandwidth / capture.channel.n_sub_ch),
        "up to 3 half bandwidths": (half, 3 * half),
        "beyond": (3 * half, capture.channel.sample_rate / 2),
    }
    return {name: (low, high) for name, (low, high) in edges.items() if low < capture.channel.sample_rate / 2}


def small_signal_gain(
    amplifier: Callable[[Complex], Complex], capture: Capture, samples: int = 8192, seed: int = 0
) -> dict[str, float]:
    """Gain that weak noise ``d`` of a band sees while the test signal ``x`` drives the amplifier, for `bands`.

    ``rms(A(x + d) - A(x)) / rms(d)``, all that comes out counted, at whatever frequency. A capture excites only the
    bandwidth, so a model that was fitted without care may amplify the rest by any factor; predistortion that touches
    those frequencies is then judged by an accident. Compare the lines: they should be of one size.
    """
    x = capture.inputs["test"][:samples]
    parts = np.random.default_rng(seed).standard_normal((2, len(x)))
    frequencies = abs(np.fft.fftfreq(len(x), 1 / capture.channel.sample_rate))
    rest = amplifier(x)
    gains: dict[str, float] = {}
    for name, (low, high) in bands(capture).items():
        spectrum = np.where((frequencies >= low) & (frequencies <= high), parts[0] + 1j * parts[1], 0)
        d = np.fft.ifft(spectrum)
        d = d * (LEVEL / np.sqrt(power(d)))
        gains[name] = float(np.sqrt(power(amplifier(x + d) - rest)) / LEVEL)
    return gains
