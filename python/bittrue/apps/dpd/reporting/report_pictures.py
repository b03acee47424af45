"""The pictures of a report, with their captions."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.apps.dpd.amplifiers.arena import Reference
from bittrue.apps.dpd.reporting import figures
from bittrue.apps.dpd.reporting.comparison import IDEAL, INTEGER, NONE, POLYNOMIAL, Comparison, Outcome
from bittrue.apps.dpd.reporting.figures import NETS, POLYNOMIALS, REFERENCE, Point
from bittrue.kit.page import Picture, Section

DRAWN = 4
"""Nets in one picture at most."""


def pictures(found: Comparison, references: Sequence[Reference], source: str) -> list[Section]:
    """Size against quality, then spectra, EVM a carrier where there are several, AM/AM and AM/PM, a model each."""
    shown, sections = _shown(found), []
    nets = [outcome for outcome in shown if outcome.entry.kind == INTEGER]
    for model in found.models:
        where = f"Simulated through {model.title}; {source}."
        drawn = [Picture(figures.spectra(found, model.name, shown), f"spectra, {model.name}", f"Spectra. {where}")]
        if found.channel.n_sub_ch > 1:
            carriers = figures.carriers(found, model.name, shown)
            drawn.append(Picture(carriers, f"carriers, {model.name}", f"EVM a carrier. {where}"))
        for net in nets:
            pair = [*found.of(NONE), net]
            for title, draw in (("AM/AM", figures.am_am), ("AM/PM", figures.am_pm)):
                text = f"{title} of {net.entry.name}. {where}"
                drawn.append(Picture(draw(found, model.name, pair), f"{title}, {net.entry.name}", text))
        sections.append(Section(f"Pictures: {model.title}", (), (), drawn))
    return [_size_section(found, references, source), *sections]


def _size_section(found: Comparison, references: Sequence[Reference], source: str) -> Section:
    points = [
        Point(row.title, row.parameters, {"EVM": row.evm_db, "worse ACLR": row.aclr_db}, REFERENCE)
        for row in references
        if row.qualified
    ]
    judge = "the Arena's protocol"
    for outcome in found.of(POLYNOMIAL, INTEGER):
        if outcome.score is not None:
            pair = {"EVM": outcome.score.evm_db, "worse ACLR": outcome.score.worse_aclr_db}
        else:
            m = outcome.metrics[found.models[0].name]
            pair, judge = {"EVM": m.evm, "worse ACLR": max(m.aclr_left, m.aclr_right)}, found.models[0].title
        group = NETS if outcome.entry.kind == INTEGER else POLYNOMIALS
        points.append(Point(outcome.entry.name, outcome.entry.parameters, pair, group))
    drawn = [
        Picture(
            figures.sizes(points, key, f"{key} against size, {judge}"),
            f"{key} against parameters",
            f"{key} against real parameters, judged by {judge}, simulated; {source}.",
        )
        for key in ("EVM", "worse ACLR")
    ]
    return Section("Size against quality", (), (), drawn)


def _shown(found: Comparison) -> list[Outcome]:
    """What the pictures show: none, the best polynomial, the ideal drives, the integer nets."""
    judge = found.models[0].name
    best = sorted(found.of(POLYNOMIAL), key=lambda outcome: outcome.metrics[judge].evm)[:1]
    return [*found.of(NONE), *best, *found.of(IDEAL), *found.of(INTEGER)[:DRAWN]]
