"""``bittrue report dpd``: nets, baselines and the Arena's references on one page, with the numbers beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict

import bittrue
from bittrue.apps.dpd.amplifiers import arena
from bittrue.apps.dpd.amplifiers.arena import Reference
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.reporting import comparison, report_pictures, report_tables
from bittrue.apps.dpd.reporting.candidates import Candidate, candidate, capture_name, entries
from bittrue.apps.dpd.reporting.comparison import Comparison
from bittrue.apps.dpd.topology import parameter_count
from bittrue.kit.page import Section, Sheet, target, write

LEAD = (
    "Every figure after predistortion is simulated through a model of the amplifier; nothing here is an RF "
    "measurement. All figures in dB or dBc, the more negative the better."
)


def report(
    folders: Sequence[str], output: str | os.PathLike[str], command: str, step: comparison.Report, capture: str = ""
) -> tuple[Comparison, list[Sheet], list[str]]:
    """Compare net folders with the baselines and write ``output`` (HTML) and the numbers beside it (.json).

    Parameters
    ----------
    folders : sequence of str
    output : path
        ``report.html``; ``report.json`` is written with it, both or none.
    command : str
        What was typed, for the captions.
    step : callable
        Called with what is being done, steps done and steps in all.
    capture : str
        A data set to judge on instead of that of the first net's recipe.

    Returns
    -------
    comparison, tables, and a sentence for every net

    Raises
    ------
    BadInput
        Where a folder holds no predistorter, the data is missing, or the files cannot be written.
    """
    path = target(output)
    candidates = [candidate(folder) for folder in folders]
    signal = data.load(capture or capture_name(candidates))
    step("loading the amplifier models", 0, 0)
    models, missing = comparison.judges(signal)
    made, absent = entries(signal, models, candidates, lambda text: step(text, 0, 0))
    found = comparison.compare(signal, models, missing | absent, made, step)
    step("drawing", 0, 0)
    references = () if "protocol" in missing or "protocol" in found.missing else arena.references()
    tables, said = report_tables.tables(found, references), report_tables.sentences(found, references)
    source = f"{signal.name}, test split, `{command}`"
    sections = [
        Section("What was found", [*said, *report_tables.gaps(found)]),
        Section("Tables", (), tables),
        *report_pictures.pictures(found, references, source),
        _origin(found, candidates, command),
    ]
    measured = numbers(found, candidates, references, command)
    write(path, f"Predistorters on {signal.name}, simulated", LEAD, sections, measured, strict=False)
    return found, tables, said


def numbers(
    found: Comparison, candidates: Sequence[Candidate], references: Sequence[Reference], command: str
) -> dict[str, object]:
    """Everything measured, as plain values for JSON."""
    rows = []
    for outcome in found.outcomes:
        entry = outcome.entry
        metrics = {
            name: {key: getattr(m, key) for key in ("nmse", "evm", "aclr_left", "aclr_right")}
            for name, m in outcome.metrics.items()
        }
        score = asdict(outcome.score) if outcome.score else None
        plain = {key: getattr(entry, key) for key in ("name", "kind", "parameters", "teacher", "seen")}
        rows.append(plain | {"arena_protocol": score, "models": metrics})
    signal = {"name": found.capture.name, "split": "test", "samples": len(found.reference)}
    return {
        "simulated": True,
        "command": command,
        "version": bittrue.__version__,
        "capture": signal | {"sha256": found.capture.digest},
        "channel": str(found.channel),
        "judges": {model.name: model.describe for model in found.models},
        "missing": found.missing,
        "nets": [{"folder": str(c.folder), "name": c.net.name, "hash": c.hash} for c in candidates],
        "rows": rows,
        "references": [asdict(row) for row in references],
    }


def _origin(found: Comparison, candidates: Sequence[Candidate], command: str) -> Section:
    rows = [("command", command), ("bittrue", bittrue.__version__), ("spec", str(found.channel))]
    rows.append(("data", f"{found.capture.provenance}, SHA-256 {found.capture.digest}"))
    rows += [(f"judge {model.name}", model.describe) for model in found.models]
    for c in candidates:
        taught = f"trained through {c.teacher}" if c.teacher else "no recipe.toml, so nobody knows how it was trained"
        rows.append((c.net.name, f"{c.folder}: {parameter_count(c.net):,} parameters, {taught}, {c.hash}"))
    note = "Integer rows were executed by bittrue.ref; the other legs give the same bits (bittrue check)."
    return Section("Where this comes from", [note], [Sheet("", ("", ""), rows, words=True)])
