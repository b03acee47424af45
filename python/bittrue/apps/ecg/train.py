"""``bittrue train ecg``, the float half: beats, training, the net that did best on patients it never saw, files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import safetensors.numpy
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bittrue.apps.ecg.beats import beats
from bittrue.apps.ecg.beats.beats import Beats
from bittrue.apps.ecg.beats.split import DS2, parts
from bittrue.apps.ecg.metrics import Verdict, judge
from bittrue.apps.ecg.recipe import Recipe
from bittrue.errors import BadInput
from bittrue.files import write_together

if TYPE_CHECKING:
    from bittrue.apps.ecg.training.fit import Report
    from bittrue.apps.ecg.training.network import Network

CHECKPOINT = Path("checkpoint") / "state.pt"
FLOAT = "float.safetensors"


@dataclass(frozen=True, eq=False)
class Trained:
    """What `train` made: the float ``network`` in evaluation mode, its ``verdict`` on patients held out."""

    network: Network
    verdict: Verdict | None


def train(
    plan: Recipe,
    output: str | os.PathLike[str],
    records: str | os.PathLike[str] | None = None,
    seconds: float = 20.0,
    report: Report | None = None,
) -> Trained:
    """Train a recipe's float net on DS1 and write it.

    A killed run goes on from ``output/checkpoint/`` when it is called again and ends in the same net. DS2 stays closed.

    Parameters
    ----------
    plan : Recipe
        From `bittrue.apps.ecg.recipe`.
    output : path
        Folder, made if need be: float.safetensors (names of `bittrue.apps.ecg.training.network.Network`), recipe.toml.
    records : path, optional
        Folder of the MIT-BIH records, as `bittrue.apps.ecg.beats.database.locate` takes it.
    seconds : float
        Least time between checkpoints.
    report : callable, optional
        A bar on the terminal if not given.

    Raises
    ------
    BadInput
        Where PyTorch or the data is missing, the checkpoint belongs to another recipe, or a file cannot be written.
    """
    try:
        from bittrue.apps.ecg.training.fit import Trainer, answers
    except ImportError as error:
        raise BadInput(f"training needs PyTorch ({error}); run: pip install 'bittrue[train]'") from None
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror}; choose another output folder") from None
    learnt, held = halves(plan, records)
    with shown(report is None) as bar:
        network = Trainer(plan, learnt, held, folder / CHECKPOINT, seconds, report or bar).run()
    floats = {name: value.numpy() for name, value in network.state_dict().items()}
    write_together(folder, {FLOAT: safetensors.numpy.save(floats), "recipe.toml": plan.text})
    return Trained(network, None if held is None else judge(held.y, answers(network, held)))


def halves(plan: Recipe, records: str | os.PathLike[str] | None) -> tuple[Beats, Beats | None]:
    """DS1: beats to train on, and those of the patients held out, None where the recipe has no fold."""
    names, held = parts(plan.train.fold)
    return (
        beats.load(records, names, plan.input),
        beats.load(records, held, plan.input) if held else None,
    )


def test(plan: Recipe, network: Network, records: str | os.PathLike[str] | None = None) -> Verdict:
    """The verdict on DS2: once, for the net that was chosen; nothing is chosen by it."""
    from bittrue.apps.ecg.training.fit import answers

    unseen = beats.load(records, DS2, plan.input)
    return judge(unseen.y, answers(network, unseen))


def reopen(folder: str | os.PathLike[str], plan: Recipe) -> Network:
    """The network that `train` wrote into a folder. Raises `BadInput` where the file does not belong to the recipe."""
    import torch

    from bittrue.apps.ecg.training.network import Network
    from bittrue.files import read_bytes

    network = Network(plan)
    content = read_bytes(Path(folder) / FLOAT, "the float net")
    try:
        values = {name: torch.from_numpy(value) for name, value in safetensors.numpy.load(content).items()}
        network.load_state_dict(values)
    except (safetensors.SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:100]
        raise BadInput(f"{Path(folder) / FLOAT} is not a net of recipe {plan.name} ({reason}); train it anew") from None
    return network.eval()


@contextmanager
def shown(visible: bool = True) -> Iterator[Report]:
    """A bar on the terminal, or one that nobody sees."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, disable=not visible) as progress:
        task = progress.add_task("training")

        def move(step: int, steps: int, loss: float, best: float) -> None:
            progress.update(task, completed=step, total=steps, description=f"loss {loss:.3f}, best macro-F1 {best:.3f}")

        yield move
