"""``bittrue train dpd``: data, twin, ideal drive, regression, integer net, measurement, files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bittrue import spec
from bittrue.apps.dpd import arena, data, evaluate, float_net, ilc, kat, pa, polynomial
from bittrue.apps.dpd.card import Judge, Row, card
from bittrue.apps.dpd.data import Capture
from bittrue.apps.dpd.evaluate import Filter
from bittrue.apps.dpd.metrics import Complex, nmse
from bittrue.apps.dpd.pa import Twin
from bittrue.apps.dpd.recipe import PROFILES, Recipe, builtin
from bittrue.apps.dpd.topology import parameter_count
from bittrue.errors import BadInput
from bittrue.files import write_together
from bittrue.spec import Net

KNOWN_ANSWERS = 256
"""Samples of the test split, around its peak, that go into the known answers; 64 corners come before them."""

CHECKPOINT = Path("checkpoint") / "state.pt"

Report = Callable[[str, int, int, float], None]


@dataclass(frozen=True, eq=False)
class Trained:
    """What `train` made: the net, its float parent, and what the judges measured (the first is the twin)."""

    net: Net
    parent: float_net.Parameters
    judges: tuple[Judge, ...]


def train(
    recipe: Recipe,
    output: str | os.PathLike[str],
    seconds: float = 20.0,
    report: Report | None = None,
) -> Trained:
    """Train a recipe and write the net's folder.

    A killed run goes on from ``output/checkpoint/`` when it is called again and ends in the same net; a finished one
    only measures and writes again. Remove that folder to train anew.

    Parameters
    ----------
    recipe : Recipe
        From `bittrue.apps.dpd.recipe`.
    output : path
        Folder of the net, made if need be: net.json, weights.safetensors, float.safetensors, kat.safetensors,
        recipe.toml and CARD.md.
    seconds : float
        Least time between checkpoints.
    report : callable, optional
        Called after every epoch with the stage, epochs done, epochs in all and the validation error in dB; a progress
        bar on the terminal if not given.

    Raises
    ------
    BadInput
        Where PyTorch or the data is missing, the checkpoint belongs to another recipe, or a file cannot be written.
    """
    try:
        from bittrue.apps.dpd import fit
    except ImportError as error:
        raise BadInput(f"training needs PyTorch ({error}); run: pip install 'bittrue[train]'") from None
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror}; choose another output folder") from None
    capture = data.load(recipe.capture)
    twin = pa.fit(capture)
    x = np.concatenate([capture.inputs["train"], capture.inputs["val"]])
    drive = ilc.ideal_input(twin, x, capture.gain, capture.peak, recipe.train.ilc_iterations).drive
    examples = fit.Examples(data.to_iq(x), data.to_iq(drive), recipe.train.skip, len(capture.inputs["train"]))
    with shown(report) as each_epoch:
        fitted = fit.Trainer(recipe, examples, folder / CHECKPOINT, seconds, each_epoch).run()
    learned = x[examples.skip : examples.trained], drive[examples.skip : examples.trained]
    judges = tuple(judged(capture, twin, fitted.net, fitted.parent, *learned))
    write(folder, recipe, capture, twin, fitted.net, fitted.parent, judges)
    return Trained(fitted.net, fitted.parent, judges)


@contextmanager
def shown(report: Report | None) -> Iterator[Report]:
    """``report`` itself, or one that moves a progress bar."""
    if report is not None:
        yield report
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        tasks: dict[str, TaskID] = {}

        def each_epoch(stage: str, done: int, epochs: int, error: float) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=epochs)
            progress.update(tasks[stage], completed=done, description=f"{stage}: best validation error {error:.2f} dB")

        yield each_epoch


def judged(
    capture: Capture, twin: Twin, net: Net, parent: float_net.Parameters, x: Complex, drive: Complex
) -> Iterator[Judge]:
    """What the twin and, where it can be had, the Arena's amplifier make of every drive on the test split.

    ``x`` and ``drive`` are the samples that the polynomials are fitted to.
    """
    signal, _ = evaluate.warmed(capture, "test")
    ideal = ilc.ideal_input(twin, signal, capture.gain, capture.peak).drive
    drives: list[tuple[str, int, Filter | None]] = [("none", 0, None), ("ideal for the twin (ILC)", 0, lambda _: ideal)]
    for name, taps in polynomial.SIZES.items():
        drives.append((name, 2 * polynomial.ORDERS * taps, polynomial.memory_polynomial(x, drive, taps)))
    count = parameter_count(net)
    drives += [(f"{net.name}, float parent", count, evaluate.floating(net, parent))]
    drives += [(f"**{net.name}, integer**", count, evaluate.integer(net))]
    for title, amplifier in (("the twin", twin), (arena.TITLE, arena.amplifier(capture))):
        if isinstance(amplifier, str):
            yield Judge(title, (), amplifier)
        else:
            rows = [Row(name, size, evaluate.judge(capture, amplifier, drive)) for name, size, drive in drives]
            yield Judge(title, rows)


def write(
    folder: Path,
    recipe: Recipe,
    capture: Capture,
    twin: Twin,
    net: Net,
    parent: float_net.Parameters,
    judges: Sequence[Judge],
) -> None:
    """Write everything that belongs to a trained net into its folder."""
    inputs, outputs = evaluate.warmed(capture, "test")[0], capture.outputs["test"]
    fitness = nmse(twin(inputs)[-len(outputs) :], outputs, capture.channel)
    peak = int(np.argmax(abs(capture.inputs["test"])))
    start = min(max(0, peak - KNOWN_ANSWERS // 2), len(outputs) - KNOWN_ANSWERS)
    samples = net.input.format.encode(data.to_iq(capture.inputs["test"][start : start + KNOWN_ANSWERS]))
    answers = kat.content(net, np.concatenate([kat.corners(net.input.format), samples]))
    builtins = [builtin(profile) for profile in PROFILES]
    source = recipe.name if recipe in builtins else "recipe.toml"
    command = f"bittrue train dpd --recipe {source} --output weights/{net.name}"
    text = card(recipe, command, capture, twin, fitness, net, judges)
    spec.save(net, folder)
    write_together(
        folder,
        {
            float_net.FILE: safetensors.numpy.save({name: np.ascontiguousarray(v) for name, v in parent.items()}),
            kat.FILE: answers,
            "recipe.toml": recipe.text,
            "CARD.md": text,
        },
    )
