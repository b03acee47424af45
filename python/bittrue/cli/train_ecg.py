"""``bittrue train ecg``: beats, float and quantised training, the verdicts."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from bittrue.bars import steps
from bittrue.cli.parser import console
from bittrue.errors import BadInput
from bittrue.extras import install

if TYPE_CHECKING:
    from bittrue.apps.ecg.train import Trained

BUILD = Path("build")
"""Where a net of made-up patients goes if no folder is named: it is none to keep."""


def call(arguments: argparse.Namespace, chosen: str) -> int:
    """Train, write the net's folder, print what the net is worth on patients held out."""
    try:
        from bittrue.apps.ecg import material, recipe, train
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("wfdb", "scipy", "torch"):
            raise
        raise BadInput(f"training needs {error.name}, which is not installed; {install('train')}") from None
    plan = recipe.named(chosen)
    if arguments.seed is not None:
        plan = recipe.reseeded(plan, arguments.seed)
    folder = Path(arguments.output or (BUILD if arguments.synthetic else Path("weights")) / plan.name)
    beats = None
    if arguments.synthetic:
        with steps("making up patients"):
            beats = material.made_up(plan)
    _show(train.train(plan, folder, arguments.data, beats=beats), folder)
    return 0


def _show(trained: Trained, folder: Path) -> None:
    out = console()
    if trained.verdicts:
        table = Table(box=None, title="patients held out", title_justify="left")
        for heading in ("net", "accuracy", *(f"{name} Se / PPV" for name in "NSV"), "macro-F1"):
            table.add_column(heading, justify="left" if heading == "net" else "right")
        for name, verdict in trained.verdicts:
            pairs = zip(verdict.sensitivity[:3], verdict.precision[:3], strict=True)
            cells = (f"{_percent(found)} / {_percent(right)}" for found, right in pairs)
            table.add_row(name, _percent(verdict.accuracy), *cells, f"{verdict.macro_f1:.3f}")
        out.print(table)
    whose = "beats of patients held out" if trained.verdicts else "beats trained on (nobody is held out)"
    out.print(
        f"float and integer net call {_percent(trained.agreement)} % of {trained.compared:,} {whose} the same",
        markup=False,
    )
    out.print(f"{folder}: {trained.net.name}, its card is {folder / 'CARD.md'}", markup=False)


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f}"
