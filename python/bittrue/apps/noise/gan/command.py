"""``bittrue train noise``: one configuration, or a table of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bittrue.apps.noise.shelf import SHELF
from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Command, Option, Printed, Remark, Result
from bittrue.kit.arguments import whole
from bittrue.kit.optional import needed
from bittrue.kit.page import Sheet
from bittrue.readers import toml_document

if TYPE_CHECKING:
    from bittrue.apps.noise.gan.configuration import Configuration, Table
    from bittrue.apps.noise.gan.train import Trained

DATASETS, RESULTS, WORKERS = "Datasets", "Model_Results", 2

OPTIONS = (
    Option("--config", "a GAN's dictionary: JSON, TOML or a Python literal, not --recipe", {"metavar": "FILE"}),
    Option("--configs", "a table: a column a key of the dictionary, a row a run", {"metavar": "FILE.csv"}),
    Option(
        "--repeats", "with --configs: times that every row is run (default 1)", {"type": whole(1, 1000), "metavar": "N"}
    ),
    Option(
        "--workers", f"with --configs: rows side by side (default {WORKERS})", {"type": whole(1, 1024), "metavar": "N"}
    ),
    Option("--ray", "with --configs: on Ray, here or on the cluster of RAY_ADDRESS", {"action": "store_true"}),
    Option("--resume", "go on in the folder of a run", {"metavar": "RUN"}),
    Option("--data", f"folder of the data sets (default {DATASETS})", {"metavar": "DIR"}),
)
COLUMNS = ("measure", "generated", "training set (floor)")
ONLY_SWEEPS = ("repeats", "workers", "ray")


def _run(arguments: argparse.Namespace) -> Printed:
    return run(arguments)


TRAIN = Command(
    "a generator of noise",
    _run,
    OPTIONS,
    (
        "bittrue train noise --config gan.json",
        "bittrue train noise --config gan.json --configs rows.csv --repeats 2 --workers 2",
    ),
    result=True,
)


def run(arguments: argparse.Namespace) -> Printed:
    """Train what the options say, and tell what came of it."""
    with needed("training needs", "torch", "scipy", "matplotlib"):
        from bittrue.apps.noise.gan import reading, run_folder
    for name in ONLY_SWEEPS:
        if getattr(arguments, name) and not arguments.configs:
            raise BadInput(f"--{name} belongs to --configs; leave it out, or give a table")
    if arguments.resume and (arguments.config or arguments.configs):
        raise BadInput("--resume takes the configuration of its run; leave --config and --configs out")
    if arguments.resume:
        folder = run_folder.of_checkpoint(arguments.resume)
        configuration = reading.load(folder / run_folder.CONFIGURATION).replaced({("checkpoint",): str(folder)})
        return _train(arguments, configuration)
    if arguments.config:
        below, what = reading.table(arguments.config), f"the configuration {arguments.config}"
    else:
        content, what, _ = SHELF.find(arguments.recipe)
        below = toml_document(content, what)
    if arguments.configs:
        return _sweep(arguments, below)
    return _train(arguments, reading.configured(below, what))


def _train(arguments: argparse.Namespace, configuration: Configuration) -> Printed:
    from bittrue.apps.noise.gan.train import folder_for, train
    from bittrue.kit.training.distributed import Team

    team = Team.gather()
    folder = folder_for(configuration, arguments.output or RESULTS, team)
    with steps("reading the data set") as step, _kept(folder):
        trained = train(configuration, arguments.data or DATASETS, folder, step, team=team)
    if team.leads:
        yield from _told(trained, team.size)


@contextmanager
def _kept(folder: Path | None) -> Iterator[None]:
    """Where an error comes up before anything is written, the folders that were made for it are gone again."""
    try:
        yield
    except BaseException:
        for each in (folder, folder.parent, folder.parent.parent) if folder else ():
            with suppress(OSError):
                each.rmdir()
        raise


def _told(trained: Trained, processes: int) -> Printed:
    made, settings = trained.plan, trained.plan.settings
    if made.changed:
        yield Remark(f"{made.model} sets {', '.join(made.changed)}; gan_train_config.json has the values")
    if not settings.model_specs.wavegan and settings.num_gpus > processes:
        yield Remark(f"num_gpus is {settings.num_gpus}; {processes} process trained (several: accelerate launch)")
    size = " x ".join(map(str, (made.channels, *made.sizes)))
    yield f"{made.model}, {size}: generator {trained.parameters[0]:,} parameters, critic {trained.parameters[1]:,}"
    last = trained.history[-1]
    yield f"{len(trained.history):,} batches; at the end Loss_D {last[0]:.3f}, Loss_G {last[1]:.3f}"
    if "unmeasured" in trained.metrics:
        yield Remark(f"the generated set was not measured: {trained.metrics['unmeasured']}")
    elif trained.metrics:
        yield Sheet("distances to the test set", COLUMNS, _rows(trained.metrics))
    if trained.folder:
        yield f"run: {trained.folder}"
    numbers = {"model": made.model, "generator": trained.parameters[0], "critic": trained.parameters[1]}
    files = sorted(path for path in trained.folder.iterdir() if path.is_file()) if trained.folder else []
    yield Result(numbers | {"batches": len(trained.history), "metrics": trained.metrics}, files)


def _rows(metrics: dict[str, Any]) -> list[tuple[str, ...]]:
    pairs = ((name, value, metrics["floor"][name]) for name, value in metrics["generated"].items())
    return [(name, *("-" if value is None else f"{value:.4g}" for value in pair)) for name, *pair in pairs]


def _sweep(arguments: argparse.Namespace, below: Table) -> Printed:
    from bittrue.apps.noise.gan import sweep, sweep_table

    rows = sweep_table.load(arguments.configs, below)
    repeats, workers = arguments.repeats or 1, arguments.workers or WORKERS
    with steps("looking at the rows") as step:
        folder, ended = sweep.sweep(
            rows, repeats, arguments.data or DATASETS, arguments.output or RESULTS, workers, arguments.ray, step
        )
    for run in ended:
        if run.refused:
            yield Remark(f"row {run.row + 1}, repeat {run.repeat + 1} was refused: {run.refused}")
    good = [run for run in ended if not run.refused]
    columns = ("row", "repeat", *ended[0].cells, "run")
    yield Sheet(
        "runs",
        columns,
        [(str(run.row + 1), str(run.repeat + 1), *run.cells.values(), str(run.folder)) for run in good],
        words=True,
    )
    table = Path(folder) / sweep.RESULTS
    yield f"{len(good)} of {len(ended)} runs; what they measured is in {table}"
    found = [
        {"row": run.row + 1, "repeat": run.repeat + 1, "folder": str(run.folder), "metrics": run.metrics}
        for run in good
    ]
    yield Result({"runs": found, "refused": len(ended) - len(good)}, [table])
    if len(good) < len(ended):
        raise BadInput(f"{len(ended) - len(good)} of {len(ended)} runs were refused; the remarks say why")
