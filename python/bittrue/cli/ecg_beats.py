"""``bittrue ecg beats``: the int8 frames that a net sees, as a file for the other commands."""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bittrue.cli.parser import Commands, Parser, add_command, whole
from bittrue.errors import BadInput
from bittrue.files import check_target, write_together, write_whole

if TYPE_CHECKING:
    from bittrue.apps.ecg.beats.beats import Beats, Input
    from bittrue.apps.ecg.patients import Patients

RECIPE, PART, PEOPLE = "ecg-tiny", "DS1", 8
"""What is taken where nothing is said; so many made-up patients."""


def add(under: Commands[Parser]) -> None:
    """Add the command below ``bittrue ecg``."""
    command = add_command(under, "beats", call, "write the int8 frames that a net sees of recorded beats", net=False)
    of = f"whose net sees them: built-in, a file, or a trained folder (default {RECIPE})"
    command.add_argument("--recipe", default=RECIPE, metavar="NAME|FILE|NET", help=of)
    command.add_argument("--data", metavar="DIR", help="folder of the MIT-BIH records (default: found)")
    command.add_argument("--records", metavar="A,B", help=f"records, or DS1, DS2, fold-0 to fold-3 (default {PART})")
    command.add_argument("--synthetic", action="store_true", help="made-up patients, which need no data")
    command.add_argument("--count", type=whole(1, 10**7), metavar="N", help="so many of the beats, drawn at random")
    command.add_argument(
        "--seed", type=whole(0, 10**6), default=0, metavar="S", help="of the draw and the made-up patients (default 0)"
    )
    command.add_argument("-o", "--output", required=True, metavar="X.npy", help="int8 (N, channels, length)")
    command.add_argument("--labels", metavar="Y.npy", help="also write the classes, int64 (N,), 0 to 4 for N S V F Q")


def call(arguments: argparse.Namespace) -> int:
    """Read, choose, write, and say what was written."""
    try:
        from bittrue.apps.ecg import patients, recipe
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "scipy":
            raise
        raise BadInput("beats need scipy, which is not installed; run: pip install 'bittrue[train]'") from None
    if arguments.synthetic and (arguments.records or arguments.data):
        raise BadInput("--synthetic takes no --records and no --data: nobody recorded those patients")
    outputs = [path for path in (arguments.output, arguments.labels) if path]
    for path in outputs:
        check_target(path)
    if len({Path(path).resolve() for path in outputs}) < len(outputs):
        raise BadInput(f"beats and labels would both be written to {arguments.output}; name two files")
    folder = Path(arguments.recipe) / "recipe.toml"
    plan = recipe.load(folder) if folder.is_file() else recipe.named(arguments.recipe)
    if arguments.synthetic:
        people, beats = _made_up(plan.input, arguments.count, arguments.seed)
    else:
        people = patients.named(arguments.records or PART, arguments.data)
        beats = people.beats(plan.input)
    chosen = _drawn(len(beats.y), arguments.count, arguments.seed)
    _write(arguments.output, beats.x[chosen], arguments.labels, beats.y[chosen])
    counts = patients.counts(beats, chosen)
    shape = f"{len(chosen):,} frames of {beats.x.shape[1:]}, int8"
    print(f"{arguments.output}: {shape}, of {people.title} as {plan.name} sees them: {counts}")
    return 0


def _made_up(plan: Input, count: int | None, seed: int) -> tuple[Patients, Beats]:
    """As many made-up patients as the beats need."""
    from bittrue.apps.ecg import patients

    number = PEOPLE
    people = patients.made_up(number, seed)
    while len((beats := people.beats(plan)).y) < (count or 1):
        number *= 2
        people = patients.made_up(number, seed)
    return people, beats


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
