"""``bittrue train ecg``: beats, float and quantised training, the verdicts."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.bars import steps
from bittrue.errors import BadInput
from bittrue.kit.application import Printed, Result, output_folder
from bittrue.kit.optional import needed
from bittrue.kit.page import Sheet

if TYPE_CHECKING:
    from bittrue.apps.ecg.training_result import Trained


def run(arguments: argparse.Namespace) -> Printed:
    """Train, write the net's folder, say what the net is worth on patients held out."""
    if arguments.synthetic and arguments.data:
        raise BadInput("--synthetic takes no records; leave it or --data out")
    with needed("training needs", "wfdb", "scipy", "torch"):
        from bittrue.apps.ecg import datasets, recipe, train
    plan = recipe.named(arguments.recipe)
    if arguments.seed is not None:
        plan = recipe.reseeded(plan, arguments.seed)
    # a net of made-up patients is none to keep
    folder = output_folder(arguments, plan.name, "build" if arguments.synthetic else "weights")
    beats = None
    if arguments.synthetic:
        with steps("making up patients"):
            beats = datasets.made_up(plan)
    return _said(train.train(plan, folder, arguments.data, beats=beats), folder)


def _said(trained: Trained, folder: Path) -> Printed:
    columns = ("net", "accuracy", *(f"{name} Se / PPV" for name in "NSV"), "macro-F1")
    rows = []
    for name, verdict in trained.verdicts:
        pairs = zip(verdict.sensitivity[:3], verdict.precision[:3], strict=True)
        cells = (f"{_percent(found)} / {_percent(right)}" for found, right in pairs)
        rows.append((name, _percent(verdict.accuracy), *cells, f"{verdict.macro_f1:.3f}"))
    if rows:
        yield Sheet("patients held out", columns, rows)
    whose = "beats of patients held out" if rows else "beats trained on (nobody is held out)"
    yield f"float and integer net call {_percent(trained.agreement)} % of {trained.compared:,} {whose} the same"
    yield f"{folder}: {trained.net.name}, its card is {folder / 'CARD.md'}"
    held_out = {
        name: {
            "accuracy": float(verdict.accuracy),
            "sensitivity": [float(share) for share in verdict.sensitivity],
            "precision": [float(share) for share in verdict.precision],
            "macro_f1": float(verdict.macro_f1),
        }
        for name, verdict in trained.verdicts
    }
    yield Result.trained(folder, trained.net.name, agreement=float(trained.agreement), held_out=held_out)


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.1f}"
