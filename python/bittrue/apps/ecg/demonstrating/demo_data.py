"""Writes ``demo.npz``, which `bittrue.board.demo.heartbeats.bundle` reads: beats, expected codes, the record."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np

from bittrue import ref
from bittrue.apps.ecg import patients, recipe
from bittrue.apps.ecg.beats.classes import CLASSES
from bittrue.apps.ecg.beats.records import package
from bittrue.apps.ecg.patients import Patients
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.spec import Net
from bittrue.spec.store import content_hash

FILE = "demo.npz"
FORMAT, VERSION = "bittrue-demo-heartbeats", 1
RECORD, PEOPLE = "213", 64
"""The record that is played where none is named: of DS2, with N, S, V and F; and patients where there is no data."""


def of(records: str | None, data: str | None) -> tuple[Patients, str]:
    """Patients to play, and why they are made up, if they are.

    Raises `BadInput` as `bittrue.apps.ecg.patients.named` does where records or a folder are asked for.
    """
    try:
        package()
        return patients.named(records or RECORD, data), ""
    except BadInput as error:
        if records or data:
            raise
        return patients.made_up(PEOPLE), f"{error}; the demo plays made-up patients instead"


def check(net: Net, plan: recipe.Recipe) -> None:
    """Raise `BadInput` for a net that does not take what a recipe makes of a beat, or gives no number a class."""
    shape = len(plan.input.channels), plan.input.length
    if net.input.shape != shape or net.output.shape != (len(CLASSES),):
        raise BadInput(
            f"net {net.name} takes {net.input} and gives {net.output}, and a beat of recipe {plan.name} is {shape} in "
            f"{len(CLASSES)} classes; name a net of heartbeats, such as weights/ecg-tiny"
        )


def write(
    folder: str | os.PathLike[str], net: Net, plan: recipe.Recipe, people: Patients, count: int | None
) -> tuple[Path, int, str]:
    """Write ``demo.npz`` into an overlay folder: its path, the beats in it, and whose they are.

    Parameters
    ----------
    folder : path
        Exists.
    net : Net
        Takes what ``plan`` makes of a beat, and gives a number a class.
    plan : Recipe
    people : Patients
    count : int, optional
        Beats, the first ones of the records; all, where there are fewer.

    Raises
    ------
    BadInput
        For another net, records that cannot be read, or a file that cannot be written.
    """
    check(net, plan)
    beats = people.beats(plan.input)
    records = [people.record(name, plan.input.lead) for name in beats.names]
    if len({record.rate for record in records}) > 1:
        raise BadInput(f"the records of {people.title} have different rates; name records of one rate")
    starts = np.cumsum([0, *(len(record.signal) for record in records[:-1])])
    codes = beats.x[:count].astype(np.int8)
    positions = (beats.position + starts[beats.record])[:count]
    labels = beats.y[:count] if beats.known else np.full(len(codes), -1)
    kind = "records" if len(records) > 1 else "record"
    title = people.title if people.folder is None else f"{kind} {people.title}"
    if people.folder is not None and not people.foreign:
        title += ", MIT-BIH Arrhythmia Database (Moody and Mark 2001)"
    about = {
        "format": FORMAT,
        "version": VERSION,
        "net": net.name,
        "hash": content_hash(net),
        "title": title,
        "classes": list(CLASSES),
        "rate": float(records[0].rate),
    }
    arrays = {
        "about": np.array(json.dumps(about)),
        "codes": codes,
        "expected": ref.run(net, codes.astype(np.int64)),
        "labels": labels.astype(np.int8),
        "positions": positions.astype(np.int64),
        "signal": np.concatenate([record.signal for record in records]).astype(np.int32),
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    path = Path(folder) / FILE
    write_whole(path, content.getvalue())
    return path, len(codes), title
