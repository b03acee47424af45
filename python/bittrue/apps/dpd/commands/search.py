"""``bittrue search dpd``: a study of nets, shorter words of a net, or fewer parameters."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from bittrue.apps.dpd.commands import STUDY
from bittrue.bars import steps
from bittrue.files import check_target
from bittrue.folder_lock import resumable
from bittrue.kit.application import Printed, Result
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
    """Search, and write the Pareto front; or prune, or choose formats."""
    output = Path(arguments.output) if arguments.output else None
    with needed("the search needs", "torch", "optuna", "psutil", "scipy", "matplotlib"):
        if arguments.formats:
            return _formats(arguments, output)
        return _prune(arguments, output) if arguments.prune else _study(arguments, output)


def _study(arguments: argparse.Namespace, output: Path | None) -> Printed:
    from bittrue.apps.dpd import recipe
    from bittrue.apps.dpd.searching import search, search_results
    from bittrue.apps.dpd.searching.trial import Limits

    path = Path(arguments.study)
    if path == STUDY:
        path.parent.mkdir(parents=True, exist_ok=True)
    base = recipe.named(arguments.recipe) if arguments.recipe else search.base()
    limits = Limits(arguments.parameters, arguments.dsps)
    plan = search.Search(base, arguments.interval, float(arguments.seconds_per_trial), arguments.seed, limits)
    with resumable(f"the same command goes on with the study {path}"), steps("opening the study") as report:
        found, rest = search.search(plan, path, arguments.trials, report)
    words = ["bittrue", "search", arguments.application, "--study", str(path), "--trials", str(arguments.trials)]
    folder = output or path.parent / f"{path.stem}-front"
    written = search_results.write(folder, plan, found, rest, shlex.join(words))
    names = ", ".join(file.name for file in written)
    result = Result.read(folder / search_results.NUMBERS, written)
    return [search_results.table(plan, found, rest), f"written: {folder} ({names})", result]


def _formats(arguments: argparse.Namespace, output: Path | None) -> Printed:
    from bittrue.apps.dpd.searching import formats_results

    with steps("reading the net") as report:
        found = formats_results.run(arguments.formats, -float(arguments.budget), arguments.interval, output, report)
    return [*found, *([] if output is None else [f"net: {output}"])]


def _prune(arguments: argparse.Namespace, output: Path | None) -> Printed:
    from bittrue.apps.dpd.searching import pruning_results

    if output is not None:
        check_target(output, (".toml",))
    with steps("reading the net") as report:
        found = pruning_results.run(arguments.prune, arguments.parameters, output, report)
    return [*found, *([] if output is None else [f"recipe: {output}"])]
