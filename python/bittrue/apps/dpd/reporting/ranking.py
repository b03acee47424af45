"""Nets among the DPD Arena's published results of the same parameter budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.apps.dpd.amplifiers.arena import Reference
from bittrue.apps.dpd.reporting.comparison import IDEAL, NONE, Comparison, Outcome


@dataclass(frozen=True)
class Place:
    """One line of a ranking: a reference, or an entry of a comparison; dB, ``aclr`` is that of the worse side."""

    name: str
    parameters: int
    evm: float
    aclr: float
    nmse: float
    qualified: bool
    ours: bool
    seen: bool = False


def budget_of(parameters: int, references: Sequence[Reference]) -> int | None:
    """The smallest budget of the references that holds so many parameters; None where no one does."""
    return min((row.budget for row in references if row.budget >= parameters), default=None)


def ranking(comparison: Comparison, references: Sequence[Reference], budget: int) -> list[Place]:
    """References and scored entries of one budget, best worse-side ACLR first."""
    places = [
        Place(row.title, row.parameters, row.evm_db, row.aclr_db, row.nmse_db, row.qualified, False)
        for row in references
        if row.budget == budget
    ]
    for outcome in scored(comparison):
        entry, score = outcome.entry, outcome.score
        if score is not None and budget_of(entry.parameters, references) == budget:
            figures = (score.evm_db, score.worse_aclr_db, score.nmse_db)
            places.append(Place(entry.name, entry.parameters, *figures, score.qualified, True, entry.seen))
    return sorted(places, key=lambda place: place.aclr)


def scored(comparison: Comparison) -> list[Outcome]:
    """The outcomes with parameters that the Arena's protocol has judged."""
    return [o for o in comparison.outcomes if o.score is not None and o.entry.kind not in (NONE, IDEAL)]


def verdict(places: Sequence[Place], name: str, budget: int) -> str:
    """One sentence: where an entry stands among the references of its budget, in ACLR and in EVM."""
    own = next(place for place in places if place.name == name)
    others = [place for place in places if not place.ours and place.qualified]
    parts = []
    for what, unit, key in (("worse-side ACLR", "dBc", "aclr"), ("EVM", "dB", "evm")):
        value, best = getattr(own, key), min(others, key=lambda place: getattr(place, key))
        ahead = sum(getattr(place, key) < value for place in others)
        gap = value - getattr(best, key)
        side = f"{gap:.2f} dB behind" if gap > 0 else f"{-gap:.2f} dB ahead of"
        parts.append(f"{what} {value:.2f} {unit}, rank {ahead + 1} beside {len(others)} references, {side} {best.name}")
    remark = " It was trained on a part of the Arena's test input, so this is no Arena result." if own.seen else ""
    power = "" if own.qualified else " Its output power is off by more than the Arena allows, so it does not qualify."
    return f"{name} ({own.parameters:,} parameters, budget {budget:,}): {'; '.join(parts)}.{power}{remark}"
