"""The pictures of a report on generators of noise: waveforms, spectra, quantiles, correlations, curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bittrue.apps.noise.measures.marginals import plain
from bittrue.apps.noise.reporting.judging import AUTOREGRESSION, FILTER, FLOOR, Judged, Row
from bittrue.kit.figures import GREYS, INK, PALETTE, canvas, encoded
from bittrue.kit.page import Picture, Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 1024
"""Samples of a waveform that are drawn."""
MOST = 4
"""Generators of one target that are drawn."""
LONGEST = 40
"""Characters of a name that have room beside curves."""


def of_target(found: Judged, command: str) -> Section:
    """Waveforms, spectra, quantiles and correlations beside one target."""
    drawn = found.generators()[:MOST]
    end = f"{found.name}, {found.origin}. Simulated; {command}."
    names = ", ".join(row.name for row in drawn)
    return Section(
        f"Pictures: {found.name}",
        (),
        (),
        [
            Picture(waveforms(found, drawn), f"signals of the target and of {names}", f"One signal of each set. {end}"),
            Picture(
                spectra(found, drawn), f"spectra of {names}", f"Median densities by multitaper, and their ratio. {end}"
            ),
            Picture(
                quantiles(found, drawn), f"quantiles of {names}", f"Quantiles of all samples; equal laws: a line. {end}"
            ),
            Picture(
                correlations(found, drawn),
                f"autocorrelation of {names}",
                f"Autocorrelation of the samples, and of their magnitudes. {end}",
            ),
        ],
    )


def short(name: str, most: int = LONGEST) -> str:
    """A name of ``most`` characters or fewer: of a longer one both ends, the second of which tells runs apart."""
    return name if len(name) <= most else f"{name[: most - 23]}...{name[-20:]}"


def waveforms(found: Judged, drawn: Sequence[Row]) -> bytes:
    """A PNG: one signal of the target, of AR(32) and of every generator, on one scale."""
    rows = [("target", found.shown, INK), (AUTOREGRESSION, found.baseline().shown, GREYS[0])]
    rows += [(row.name, row.shown, PALETTE[k]) for k, row in enumerate(drawn)]
    figure = canvas(7.5, 1.25 * len(rows) + 0.6)
    grid = figure.subplots(len(rows), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    reach = 1.1 * float(np.quantile(abs(plain(found.shown)), 0.9995))
    for axes, (name, signals, colour) in zip(grid, rows, strict=True):
        if np.iscomplexobj(signals):
            axes.plot(signals[0, :SHOWN].imag, color="#bbbbbb", linewidth=0.7)
        axes.plot(signals[0, :SHOWN].real, color=colour, linewidth=0.7)
        axes.set_title(short(name, 2 * LONGEST), fontsize=8, loc="left")
        axes.grid(alpha=0.25)
        axes.tick_params(labelsize=8)
    grid[0].set_ylim(min(-0.1 * reach, -reach if (plain(found.shown) < 0).mean() > 0.05 else 0), reach)
    grid[-1].set_xlabel("sample (I coloured, Q grey)" if np.iscomplexobj(found.shown) else "sample", fontsize=8)
    return encoded(figure)


def spectra(found: Judged, drawn: Sequence[Row]) -> bytes:
    """A PNG: densities in dB above, their ratio to the target's below."""
    figure = canvas(7.5, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    target = found.summary.density
    is_complex = np.iscomplexobj(found.shown)
    frequency = np.fft.fftshift(np.fft.fftfreq(len(target))) if is_complex else np.linspace(0, 0.5, len(target))

    def decibels(density: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        shown = np.fft.fftshift(density) if is_complex else density
        return np.asarray(10 * np.log10(np.maximum(shown, 1e-30)))

    for row, colour in _coloured(found, drawn):
        upper.plot(frequency, decibels(row.summary.density), color=colour, linewidth=0.8, label=short(row.name))
        ratio = decibels(row.summary.density) - decibels(target)
        lower.plot(frequency, ratio, color=colour, linewidth=0.6)
    upper.plot(frequency, decibels(target), color=INK, linewidth=0.9, linestyle="--", label="target")
    peak = decibels(target).max()
    upper.set_ylim(max(decibels(target).min(), peak - 90) - 5, peak + 5)
    lower.set_ylim(-6, 6)
    upper.set_ylabel("dB", fontsize=8)
    lower.set_ylabel("dB of the target", fontsize=8)
    lower.set_xlabel("cycles a sample", fontsize=8)
    _finish((upper, lower))
    return encoded(figure)


def quantiles(found: Judged, drawn: Sequence[Row]) -> bytes:
    """A PNG: quantiles of the sets over those of the target, on a scale that is logarithmic in the tails."""
    figure = canvas(5.2, 4.8)
    axes = figure.subplots()
    target = found.summary.quantiles
    scale = max((target[9] - target[3]) / 2, np.finfo(float).tiny)
    for row, colour in _coloured(found, drawn):
        axes.plot(target, row.summary.quantiles, "o-", color=colour, markersize=3, linewidth=0.9, label=short(row.name))
    axes.plot(target, target, color=INK, linewidth=0.9, linestyle="--", label="target")
    for side in (axes.set_xscale, axes.set_yscale):
        side("symlog", linthresh=float(2 * scale))
    axes.set_xlabel("target", fontsize=8)
    axes.set_ylabel("set", fontsize=8)
    _finish((axes,))
    return encoded(figure)


def correlations(found: Judged, drawn: Sequence[Row]) -> bytes:
    """A PNG: autocorrelation of x on the left, of ``|x - m|`` on the right."""
    figure = canvas(7.5, 3.4)
    grid = figure.subplots(1, 2)
    for axes, key, title in zip(grid, ("correlation", "magnitude_correlation"), ("x", "|x - mean|"), strict=True):
        lags = np.arange(1, len(getattr(found.summary, key)) + 1)
        for row, colour in _coloured(found, drawn):
            axes.plot(lags, getattr(row.summary, key), color=colour, linewidth=0.9, label=short(row.name))
        axes.plot(lags, getattr(found.summary, key), color=INK, linewidth=0.9, linestyle="--", label="target")
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, -0.05), max(high, 0.1))
        axes.set_title(f"autocorrelation of {title}", fontsize=8)
        axes.set_xlabel("lag", fontsize=8)
    _finish(grid)
    return encoded(figure)


