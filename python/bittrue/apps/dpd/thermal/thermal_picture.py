"""One picture of what a change of bank is worth: spectra of every temperature's amplifier behind every bank."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.closed_loop import Filter, output
from bittrue.apps.dpd.metrics import Channel, Complex, power_spectrum
from bittrue.apps.dpd.picture import SEGMENT, overlapped
from bittrue.kit.figures import canvas, encoded

COLOURS = {"cold": "#3a6ea5", "normal": "#4b4b4b", "hot": "#d1495b"}


def drawn(places: Mapping[str, tuple[Capture, Filter]], banks: Mapping[str, Filter], name: str) -> bytes:
    """A PNG with a panel a temperature.

    Parameters
    ----------
    places : mapping of temperature to (capture, amplifier)
        Complex ``(N,)`` to complex ``(N,)``.
    banks : mapping of the same names to predistorters
    name : str
        Of the net, for the title.
    """
    figure = canvas(15, 4.8)
    for axes, (place, (capture, amplifier)) in zip(
        figure.subplots(1, len(places), sharey=True), places.items(), strict=True
    ):
        drives: dict[str, Filter | None] = {"no predistortion": None} | dict(banks)
        signals = {bank: output(capture, amplifier, drive) for bank, drive in drives.items()}
        _panel(axes, capture.channel, signals, place)
    figure.suptitle(
        f"{name}: every bank on every temperature's amplifier (a simulated drift of a model, not a measurement)"
    )
    return encoded(figure, dpi=120)


def _panel(axes: Axes, channel: Channel, signals: Mapping[str, Complex], place: str) -> None:
    shown = Channel(channel.sample_rate, channel.bandwidth, channel.n_sub_ch, min(SEGMENT, channel.nperseg))
    inside = abs(shown.frequencies) < channel.bandwidth / 2
    for bank, signal in signals.items():
        spectrum = power_spectrum(overlapped(signal, shown.nperseg), shown)
        decibel = 10 * np.log10(np.maximum(spectrum / np.median(spectrum[inside]), 1e-12))
        own = bank == place
        label = f"bank {bank}" if bank in COLOURS else bank
        axes.plot(
            shown.frequencies / 1e6,
            decibel,
            color=COLOURS.get(bank, "#b8b8b8"),
            linewidth=2.0 if own else 0.9,
            linestyle="-" if own or bank not in COLOURS else "--",
            zorder=3 if own else 2,
            label=label,
        )
    edge = channel.bandwidth / 2e6
    axes.set(xlim=(-2.2 * edge, 2.2 * edge), ylim=(-80, 24), title=f"{place} amplifier")
    axes.set_xlabel("frequency (MHz)")
    if place == next(iter(COLOURS)):
        axes.set_ylabel("power density relative to the channel (dB)")
    axes.legend(loc="upper center", ncols=2, fontsize=8, frameon=False)
    axes.grid(alpha=0.3)
