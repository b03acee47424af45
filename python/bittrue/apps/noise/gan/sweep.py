"""Sweeps: every row of a table, so many times, side by side; the same command goes on where one was stopped."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bittrue.apps.noise.gan import data, run_folder, sweep_row
from bittrue.apps.noise.gan.configuration import Configuration, leaves
from bittrue.apps.noise.gan.plan import plan
from bittrue.apps.noise.gan.sweep_table import Row
from bittrue.apps.noise.gan.train import SECONDS
from bittrue.errors import BadInput, listed
from bittrue.files import read_bytes, write_whole
from bittrue.folder_lock import locked
from bittrue.kit import shards
from bittrue.limits import TEXT
from bittrue.readers import json_document

FOLDER = "sweeps"
"""Below the results: a folder a sweep, with the list of its runs and their metrics in one table."""
LIST, RESULTS = "sweep.json", "results.csv"
Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Run:
    """A row for the ``repeat``-th time; its seed is that of the row, plus ``repeat``."""

    row: int
    repeat: int
    cells: dict[str, str]
    configuration: Configuration
    folder: Path
    metrics: dict[str, Any] = field(default_factory=dict)
    refused: str = ""


def runs(rows: Sequence[Row], repeats: int, folders: Sequence[Path]) -> list[Run]:
    """All runs, every row once before any is repeated."""
    order = [(repeat, number) for repeat in range(repeats) for number in range(len(rows))]
    made = []
    for (repeat, number), folder in zip(order, folders, strict=True):
        row = rows[number]
        seeded = row.configuration.replaced({("seed",): row.configuration.settings.seed + repeat})
        made.append(Run(number, repeat, row.cells, seeded, folder))
    return made


def check(rows: Sequence[Row], datasets: str | Path) -> None:
    """Raises `BadInput`, before anything is trained, where a row cannot be: it names the row."""
    shapes: dict[str, tuple[int, bool]] = {}
    for number, row in enumerate(rows):
        settings = row.configuration.settings
        try:
            if settings.checkpoint or not settings.save_model or not settings.eval_model:
                raise BadInput(
                    "a sweep saves and measures every run anew; leave checkpoint, save_model and eval_model out"
                )
            name = settings.data.data_set
            shapes[name] = shapes.get(name) or data.shape(datasets, name)
            plan(row.configuration, *shapes[name])
        except BadInput as error:
            raise BadInput(f"row {number + 1} ({listed(row.cells.values())}): {error}") from None


def sweep(
    rows: Sequence[Row],
    repeats: int,
    datasets: str | Path,
    results: str | Path,
    workers: int,
    ray: bool,
    step: Step,
    seconds: float = SECONDS,
) -> tuple[Path, list[Run]]:
    """Train all runs that are not done yet; the folder of the sweep, and its runs with what they measured.

    Rows run on ``workers`` processes of this machine, or as tasks on Ray; on a cluster the folders of data and results
    must have the same paths everywhere. A run whose process is lost goes on from its checkpoint. One that is refused
    does not stop the others; it is told in `Run.refused`.
    """
    check(rows, datasets)
    with locked(Path(results) / FOLDER / _digest(rows, repeats, datasets)) as folder:
        todo = runs(rows, repeats, _folders(folder, rows, repeats, results))
        left = [run for run in todo if not (run.folder / run_folder.METRICS).is_file()]
        step("runs", len(todo) - len(left), len(todo))
        done = len(todo) - len(left)

        def told(number: int, what: str) -> None:
            nonlocal done
            done += what != shards.AGAIN
            run = left[number]
            name = f"row {run.row + 1}, repeat {run.repeat + 1}"
            step("runs" if what == shards.DONE else f"{name}: {what}", done, len(todo))

        place = str(Path(datasets).resolve())
        work = [sweep_row.Work(run.configuration.given, place, str(run.folder.resolve()), seconds) for run in left]
        found = shards.spread(sweep_row.run, work, workers, ray, told)
        refused = {run.folder: outcome.refused for run, outcome in zip(left, found, strict=True)}
        ended = [_ended(run, refused.get(run.folder, "")) for run in todo]
        write_whole(folder / RESULTS, table(ended), renew=True)
        return folder, ended


def table(ended: Sequence[Run]) -> str:
    """CSV: row, repeat, seed, cells, folder, and every number that was measured by the path of its name."""
    names = list(dict.fromkeys(".".join(path) for run in ended for path in leaves(run.metrics)))
    columns = list(ended[0].cells)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["row", "repeat", "seed", *columns, "folder", *names])
    for run in ended:
        found = {".".join(path): value for path, value in leaves(run.metrics).items()}
        cells = [found.get(name, "") for name in names]
        seed = run.configuration.settings.seed
        writer.writerow([run.row + 1, run.repeat + 1, seed, *run.cells.values(), run.folder, *cells])
    return buffer.getvalue()


def _ended(run: Run, refused: str) -> Run:
    metrics = {}
    if not refused:
        path = run.folder / run_folder.METRICS
        metrics = json_document(read_bytes(path, "the metrics", TEXT), str(path))
    return Run(run.row, run.repeat, run.cells, run.configuration, run.folder, metrics, refused)


def _digest(rows: Sequence[Row], repeats: int, datasets: str | Path) -> str:
    text = json.dumps([[row.cells, row.configuration.table] for row in rows] + [repeats, str(Path(datasets).resolve())])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _folders(folder: Path, rows: Sequence[Row], repeats: int, results: str | Path) -> list[Path]:
    """The folders of all runs in their order: those of the list, or new ones, of which a list is written first."""
    path, count = folder / LIST, repeats * len(rows)
    if path.is_file():
        found = json_document(read_bytes(path, "the list of runs", TEXT), f"the list of runs {path}")
        if isinstance(found, list) and len(found) == count and all(isinstance(name, str) for name in found):
            return [Path(results) / name for name in found]
        raise BadInput(f"{path} is not the list of this sweep's {count} runs; remove it to run them anew")
    now = datetime.now()
    made = [
        run_folder.made(row.configuration.replaced({("seed",): row.configuration.settings.seed + repeat}), results, now)
        for repeat in range(repeats)
        for row in rows
    ]
    names = [str(each.relative_to(results)) for each in made]
    write_whole(path, json.dumps(names, indent=1) + "\n", renew=True)
    return made
