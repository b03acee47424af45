"""What a recipe for heartbeats is worth on patients that it did not see, without the test patients.

    python benchmarks/ecg_folds.py [--recipe NAME|FILE] [--seeds 1,2,3] [--rearranged] [--data DIR] [--output DIR]

Four nets, each trained on three folds of DS1, answer the fourth; their answers are judged together,
float and integer net of each seed. A run that was stopped goes on where it was: every net keeps its folder below
``--output``. With ``--rearranged``, the integer nets also answer patients made of those held out, in sustained
ectopy and in fibrillation (`bittrue.apps.ecg.beats.rhythm_augmentation`): that checks a mechanism, it measures no
patients.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from bittrue.apps.ecg import inference, recipe
from bittrue.apps.ecg.beats import beats
from bittrue.apps.ecg.beats.split import FOLDS, REARRANGED
from bittrue.apps.ecg.metrics import Verdict, judge, table
from bittrue.apps.ecg.recipe import Recipe
from bittrue.apps.ecg.train import train
from bittrue.errors import BadInput


def folded(plan: Recipe, fold: int) -> Recipe:
    """The recipe with the patients of a fold held out."""
    if plan.train.fold is not None:
        raise BadInput(f"the recipe of {plan.name} holds fold {plan.train.fold} out; give one that has no train.fold")
    text = plan.text.replace("[train]\n", f"[train]\nfold = {fold}\n")
    return recipe.parse(text.encode(), f"the recipe of {plan.name} without fold {fold}")


def pooled(plan: Recipe, output: Path, data: str | None, kinds: Sequence[str]) -> dict[str, Verdict]:
    """The verdict on all beats of DS1 by the nets that did not learn them: ``float``, ``integer``, and one a kind."""
    found: dict[str, list[Verdict]] = {}
    for fold, held in enumerate(FOLDS):
        own = folded(plan, fold)
        trained = train(own, output / f"{plan.name}-seed{plan.train.seed}-fold{fold}", data)
        for name, verdict in trained.verdicts:
            found.setdefault(name, []).append(verdict)
        for kind in kinds:
            if made := [name for name in held if name in REARRANGED[kind]]:
                others = beats.load(data, made, own.input, kind)
                said = inference.classes(inference.scores(trained.net, others.x))
                found.setdefault(f"integer, in {kind}", []).append(judge(others.y, said))
    del found["folded"]
    return {kind: Verdict(sum(one.confusion for one in each)) for kind, each in found.items()}


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="ecg-tiny", metavar="NAME|FILE")
    parser.add_argument("--seeds", default="1,2,3", metavar="N,N")
    parser.add_argument("--data", metavar="DIR")
    parser.add_argument("--output", type=Path, default=Path("build") / "folds", metavar="DIR")
    parser.add_argument("--rearranged", action="store_true", help="answer rearranged patients, too")
    arguments = parser.parse_args()
    plan, kinds = recipe.named(arguments.recipe), tuple(REARRANGED) if arguments.rearranged else ()
    rows: dict[str, list[tuple[str, Verdict]]] = {}
    for seed in map(int, arguments.seeds.split(",")):
        for kind, verdict in pooled(recipe.reseeded(plan, seed), arguments.output, arguments.data, kinds).items():
            rows.setdefault(kind.partition(", ")[2], []).append((f"{kind}, seed {seed}", verdict))
    for each in rows.values():
        print(table(each))


if __name__ == "__main__":
    try:
        main()
    except BadInput as error:
        sys.exit(f"ecg_folds: {error}")
