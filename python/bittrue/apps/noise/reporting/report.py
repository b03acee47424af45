"""``bittrue report noise``: generators beside their targets, floors and baselines, on one page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import bittrue
from bittrue.apps.noise.reporting import pictures, tables
from bittrue.apps.noise.reporting.judging import Judged, Step, judged
from bittrue.apps.noise.reporting.runs import runs
from bittrue.kit.page import Section, Sheet, target, write

LEAD = (
    "Every figure is simulated. A distance says little without its floor, which is what two independent sets of the "
    "target are apart, and without what a linear filter reaches; both stand beside it."
)


def report(
    paths: Sequence[str],
    output: str | os.PathLike[str],
    command: str,
    step: Step,
    targets: Sequence[str] = (),
    root: str | os.PathLike[str] = "Datasets",
    count: int = 1024,
    nearby: int = 64,
) -> tuple[list[Judged], list[Sheet], list[str]]:
    """Judge runs and write ``output`` (HTML) and the numbers beside it (.json), both or none.

    Parameters
    ----------
    paths, targets : sequences of str
        As `bittrue.apps.noise.reporting.runs.runs` takes them.
    output : path
    command : str
        What was typed, for the captions.
    step : callable
        Called with what is being done, steps done and steps in all.
    root : path
        Folder of the sets; a target that is not there is drawn.
    count, nearby : int
        As `bittrue.apps.noise.reporting.judging.judged` takes them.

    Returns
    -------
    targets, tables, and sentences

    Raises
    ------
    BadInput
        Where something cannot be read or judged, or the files cannot be written.
    """
    path = target(output)
    found = judged(runs(paths, targets), Path(root), count, nearby, step)
    step("drawing", 0, 0)
    sheets = []
    for one in found:
        sheets += [tables.distances(one), *filter(None, (tables.parameters(one), tables.coverages(one)))]
    said = tables.sentences(found)
    over = pictures.curves(found, command)
    sections = [
        Section("What was found", said),
        Section("Tables", (), sheets),
        *([over] if over else []),
        *(pictures.of_target(one, command) for one in found),
        _origin(found, command),
    ]
    title = f"Noise like {', '.join(one.name for one in found[:3])}{' and others' if len(found) > 3 else ''}"
    write(path, title, LEAD, sections, numbers(found, command))
    return found, sheets, said


def numbers(found: Sequence[Judged], command: str) -> dict[str, object]:
    """Everything measured, as plain values for JSON."""
    rows = [
        {
            "target": one.name,
            "origin": one.origin,
            "parameter": one.value,
            "signals": one.summary.count,
            "samples": one.summary.length,
            "sets": [tables.row_numbers(one, row) for row in one.rows],
        }
        for one in found
    ]
    return {"command": command, "version": bittrue.__version__, "simulated": True, "targets": rows}


def _origin(found: Sequence[Judged], command: str) -> Section:
    rows = [("command", command), ("bittrue", bittrue.__version__)]
    for one in found:
        rows.append((one.name, one.origin))
        rows += [(row.name, str(row.run.path)) for row in one.generators() if row.run is not None]
    return Section("Where this comes from", (), [Sheet("", ("", ""), rows, words=True)])
