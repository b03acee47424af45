"""The pictures of a comparison, one PNG each: spectra, AM/AM, AM/PM, EVM per carrier, size against quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bittrue.apps.dpd.metrics import Channel, Complex, Real, power_spectrum, segments
from bittrue.apps.dpd.picture import COLOURS, drawn, overlapped, shade_adjacent
from bittrue.apps.dpd.reporting.comparison import FLOAT, IDEAL, NONE, POLYNOMIAL, Comparison, Outcome
from bittrue.apps.dpd.reporting.pareto import front
from bittrue.kit.figures import GREYS, PALETTE, canvas, encoded

WIDTH, HEIGHT = 8.0, 5.0
SIMULATED = "simulated through a model of the amplifier (not an RF measurement)"


@dataclass(frozen=True)
class Style:
    """How an entry is drawn: the same in every picture."""

    colour: str
    line: str
    marker: str


REFERENCE, POLYNOMIALS, NETS = GROUPS = ("Arena references (float, mean of seeds)", "polynomials", "nets, integer")


@dataclass(frozen=True)
class Point:
    """A predistorter in a picture of size against quality: ``figures`` in dB by name, ``group`` one of `GROUPS`."""

    name: str
    parameters: int
    figures: dict[str, float]
    group: str


def styles(outcomes: Sequence[Outcome]) -> dict[str, Style]:
    """A style for every entry by its name: red without predistortion, grey polynomials, a colour a net."""
    found: dict[str, Style] = {}
    polynomials = nets = 0
    for outcome in outcomes:
        entry = outcome.entry
        if entry.kind == NONE:
            found[entry.name] = Style(COLOURS["without"], "-", "x")
        elif entry.kind == POLYNOMIAL:
            found[entry.name] = Style(GREYS[polynomials % len(GREYS)], "-", "s")
            polynomials += 1
        elif entry.kind == IDEAL:
            found[entry.name] = Style("#222222", ":", "*")
        else:
            colour = PALETTE[nets % len(PALETTE)]
            found[entry.name] = Style(colour, "--" if entry.kind == FLOAT else "-", "o")
            nets += entry.kind != FLOAT
    return found


def spectra(comparison: Comparison, judge: str, outcomes: Sequence[Outcome]) -> bytes:
    """Power density at the amplifier's output for every outcome, the goal, and where the ACLR is measured."""
    figure, axes = _canvas()
    channel, style = comparison.channel, styles(comparison.outcomes)
    shown = drawn(channel)
    goal = _density(comparison.reference, shown)
    zero = np.median(goal[abs(shown.frequencies) < channel.bandwidth / 2])
    for outcome in outcomes:
        name, found = outcome.entry.name, outcome.metrics[judge]
        label = f"{name}: ACLR {max(found.aclr_left, found.aclr_right):.1f} dBc"
        level = 10 * np.log10(np.maximum(_density(outcome.outputs[judge], shown) / zero, 1e-12))
        axes.plot(shown.frequencies / 1e6, level, style[name].line, color=style[name].colour, linewidth=1, label=label)
    level = 10 * np.log10(np.maximum(goal / zero, 1e-12))
    axes.plot(shown.frequencies / 1e6, level, color=COLOURS["input"], linewidth=0.8, label="goal: gain x input")
    reach = shade_adjacent(axes, channel)
    axes.set(xlabel="frequency (MHz); shaded: adjacent channels", ylabel="power density (dB to the goal)")
    axes.set(xlim=(-reach, reach), ylim=(-90, 30))
    axes.legend(loc="upper center", ncols=2, fontsize=8, frameon=False)
    return _png(figure, axes, f"spectra through {_title(comparison, judge)}")


def am_am(comparison: Comparison, judge: str, outcomes: Sequence[Outcome]) -> bytes:
    """Amplitude at the amplifier's output over that of the goal."""
    figure, axes = _canvas()
    reference, top = abs(comparison.reference), 1.05 * float(abs(comparison.reference).max())
    style = styles(comparison.outcomes)
    for outcome in outcomes:
        values, own = abs(outcome.outputs[judge]), style[outcome.entry.name]
        _cloud(axes, reference, values, own.colour, outcome.entry.name)
    axes.plot([0, top], [0, top], "--", color=COLOURS["input"], linewidth=1, label="goal")
    axes.set(xlabel="|gain x input|", ylabel="|amplifier output|", xlim=(0, top), ylim=(0, None))
    axes.legend(loc="upper left", fontsize=8, markerscale=6, frameon=False)
    return _png(figure, axes, f"AM/AM through {_title(comparison, judge)}")


