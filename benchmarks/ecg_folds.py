"""What a recipe for heartbeats is worth on patients that it did not see, without the test patients.

    python benchmarks/ecg_folds.py [--recipe NAME|FILE] [--seeds 1,2,3] [--data DIR] [--output DIR]

Four nets, each trained on three folds of DS1, answer the fourth; their answers are judged together,
float and integer net of each seed. A run that was stopped goes on where it was: every net keeps its folder below
``--output``.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from bittrue.apps.ecg import recipe
from bittrue.apps.ecg.beats.split import FOLDS
from bittrue.apps.ecg.metrics import Verdict, table
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.train import train
from bittrue.errors import BadInput


def folded(plan: Recipe, fold: int) -> Recipe:
    """The recipe with the patients of a fold held out."""
    if plan.train.fold is not None:
        raise BadInput(f"the recipe of {plan.name} holds fold {plan.train.fold} out; give one that has no train.fold")
    text = plan.text.replace("[train]\n", f"[train]\nfold = {fold}\n")
    return recipe.parse(text.encode(), f"the recipe of {plan.name} without fold {fold}")


def pooled(plan: Recipe, output: Path, data: str | None) -> dict[str, Verdict]:
    """The verdict on all beats of DS1 by the nets that did not learn them: ``float`` and ``integer``."""
    found = [
        dict(train(folded(plan, fold), output / f"{plan.name}-seed{plan.train.seed}-fold{fold}", data).verdicts)
        for fold in range(len(FOLDS))
    ]
    return {kind: Verdict(sum(one[kind].confusion for one in found)) for kind in ("float", "integer")}


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="ecg-tiny", metavar="NAME|FILE")
    parser.add_argument("--seeds", default="1,2,3", metavar="N,N")
    parser.add_argument("--data", metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("build") / "folds", metavar="DIR")
    arguments = parser.parse_args()
    plan, rows = recipe.named(arguments.recipe), []
    for seed in map(int, arguments.seeds.split(",")):
        verdicts = pooled(recipe.reseeded(plan, seed), arguments.output, arguments.data)
        rows += [(f"{kind}, seed {seed}", verdict) for kind, verdict in verdicts.items()]
    print(table(rows))


if __name__ == "__main__":
    try:
        main()
    except BadInput as error:
        sys.exit(f"ecg_folds: {error}")
