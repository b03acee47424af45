"""The tables of a report, and its sentences."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.apps.dpd.amplifiers.arena import Reference
from bittrue.apps.dpd.reporting import ranking
from bittrue.apps.dpd.reporting.comparison import FLOAT, INTEGER, NONE, POLYNOMIAL, Comparison, Outcome
from bittrue.kit.page import Sheet

SEEN = "†"
"""Marks an entry that was trained on a part of the Arena's test input."""


def tables(found: Comparison, references: Sequence[Reference]) -> list[Sheet]:
    """The Arena's protocol, a table a model, and the Arena's references at the budgets of the nets."""
    sheets = []
    if any(outcome.score for outcome in found.outcomes):
        sheets.append(_protocol(found))
    sheets += [_model(found, model.name) for model in found.models]
    budgets = {ranking.budget_of(o.entry.parameters, references) for o in found.of(FLOAT, INTEGER)} - {None}
    sheets += [_budget(found, references, budget) for budget in sorted(b for b in budgets if b is not None)]
    return sheets


def _protocol(found: Comparison) -> Sheet:
    columns = ("drive", "parameters", "EVM", "ACLR left", "ACLR right", "worse ACLR", "NMSE", "power", "taught by")
    rows = []
    for outcome in found.outcomes:
        s = outcome.score
        if s is not None:
            cells = (s.evm_db, s.aclr_left_db, s.aclr_right_db, s.worse_aclr_db, s.nmse_db)
            power = f"{s.power_error_db:+.2f}" + ("" if s.qualified else " (not qualified)")
            rows.append((*_head(outcome), *(_db(cell) for cell in cells), power, _teacher(outcome)))
    return Sheet(
        "By the DPD Arena's protocol",
        columns,
        rows,
        "Simulated through the Arena's frozen amplifier by OpenDPD's own code and settings (dpd-arena-v6-apa-b): all "
        "of the Arena's test split, EVM of demodulated 256-QAM symbols. Without predistortion the input is scaled to "
        f"the target power. {_seen(found)}",
        _ours(found),
    )


def _model(found: Comparison, name: str) -> Sheet:
    model = next(model for model in found.models if model.name == name)
    columns = ("drive", "parameters", "NMSE", "EVM", "ACLR left", "ACLR right", "worse ACLR", "trained through it")
    rows = []
    for outcome in found.outcomes:
        m = outcome.metrics[name]
        teacher = outcome.entry.teacher
        own = "yes" if teacher == name else "no" if teacher or outcome.entry.kind == NONE else "unknown"
        cells = (m.nmse, m.evm, m.aclr_left, m.aclr_right, max(m.aclr_left, m.aclr_right))
        rows.append((*_head(outcome), *(_db(cell) for cell in cells), own))
    about = model.describe
    return Sheet(
        f"Through {model.title}",
        columns,
        rows,
        f"Simulated; the first {len(found.reference):,} samples of the test split of {found.capture.name}, OpenDPD's "
        "definitions of NMSE, EVM and ACLR (profile legacy-opendpd-v1, docs/dpd.md), "
        f"{found.channel}. {about[0].upper()}{about[1:]}. A row that was trained through this model is flattered "
        "by it.",
        _ours(found),
    )


def _budget(found: Comparison, references: Sequence[Reference], budget: int) -> Sheet:
    places = ranking.ranking(found, references, budget)
    rows = [
        (
            place.name + (f" {SEEN}" if place.seen else ""),
            f"{place.parameters:,}",
            *(_db(value) for value in (place.evm, place.aclr, place.nmse)),
            "yes" if place.qualified else "no",
        )
        for place in places
    ]
    return Sheet(
        f"Among the Arena's references, budget {budget:,}",
        ("predistorter", "parameters", "EVM", "worse ACLR", "NMSE", "qualified"),
        rows,
        "Simulated, the Arena's protocol; references as published in the opendpd wheel: float networks, mean of three "
        f"seeds (polynomials: one). Rows of this report stand out; integer ones ran in bittrue.ref. {_seen(found)}",
        frozenset(k for k, place in enumerate(places) if place.ours),
    )


def sentences(found: Comparison, references: Sequence[Reference]) -> list[str]:
    """What the tables say of every integer net, in plain sentences."""
    said = []
    for outcome in found.of(INTEGER):
        entry = outcome.entry
        budget = ranking.budget_of(entry.parameters, references)
        if outcome.score is not None and budget is not None:
            places = ranking.ranking(found, references, budget)
            said.append(ranking.verdict(places, entry.name, budget))
        for model in found.models:
            plain, own = found.of(NONE)[0].metrics[model.name], outcome.metrics[model.name]
            best = min((o.metrics[model.name].evm for o in found.of(POLYNOMIAL)), default=None)
            beside = "" if best is None else f", the best polynomial here {best:.2f} dB"
            trained = "trained through it" if entry.teacher == model.name else "not trained through it"
            said.append(
                f"{entry.name} through {model.title} ({trained}): EVM {plain.evm:.2f} to {own.evm:.2f} dB{beside}; "
                f"mean ACLR {plain.aclr:.2f} to {own.aclr:.2f} dBc."
            )
    return said


def gaps(found: Comparison) -> list[str]:
    """A sentence for every judge that could not be had."""
    return [f"Not judged ({name}): {reason}." for name, reason in found.missing.items()]


def _ours(found: Comparison) -> frozenset[int]:
    return frozenset(k for k, outcome in enumerate(found.outcomes) if outcome.entry.kind == INTEGER)


def _head(outcome: Outcome) -> tuple[str, str]:
    entry = outcome.entry
    return entry.name + (f" {SEEN}" if entry.seen else ""), f"{entry.parameters:,}" if entry.parameters else "-"


def _teacher(outcome: Outcome) -> str:
    return outcome.entry.teacher or ("-" if outcome.entry.kind == NONE else "unknown")


def _seen(found: Comparison) -> str:
    if any(outcome.entry.seen for outcome in found.outcomes):
        return f"{SEEN} trained on a part of the Arena's test input: no Arena result."
    return ""


def _db(value: float) -> str:
    return f"{value:.2f}"
