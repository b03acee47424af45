"""``bittrue search``: nets that do more with less, by a resumable study."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from bittrue.bars import steps
from bittrue.cli.parser import Commands, Parser, add_command, add_interval, console, whole
from bittrue.cli.sheets import show
from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue.files import check_target
from bittrue.folder_lock import resumable

APPLICATIONS = ("dpd",)
EXAMPLES = (
    "bittrue search dpd --trials 100 --interval 8",
    "bittrue search dpd --prune weights/tdnn-wide --parameters 1000 -o smaller.toml",
    "bittrue search dpd --formats weights/tdnn-wide --budget 60 -o build/short",
)
STUDY = Path("build") / "search" / "study.db"


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    does = "search for better nets, or for shorter words of a net"
    command = add_command(commands, "search", call, does, net=False, examples=EXAMPLES)
    number = whole(1, 10**6)
    option = command.add_argument
    option("application", choices=APPLICATIONS, help="what the nets are for")
    option("--trials", type=number, default=50, metavar="N", help="finished trials in all (default 50)")
    option("--study", default=str(STUDY), metavar="FILE", help=f"where the study is kept (default {STUDY})")
    option("--recipe", metavar="FILE|NAME", help="everything but the net: data, formats, training")
    option("--seconds-per-trial", type=number, default=120, metavar="S", help="longest training (default 120)")
    option("--seed", type=whole(0, 2**31), default=0, metavar="S", help="of the draws (default 0)")
    option("--parameters", type=number, default=2000, metavar="N", help="of a net at most (default 2000)")
    option("--dsps", type=number, default=220, metavar="N", help="of a net at most (default 220)")
    option("-o", "--output", metavar="DIR", help="folder for front and recipes (default beside the study)")
    option("--formats", metavar="NET", help="no study: shorter words for this trained net, written to -o DIR")
    option(
        "--prune", metavar="NET", help="no study: a recipe for this trained net with --parameters, written to -o FILE"
    )
    option("--budget", type=whole(1, 300), default=60, metavar="DB", help="with --formats: error below output (60)")
    add_interval(command)


def call(arguments: argparse.Namespace) -> int:
    """Search, print the Pareto front and write it; or prune, or choose formats."""
    try:
        if arguments.formats:
            return _formats(arguments)
        return _prune(arguments) if arguments.prune else _study(arguments)
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "optuna", "psutil", "scipy", "matplotlib"):
            raise
        raise BadInput(f"the search needs {error.name}; {install('train')}") from None


def _study(arguments: argparse.Namespace) -> int:
    from bittrue.apps.dpd import recipe
    from bittrue.apps.dpd.searching import search, search_results
    from bittrue.apps.dpd.searching.trial import Limits

    path = Path(arguments.study)
    if path == STUDY:
        path.parent.mkdir(parents=True, exist_ok=True)
    base = recipe.named(arguments.recipe) if arguments.recipe else search.base()
    limits = Limits(arguments.parameters, arguments.dsps)
    plan = search.Search(base, arguments.interval, float(arguments.seconds_per_trial), arguments.seed, limits)
    out = console()
    with resumable(f"the same command goes on with the study {path}"), steps("opening the study") as report:
        found, rest = search.search(plan, path, arguments.trials, report)
    words = ["bittrue", "search", arguments.application, "--study", str(path), "--trials", str(arguments.trials)]
    folder = Path(arguments.output) if arguments.output else path.parent / f"{path.stem}-front"
    written = search_results.write(folder, plan, found, rest, shlex.join(words))
    show(out, search_results.table(plan, found, rest))
    out.print(f"written: {folder} ({', '.join(file.name for file in written)})", markup=False)
    return 0


def _formats(arguments: argparse.Namespace) -> int:
    from bittrue.apps.dpd.searching import formats_results

    output, out = Path(arguments.output) if arguments.output else None, console()
    with steps("reading the net") as report:
        sheets = formats_results.run(arguments.formats, -float(arguments.budget), arguments.interval, output, report)
    for sheet in sheets:
        show(out, sheet)
    if output is not None:
        out.print(f"net: {output}", markup=False)
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    from bittrue.apps.dpd.searching import pruning_results

    output, out = Path(arguments.output) if arguments.output else None, console()
    if output is not None:
        check_target(output, (".toml",))
    with steps("reading the net") as report:
        sheet = pruning_results.run(arguments.prune, arguments.parameters, output, report)
    show(out, sheet)
    if output is not None:
        out.print(f"recipe: {output}", markup=False)
    return 0
