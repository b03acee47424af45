"""``bittrue report ecg``: finished nets on patients they never saw, on one page, with the numbers beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

import bittrue
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.metrics import Real, Verdict, always
from bittrue.apps.ecg.reporting import card_section, judging, pictures, tables
from bittrue.apps.ecg.reporting.judging import Judged
from bittrue.kit.page import Section, Sheet, target, write

LEAD = (
    "This is no medical device, and nothing here is a diagnosis. Every figure is simulated: the integer net was "
    "executed by bittrue.ref; the other legs give the same bits (bittrue check). The beats' positions are the "
    "database's annotations, not those of a detector."
)


def report(
    paths: Sequence[str],
    output: str | os.PathLike[str],
    command: str,
    step: judging.Step,
    choice: str = judging.TEST,
    data: str | os.PathLike[str] | None = None,
) -> tuple[list[Judged], list[Sheet], list[str]]:
    """Judge net folders and write ``output`` (HTML) and the numbers beside it (.json), both or none.

    Parameters
    ----------
    paths : sequence of str
        Folders that ``bittrue train ecg`` wrote.
    output : path
        ``report.html``; ``report.json`` is written with it.
    command : str
        What was typed, for the captions.
    step : callable
        Called with what is being done, steps done and steps in all.
    choice : str
        One of `bittrue.apps.ecg.reporting.judging.CHOICES`; ``"DS2"`` opens the test patients, which is for finished
        nets: nothing may be chosen by it.
    data : path, optional
        Folder of the MIT-BIH records.

    Returns
    -------
    nets, tables, and sentences

    Raises
    ------
    BadInput
        Where a folder is no trained ECG net, the data is missing, or the files cannot be written.
    """
    path = target(output)
    judging.check_paths(paths)
    nets = [judging.judged(folder, choice, data, step) for folder in paths]
    step("drawing", 0, 0)
    sheets = [
        *tables.per_group(nets, tables.figures),
        *tables.per_group(nets, tables.differences),
        *tables.per_group(nets, tables.uncertainty),
        tables.sizes(nets),
    ]
    said = [sentence for group in tables.by_patients(nets) for sentence in tables.sentences(group)]
    names = judging.labels(nets)
    sections = [
        Section("What was found", said),
        Section("Tables", (), sheets),
        *pictures.sections(nets, names, command),
        Section("Which record errs", (), [tables.records(name, net) for name, net in zip(names, nets, strict=True)]),
        _origin(nets, names, command),
    ]
    title = f"Heartbeats by {', '.join(dict.fromkeys(net.folder.net.name for net in nets))}"
    write(path, title, LEAD, sections, numbers(nets, names, command))
    return nets, sheets, said


def numbers(nets: Sequence[Judged], names: Sequence[str], command: str) -> dict[str, object]:
    """Everything measured, as plain values for JSON; null where nothing can be said."""
    rows = []
    for name, net in zip(names, nets, strict=True):
        seen = [(record, tables.record_verdict(net, k)) for k, record in enumerate(net.beats.names)]
        rows.append(
            {
                "name": name,
                "folder": str(net.folder.path),
                "hash": net.hash,
                "seed": net.folder.plan.train.seed,
                "size": asdict(net.size),
                "patients": {"title": net.patients.title, "records": net.patients.names, "sha256": net.patients.digest},
                "integer": _verdict(net.verdict) | {"by_patients_95": _spread(net)},
                "float": None if net.float_verdict is None else _verdict(net.float_verdict),
                "float_missing": net.missing,
                "answered_otherwise": None if net.floats is None else int((net.floats != net.answers).sum()),
                "always_n": _verdict(always(net.beats.y)),
                "records": {record: _verdict(found) for record, found in seen if found is not None},
            }
        )
    groups = []
    for members in judging.seeds(nets):
        mean, worst = tables.mean_and_worst([nets[k].verdict for k in members])
        groups.append({"nets": [names[k] for k in members], "mean": _named(mean), "worst": _named(worst)})
    origin = {"simulated": True, "executed_by": "bittrue.ref", "medical_device": False}
    about = {"command": command, "version": bittrue.__version__, "classes": list(CLASSES)}
    return origin | about | {"nets": rows, "seeds": groups}


def _spread(net: Judged) -> dict[str, list[float | None]]:
    return {key: [_plain(value) for value in pair] for key, pair in net.spread.items()}


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {"confusion": verdict.confusion.tolist()} | _named(tables.values(verdict))


def _named(figures: Real) -> dict[str, object]:
    plain = [_plain(value) for value in figures]
    count = len(CLASSES)
    return {
        "accuracy": plain[0],
        "sensitivity": dict(zip(CLASSES, plain[1 : 1 + count], strict=True)),
        "precision": dict(zip(CLASSES, plain[1 + count : 1 + 2 * count], strict=True)),
        "macro_f1": plain[-1],
    }


def _origin(nets: Sequence[Judged], names: Sequence[str], command: str) -> Section:
    rows = [("command", command), ("bittrue", bittrue.__version__)]
    for group in tables.by_patients(nets):
        people = group[0].patients
        where = f"{people.folder}, {card_section.FOREIGN}, " if people.foreign else ""
        where = where or (f"{people.folder}, " if people.folder else "")
        rows.append((people.title, f"{where}records {' '.join(people.names)}, SHA-256 {people.digest}"))
    for name, net in zip(names, nets, strict=True):
        rows.append((name, f"{net.folder.path}: seed {net.folder.plan.train.seed}, {net.hash}"))
    notes = [
        "Integer rows were executed by bittrue.ref, simulated: no chip and no FPGA was measured.",
        "Classes of ANSI/AAMI EC57; DS1 and DS2 are de Chazal's halves, by patient. DS2 is for finished nets: a net "
        "or a setting that was chosen by these figures is no longer judged by them.",
    ]
    return Section("Where this comes from", notes, [Sheet("", ("", ""), rows, words=True)])
