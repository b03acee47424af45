"""``bittrue train dpd``: data, twin, ideal drive, regression, integer net, measurement, files."""

from __future__ import annotations

import os
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from bittrue.apps.dpd import evaluation, float_net, kat, recipe
from bittrue.apps.dpd.amplifiers import amplifier
from bittrue.apps.dpd.captures import data
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.card import Judge, ProtocolRow, card
from bittrue.apps.dpd.polynomials.polynomial_plan import AnyRecipe
from bittrue.apps.dpd.progress import Bars, Report
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.training.examples import examples, teaching
from bittrue.bars import shown
from bittrue.emit.folder import check_owner
from bittrue.files import write_together
from bittrue.folder_lock import locked
from bittrue.kit.card import command as command_of
from bittrue.kit.optional import needed
from bittrue.spec import Net, store

KNOWN_ANSWERS = 256
"""Samples of the test split, around its peak, that go into the known answers; 64 corners come before them."""

CHECKPOINT, LOGS = Path("checkpoint") / "state.pt", "logs"


@dataclass(frozen=True, eq=False)
class Trained:
    """What `train` made: the net, its float parent, and what was measured.

    ``judges`` begin with the amplifier model that taught; ``protocol`` is the Arena's judgement, or the reason why
    there is none. Both are empty in all processes of a team but the first.
    """

    net: Net
    parent: float_net.Parameters
    judges: tuple[Judge, ...]
    protocol: tuple[ProtocolRow, ...] | str = ""


def train(
    plan: Recipe,
    output: str | os.PathLike[str],
    seconds: float = 20.0,
    report: Report | None = None,
) -> Trained:
    """Train a recipe and write the net's folder.

    A killed run goes on from ``output/checkpoint/`` when it is called again and ends in the same net; a finished one
    only measures and writes again. Remove that folder to train anew. Under ``accelerate launch`` all processes train
    together and the first one writes.

    Parameters
    ----------
    plan : Recipe
        From `bittrue.apps.dpd.recipe`.
    output : path
        Folder of the net, made if need be: net.json, weights.safetensors, float.safetensors, kat.safetensors,
        recipe.toml, CARD.md, and the curves of all losses for TensorBoard in ``logs/``.
    seconds : float
        Least time between checkpoints.
    report : callable, optional
        Called after every epoch with the stage, epochs done, epochs in all and the validation error in dB; progress
        bars on the terminal if not given.

    Raises
    ------
    BadInput
        Where PyTorch, the data or the amplifier model is missing, another process trains there, the checkpoint is
        damaged or belongs to another recipe, the folder holds another net, or a file cannot be written.
    """
    with needed("training needs", "torch"):
        from bittrue.apps.dpd.training import beginning, trainer
        from bittrue.apps.dpd.training.stage import Loop
        from bittrue.kit.training.distributed import Team
        from bittrue.kit.training.log import Log
    team, folder = Team.gather(), Path(output)
    check_owner(folder, [store.JSON_FILE], plan.name)
    lock = locked(folder) if team.leads else nullcontext(folder)
    with lock, shown(Bars, team.leads and report is None) as bars:
        if trainer.resumed(folder / CHECKPOINT, plan) is None:
            beginning.initial(plan)  # refuses a net to begin with that cannot be one
        bars.say("reading the capture and the amplifier model")
        capture = teaching(plan)
        teacher = amplifier.teacher(plan.data, capture)
        drive, calls = f"ideal drive for {teacher.title}", plan.train.ilc_iterations + 3
        known = examples(plan, capture, bars.watched(teacher, drive, calls))
        bars.finish(drive)
        loop, watch = Loop(teacher.module, capture.gain, capture.channel), report or bars.epoch
        with closing(Log(folder / LOGS if team.leads else None)) as log:
            fitted = trainer.Trainer(plan, known, folder / CHECKPOINT, seconds, watch, loop, team, log).run()
        if not team.leads:
            return Trained(fitted.net, fitted.parent, ())
        judged, protocol = evaluation.all_of(capture, teacher, known, fitted.net, fitted.parent, bars.note)
        bars.finish("judging")
        trained = Trained(fitted.net, fitted.parent, judged, protocol)
        write(folder, plan, capture, trained)
        return trained


def write(folder: Path, plan: Recipe, capture: Capture, trained: Trained) -> None:
    """Write everything that belongs to a trained net into its folder."""
    net = trained.net
    builtins = [recipe.builtin(name) for name in recipe.names()]
    command = command_of("dpd", plan.name, plan in builtins)
    text = card(plan, command, capture, net, trained.judges, trained.protocol)
    write_together(folder, contents(plan, capture, net, trained.parent) | {"CARD.md": text}, renew=True)


def contents(plan: AnyRecipe, capture: Capture, net: Net, parent: float_net.Parameters) -> dict[str, bytes | str]:
    """The files of a trained net's folder by name, all but the card: net, float parent, known answers, recipe."""
    test = capture.inputs["test"]
    peak = int(np.argmax(abs(test)))
    start = min(max(0, peak - KNOWN_ANSWERS // 2), len(test) - KNOWN_ANSWERS)
    samples = net.input.format.encode(data.to_iq(test[start : start + KNOWN_ANSWERS]))
    answers = kat.content(net, np.concatenate([kat.corners(net.input.format), samples]))
    floats = {name: np.ascontiguousarray(value) for name, value in parent.items()}
    own: dict[str, bytes | str] = {float_net.FILE: safetensors.numpy.save(floats), kat.FILE: answers}
    return store.contents(net) | own | {"recipe.toml": plan.text}
