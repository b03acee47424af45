"""One run of an ablation: a recipe trained and judged, in a folder of its own, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from bittrue import spec
from bittrue.apps.dpd import closed_loop, float_net
from bittrue.apps.dpd.amplifiers import amplifier, arena
from bittrue.apps.dpd.closed_loop import Filter
from bittrue.apps.dpd.progress import Report
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.reporting import comparison
from bittrue.apps.dpd.training.examples import examples, teaching
from bittrue.errors import BadInput
from bittrue.files import read_bytes, write_together
from bittrue.readers import json_document, refusing
from bittrue.spec.store import content_hash

RESULT, CHECKPOINT = "result.json", Path("checkpoint") / "state.pt"
PROTOCOL = "protocol"
"""The Arena's own judgement, among the names of the amplifier models."""

EVM, ACLR = METRICS = ("evm", "worse_aclr")
Figures = Mapping[str, Mapping[str, float]]
"""Of every judge by its name: `METRICS` in dB."""


@dataclass(frozen=True)
class Result:
    """What came of a run: figures of the integer net and of its float parent; simulated, test split."""

    recipe: str
    hash: str
    integer: Figures
    parent: Figures


def run(recipe: Recipe, folder: Path, report: Report, seconds: float = 20.0) -> Result:
    """Train and judge a recipe in a folder, or read what an earlier call found there.

    A killed run goes on from its checkpoint. Raises `BadInput` where the folder belongs to another recipe.
    """
    done = read(folder)
    if done is not None:
        if done.recipe != recipe.text:
            raise BadInput(f"{folder} holds a run of another recipe; choose another output folder, or remove it")
        return done
    from bittrue.apps.dpd.training import trainer
    from bittrue.apps.dpd.training.stage import Loop

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror}; choose another output folder") from None
    capture = teaching(recipe)
    teacher = amplifier.teacher(recipe.data, capture)
    known = examples(recipe, capture, teacher)
    loop = Loop(teacher.module, capture.gain, capture.channel)
    fitted = trainer.Trainer(recipe, known, folder / CHECKPOINT, seconds, report, loop).run()
    models, _ = comparison.judges(capture)
    protocol = not comparison.protocol_reason(capture)

    def judged(predistort: Filter) -> dict[str, dict[str, float]]:
        found = {}
        for model in models:
            m = closed_loop.judge(capture, model, predistort)
            found[model.name] = {EVM: m.evm, ACLR: max(m.aclr_left, m.aclr_right)}
        if protocol:
            score = arena.protocol(predistort)
            found[PROTOCOL] = {EVM: score.evm_db, ACLR: score.worse_aclr_db}
        return found

    integer, parent = judged(closed_loop.integer(fitted.net)), judged(closed_loop.floating(fitted.net, fitted.parent))
    result = Result(recipe.text, content_hash(fitted.net), integer, parent)
    spec.save(fitted.net, folder)
    stored = {name: np.ascontiguousarray(value) for name, value in fitted.parent.items()}
    files: dict[str, bytes | str] = {
        float_net.FILE: safetensors.numpy.save(stored),
        "recipe.toml": recipe.text,
        RESULT: json.dumps(vars(result), indent=1) + "\n",
    }
    write_together(folder, files)
    return result


def read(folder: Path) -> Result | None:
    """The result of a finished run, None where there is none. Raises `BadInput` for a file that is no result."""
    path = folder / RESULT
    if not path.is_file():
        return None
    with refusing(f"the result {path}", "remove it to run this variant anew"):
        return Result(**json_document(read_bytes(path, "the result"), f"the result {path}"))
