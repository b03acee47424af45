"""The tables and sentences of a report on generators of noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bittrue.apps.noise.measures.summary import Summary
from bittrue.apps.noise.reporting.judging import ABOUT, Judged, Row
from bittrue.kit.page import Sheet

SIGNED = ("out of band dB", "kurtosis", "bit errors")
"""Differences with a sign; medians of parameters have one too."""
OF_PARAMETERS = ("W1 of", "median of", "bit errors")
UNITS = {"EVM": ", dB", "coherence": ", kHz"}
REACH = 2.0
"""Floors within which a set is taken to be as near as chance allows."""


def distances(found: Judged) -> Sheet:
    """Distances of spectrum, marginals and correlations of every set beside one target."""
    keys = [key for key in found.floor if not key.startswith(OF_PARAMETERS)]
    lines, ours = [], set()
    for number, row in enumerate(found.rows):
        ours |= {number} if row.run is not None else set()
        cells = [_cell(key, row.distances[key]) for key in keys]
        first = f"{found.excess(row, 'geodesic'):.4f}" if number else "-"
        lines.append((row.name, cells[0], first, *cells[1:]))
    columns = ("set", keys[0], "excess", *keys[1:])
    caption = (
        f"Distances to {found.summary.count:,} signals of {found.summary.length:,} samples of {found.name} "
        f"({found.origin}); 0 is best. excess: sqrt(geodesic^2 - floor^2). kurtosis: relative to the target's; out of "
        f"band: difference. {ABOUT} Simulated."
    )
    return Sheet(found.name, columns, lines, caption, frozenset(ours))


def parameters(found: Judged) -> Sheet | None:
    """Medians, the middle 95 % and Wasserstein distances of estimated parameters; None where nothing is estimated."""
    names = list(found.summary.parameters)
    if not names:
        return None
    bits = found.summary.bit_errors is not None
    columns = (
        "set",
        *(cell for name in names for cell in (f"{name}{UNITS.get(name, '')}", "W1")),
        *["bit errors"] * bits,
    )
    lines = [("target", *_estimates(found.summary, None, names))]
    lines += [(row.name, *_estimates(row.summary, row, names)) for row in found.rows]
    ours = frozenset(k + 1 for k, row in enumerate(found.rows) if row.run is not None)
    caption = (
        "Median over the signals, the range of the middle 95 % of them, and the Wasserstein distance to the target's."
    )
    if found.value is not None:
        caption += f" The parameter of the target is {found.value:g}."
    return Sheet(f"Estimated from signals: {found.name}", columns, lines, caption, ours)


def _estimates(summary: Summary, row: Row | None, names: Sequence[str]) -> list[str]:
    cells = []
    for name in names:
        scale = 1000 if name in UNITS and "kHz" in UNITS[name] else 1
        cells.append(_spread(summary.parameters[name] / scale))
        cells.append("-" if row is None else f"{row.distances[f'W1 of {name}'] / scale:.4g}")
    return cells if summary.bit_errors is None else [*cells, f"{summary.bit_errors:.4f}"]


def coverages(found: Judged) -> Sheet | None:
    """Density and coverage with their intervals; None where they were left out."""
    rows = [row for row in found.rows if row.coverage is not None]
    if not rows:
        return None
    lines = []
    for row in rows:
        near = row.coverage
        assert near is not None
        lines.append((row.name, _interval(near.density, near.density_95), _interval(near.coverage, near.coverage_95)))
    ours = frozenset(k for k, row in enumerate(rows) if row.run is not None)
    caption = (
        "k = 10, distances by dynamic time warping within 32 samples, peaks scaled to 1; equal laws have density 1 and "
        "coverage 1. In parentheses the middle 95 %: bootstrap over the generated signals, and Wilson's interval."
    )
    return Sheet(f"Density and coverage: {found.name}", ("set", "density", "coverage"), lines, caption, ours)


def sentences(all_found: Sequence[Judged]) -> list[str]:
    """What was found, in plain sentences: for every generator what it does better than the autoregression, and worse.

    A measure is out of a set's reach where its distance is more than `REACH` times the floor.
    """
    said = []
    for found in all_found:
        filtered = found.baseline()
        keys = [key for key in found.floor if not key.startswith("median of")]
        missed = [key for key in keys if not _reached(found, filtered, key)]
        for row in found.generators():
            nearer = [key for key in missed if abs(row.distances[key]) < abs(filtered.distances[key])]
            lost = [key for key in keys if key not in missed and not _reached(found, row, key)]
            own, its = (found.excess(one, "geodesic") for one in (row, filtered))
            said.append(
                f"{row.name} on {found.name}: geodesic distance {row.distances['geodesic']:.4f}, {own:.4f} beyond the "
                f"floor; AR(32) is {its:.4f} beyond it. AR(32) is more than {REACH:g} floors off in {_listed(missed)}; "
                f"of these the generator is nearer in {_listed(nearer)}. AR(32) is within and the generator is not in "
                f"{_listed(lost)}."
            )
    return said


def _reached(found: Judged, row: Row, key: str) -> bool:
    return abs(row.distances[key]) <= REACH * abs(found.floor[key])


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words) or "nothing"


def _cell(key: str, value: float) -> str:
    signed = key in SIGNED or key.startswith("median of")
    return f"{value:+.4g}" if signed else f"{value:.4f}" if value < 100 else f"{value:.4g}"


def _spread(values: np.ndarray) -> str:  # type: ignore[type-arg]
    if not len(values):
        return "-"
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975))
    return f"{middle:.4g} ({low:.4g} to {high:.4g})"


def _interval(value: float, bounds: tuple[float, float]) -> str:
    return f"{value:.3f} ({bounds[0]:.3f} to {bounds[1]:.3f})"


def row_numbers(found: Judged, row: Row) -> dict[str, object]:
    """What was measured of a row, as plain values for JSON."""
    near = row.coverage
    return {
        "name": row.name,
        "file": None if row.run is None else str(row.run.path),
        "distances": row.distances,
        "excess": {key: found.excess(row, key) for key in row.distances if key.startswith(("geodesic", "W1"))},
        "medians": {key: float(np.median(v)) for key, v in row.summary.parameters.items() if len(v)},
        "kurtosis": row.summary.kurtosis,
        "coverage": None
        if near is None
        else {
            "density": near.density,
            "density_95": list(near.density_95),
            "coverage": near.coverage,
            "coverage_95": list(near.coverage_95),
        },
    }