def curves(all_found: Sequence[Judged], command: str) -> Section | None:
    """Distances and estimates over the parameter, of processes with two targets or more; None where there is none."""
    groups: dict[str, list[Judged]] = {}
    for found in all_found:
        if found.value is not None and found.summary.kind.process is not None:
            groups.setdefault(found.summary.kind.process.stem, []).append(found)
    pictures = []
    for stem, members in groups.items():
        if len(members) > 1:
            ordered = sorted(members, key=lambda found: found.value or 0.0)
            caption = f"Over the parameter of {stem}: distance beyond the floor, and estimates. Simulated; {command}."
            pictures.append(Picture(_curve(ordered), f"curves of {stem}", caption))
    return Section("Over the parameter", (), (), pictures) if pictures else None


def _curve(members: Sequence[Judged]) -> bytes:
    process = members[0].summary.kind.process
    assert process is not None
    names = [name for name in members[0].summary.parameters if name != "ratio"][:1]
    figure = canvas(7.5, 3.6)
    grid = figure.subplots(1, 1 + len(names), squeeze=False)[0]
    at = [found.value or 0.0 for found in members]
    key = "geodesic in band" if "geodesic in band" in members[0].floor else "geodesic"
    for label, pick, colour in _lines(members):
        there = [(x, found, row) for x, found in zip(at, members, strict=True) if (row := pick(found)) is not None]
        places = [x for x, _, _ in there]
        grid[0].plot(places, [found.excess(row, key) for _, found, row in there], "o-", color=colour, label=label)
        for name in names:
            spread = [
                np.quantile(row.summary.parameters[name], (0.025, 0.5, 0.975)) - process.label(x) for x, _, row in there
            ]
            low, middle, high = np.array(spread).T
            bars = np.array([middle - low, high - middle])
            grid[1].errorbar(places, middle, bars, fmt="o-", color=colour, capsize=2, linewidth=0.9, label=label)
    grid[0].plot(at, [found.floor[key] for found in members], color=INK, linestyle=":", label="floor itself")
    grid[0].set_title(f"{key}, beyond the floor", fontsize=8)
    for name in names:
        target = [
            np.median(found.summary.parameters[name]) - process.label(x) for x, found in zip(at, members, strict=True)
        ]
        grid[1].plot(at, target, color=INK, linestyle="--", linewidth=0.9, label="target")
        grid[1].set_title(f"estimated {name} minus the true one, with the middle 95 %", fontsize=8)
    for axes in grid:
        axes.set_xlabel(process.PARAMETER.key, fontsize=8)
    _finish(grid)
    return encoded(figure)


def _lines(members: Sequence[Judged]):  # type: ignore[no-untyped-def]
    """Label, choice of a row of a target, colour: the baselines, and the first generator of each target."""
    for name, colour in ((AUTOREGRESSION, GREYS[0]), (FILTER, GREYS[1])):
        yield name, lambda found, name=name: next((row for row in found.rows if row.name == name), None), colour
    most = max(len(found.generators()) for found in members)
    for k in range(min(most, MOST)):
        label = "generator" if most == 1 else f"generator {k + 1}"
        yield label, lambda found, k=k: (found.generators()[k : k + 1] or [None])[0], PALETTE[k]


def _coloured(found: Judged, drawn: Sequence[Row]) -> list[tuple[Row, str]]:
    """Baselines behind, generators in front; the floor is the target again and not drawn."""
    back = [row for row in found.rows if row.run is None and row.name != FLOOR]
    return [*zip(back, GREYS, strict=False), *zip(drawn, PALETTE, strict=False)]


def _finish(all_axes: Sequence[Axes]) -> None:
    for axes in all_axes:
        axes.grid(alpha=0.25)
        axes.tick_params(labelsize=8)
    all_axes[0].legend(fontsize=7)
