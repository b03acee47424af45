"""``bittrue ecg beats``: the int8 frames that a net sees, as a file for the other commands."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.files import check_target, write_together, write_whole
from bittrue.kit.application import Printed, Remark, Result
from bittrue.kit.optional import needed

if TYPE_CHECKING:
    from bittrue.apps.ecg.beats.beats import Beats, Input

PART, PEOPLE = "DS1", 8
"""What is taken where nothing is said; so many made-up patients."""

SOURCES = {
    "synthetic": ("data", "records", "lead", "annotator", "detect", "rate", "units", "beats"),
    "csv": ("data", "records", "annotator"),
    "data": ("rate", "units", "beats"),
}
"""Options that say nothing about beats that come from there."""


def run(arguments: argparse.Namespace) -> Printed:
    """Read, choose, write, and say what was written."""
    with needed("beats need", "scipy"):
        from bittrue.apps.ecg import patients, recipe
    _check(arguments)
    folder = Path(arguments.recipe) / "recipe.toml"
    plan = recipe.load(folder) if folder.is_file() else recipe.named(arguments.recipe)
    seen = replace(plan.input, lead=arguments.lead) if arguments.lead else plan.input
    if arguments.synthetic:
        title, beats = _made_up(seen, arguments.count, arguments.seed)
    elif arguments.csv:
        title, beats = arguments.csv, _from_csv(arguments, seen)
    else:
        people = patients.named(arguments.records or _default(arguments.data), arguments.data, _annotator(arguments))
        title, beats = people.title, people.beats(seen)
    if arguments.labels and not beats.known:
        raise BadInput(
            "--labels needs classes, and nobody said what these beats are; leave it out, or give annotations"
        )
    chosen = _drawn(len(beats.y), arguments.count, arguments.seed)
    _write(arguments.output, beats.x[chosen], arguments.labels, beats.y[chosen])
    for said in beats.remarks:
        yield Remark(said)
    counts = patients.counts(beats, chosen) if beats.known else "classes unknown"
    shape = f"{len(chosen):,} frames of {beats.x.shape[1:]}, int8"
    yield f"{arguments.output}: {shape}, of {title} as {plan.name} sees them: {counts}"
    found = {"frames": len(chosen), "shape": list(beats.x.shape[1:]), "of": title, "recipe": plan.name}
    classes = patients.numbers(beats, chosen) if beats.known else None
    yield Result(found | {"classes": classes}, [path for path in (arguments.output, arguments.labels) if path])


def _check(arguments: argparse.Namespace) -> None:
    """Raises `BadInput`, before the work, for options that do not belong together and files that cannot be written."""
    source = "synthetic" if arguments.synthetic else "csv" if arguments.csv else "data"
    if arguments.synthetic and (arguments.records or arguments.data or arguments.csv):
        raise BadInput("--synthetic takes no --records, no --data and no --csv: nobody recorded those patients")
    for option in SOURCES[source]:
        if getattr(arguments, option):
            other = "belongs to --csv" if source == "data" else f"does not go with --{source}"
            raise BadInput(f"--{option} {other}; leave it out")
    if arguments.csv and not arguments.rate:
        raise BadInput("--csv needs --rate, the samples a second of its numbers; add it")
    if arguments.detect and (arguments.annotator or arguments.beats):
        raise BadInput("--detect finds the beats by itself; leave --annotator or --beats out")
    outputs = [path for path in (arguments.output, arguments.labels) if path]
    for path in outputs:
        check_target(path, (".npy",))
    if len({Path(path).resolve() for path in outputs}) < len(outputs):
        raise BadInput(f"beats and labels would both be written to {arguments.output}; name two files")


def _default(data: str | None) -> str:
    """The part that is taken where nothing is said. Raises `BadInput` where a folder has nothing of it."""
    from bittrue.apps.ecg.beats.database import locate
    from bittrue.apps.ecg.beats.split import DS1

    folder = locate(data)
    if not any((folder / f"{name}.hea").is_file() for name in DS1):
        there = ", ".join(sorted(path.stem for path in folder.glob("*.hea"))[:12])
        raise BadInput(f"{folder} has no record of MIT-BIH's {PART}; name its own with --records: {there}")
    return PART


def _annotator(arguments: argparse.Namespace) -> str | None:
    """Ending of the annotation files; None for a detector."""
    from bittrue.apps.ecg.beats.records import ANNOTATOR

    if arguments.detect:
        return None
    given = arguments.annotator or ANNOTATOR
    if not re.fullmatch(r"\w{1,30}", given, re.ASCII):
        raise BadInput(f"--annotator is {shown(given)}; give the ending of a file, such as atr")
    return str(given)


def _from_csv(arguments: argparse.Namespace, plan: Input) -> Beats:
    """The beats of one lead as text."""
    from bittrue.apps.ecg.beats.beats import gather
    from bittrue.apps.ecg.beats.header import as_rate, exact
    from bittrue.apps.ecg.beats.plain import read_csv

    if not re.fullmatch(r"\d{1,9}(\.\d{0,12})?|\.\d{1,12}", arguments.rate, re.ASCII):
        raise BadInput(f"--rate is {shown(arguments.rate)}; give samples a second, such as 250 or 128.7")
    units = arguments.units or "mV"
    return gather([read_csv(arguments.csv, as_rate(exact(arguments.rate)), units, plan.lead, arguments.beats)], plan)


def _made_up(plan: Input, count: int | None, seed: int) -> tuple[str, Beats]:
    """As many made-up patients as the beats need."""
    from bittrue.apps.ecg import patients

    number = PEOPLE
    people = patients.made_up(number, seed)
    while len((beats := people.beats(plan)).y) < (count or 1):
        number *= 2
        people = patients.made_up(number, seed)
    return people.title, beats


def _drawn(there: int, count: int | None, seed: int) -> list[int]:
    """Which beats: all, or ``count`` of them without repetition, in their order. Raises `BadInput` for too many."""
    if count is None:
        return list(range(there))
    if count > there:
        raise BadInput(
            f"--count {count:,} is more than the {there:,} beats of these records; ask for fewer, or for more records"
        )
    return sorted(int(k) for k in np.random.default_rng(seed).choice(there, count, replace=False))


def _write(output: str, x: npt.NDArray[np.int8], labels: str | None, y: npt.NDArray[np.int64]) -> None:
    """Both files or, in one folder, none."""
    if labels is None:
        write_whole(output, _npy(x))
    elif Path(labels).parent.resolve() == Path(output).parent.resolve():
        write_together(Path(output).parent, {Path(output).name: _npy(x), Path(labels).name: _npy(y)})
    else:
        write_whole(labels, _npy(y))
        write_whole(output, _npy(x))


def _npy(array: npt.NDArray[Any]) -> bytes:
    content = BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()