def am_pm(comparison: Comparison, judge: str, outcomes: Sequence[Outcome]) -> bytes:
    """Phase between the amplifier's output and the goal over the goal's amplitude, from a tenth of its peak on."""
    figure, axes = _canvas()
    reference, style = comparison.reference, styles(comparison.outcomes)
    loud = abs(reference) > 0.1 * abs(reference).max()
    reach = 1.0
    for outcome in outcomes:
        turned = np.rad2deg(np.angle(outcome.outputs[judge][loud] * reference[loud].conj()))
        reach = max(reach, float(np.quantile(abs(turned), 0.998)))
        _cloud(axes, abs(reference)[loud], turned, style[outcome.entry.name].colour, outcome.entry.name)
    axes.axhline(0, linestyle="--", color=COLOURS["input"], linewidth=1, label="goal")
    axes.set(xlabel="|gain x input|", ylabel="phase of output to goal (degrees)", ylim=(-1.15 * reach, 1.15 * reach))
    axes.legend(loc="upper right", fontsize=8, markerscale=6, frameon=False)
    return _png(figure, axes, f"AM/PM through {_title(comparison, judge)}")


def carriers(comparison: Comparison, judge: str, outcomes: Sequence[Outcome]) -> bytes:
    """EVM of every carrier (sub-channel) for every outcome."""
    figure, axes = _canvas()
    channel, style = comparison.channel, styles(comparison.outcomes)
    for outcome in outcomes:
        values = evm_of_carriers(outcome.outputs[judge], comparison.reference, channel)
        own = style[outcome.entry.name]
        places = np.arange(1, len(values) + 1)
        axes.plot(places, values, own.line, marker=own.marker, color=own.colour, label=outcome.entry.name)
    centre = (np.arange(channel.n_sub_ch) - (channel.n_sub_ch - 1) / 2) * channel.bandwidth / channel.n_sub_ch / 1e6
    axes.set_xticks(range(1, channel.n_sub_ch + 1), [f"{k + 1}\n{c:+.0f} MHz" for k, c in enumerate(centre)])
    axes.set(xlabel="carrier", ylabel="EVM (dB, lower is better)")
    axes.margins(y=0.25)
    axes.legend(loc="upper center", ncols=2, fontsize=8, frameon=False)
    return _png(figure, axes, f"EVM per carrier through {_title(comparison, judge)}")


def sizes(points: Sequence[Point], key: str, title: str) -> bytes:
    """One figure of merit over real parameters, the Pareto front of all points as a line, nets by name."""
    figure, axes = _canvas()
    for order, (group, colour, marker) in enumerate(zip(GROUPS, ("#a8a8a8", GREYS[1], PALETTE[0]), ".so", strict=True)):
        some = [point for point in points if point.group == group]
        if some:
            where = [point.parameters for point in some], [point.figures[key] for point in some]
            axes.plot(*where, marker, markersize=6, linestyle="none", color=colour, label=group, zorder=2 + order)
        for k, point in enumerate(some if group == NETS else ()):
            place, offset = (point.parameters, point.figures[key]), (8, 6 if k % 2 else -12)
            axes.annotate(point.name, place, offset, textcoords="offset points", fontsize=8)
    best = sorted((points[k].parameters, points[k].figures[key]) for k in _front(points, key))
    axes.step(*zip(*best, strict=True), where="post", color="#444444", linewidth=0.9, label="Pareto front of all")
    axes.set_xscale("log")
    ticks = [50, 100, 200, 500, 1000, 2000, 5000]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    span = [point.parameters for point in points]
    axes.set(xlabel="real parameters", ylabel=f"{key} (dB, lower is better)", xlim=(0.7 * min(span), 1.8 * max(span)))
    axes.legend(loc="upper right", fontsize=8, frameon=False)
    return _png(figure, axes, title)


def evm_of_carriers(output: Complex, reference: Complex, channel: Channel) -> Real:
    """``20*log10(mean over segments of sum_k |Y_k - R_k| / sum_k |R_k|)`` of every sub-channel, in dB."""
    y, r = segments(output, channel), segments(reference, channel)
    error, size = (channel.sub_channels(abs(np.fft.fftshift(np.fft.fft(s), axes=-1))).sum(-1) for s in (y - r, r))
    with np.errstate(divide="ignore"):
        return np.asarray(20 * np.log10((error / size).mean(0)), dtype=np.float64)


def _front(points: Sequence[Point], key: str) -> list[int]:
    return front([(point.parameters, point.figures[key]) for point in points])


def _title(comparison: Comparison, judge: str) -> str:
    return next(model.title for model in comparison.models if model.name == judge)


def _density(signal: Complex, channel: Channel) -> Real:
    return power_spectrum(overlapped(signal, channel.nperseg), channel)


def _cloud(axes: Axes, x: Any, y: Any, colour: str, label: str) -> None:
    step = max(1, len(x) // 8000)
    axes.plot(x[::step], y[::step], ".", markersize=1.6, alpha=0.5, color=colour, label=label, rasterized=True)


def _canvas() -> tuple[Figure, Axes]:
    figure = canvas(WIDTH, HEIGHT)
    return figure, figure.subplots()


def _png(figure: Figure, axes: Axes, title: str) -> bytes:
    axes.set_title(f"{title}\n{SIMULATED}", fontsize=10)
    axes.grid(alpha=0.3)
    return encoded(figure)
