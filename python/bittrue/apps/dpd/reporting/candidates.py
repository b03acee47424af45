"""Candidates of a comparison: nets from their folders, no predistortion, polynomials, and the ideal drives."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bittrue import spec
from bittrue.apps.dpd import closed_loop, float_net
from bittrue.apps.dpd.amplifiers import arena, baselines, polynomial
from bittrue.apps.dpd.amplifiers.amplifier import Model
from bittrue.apps.dpd.captures.data import ARENA, Capture
from bittrue.apps.dpd.polynomials import polynomial_plan
from bittrue.apps.dpd.polynomials.polynomial_plan import AnyRecipe
from bittrue.apps.dpd.reporting.comparison import FLOAT, IDEAL, INTEGER, NONE, POLYNOMIAL, Entry
from bittrue.apps.dpd.thermal.thermal import BANKS
from bittrue.apps.dpd.topology import parameter_count
from bittrue.errors import BadInput
from bittrue.spec import Net, store
from bittrue.spec.store import content_hash

AMPLIFIER = "amplifier.json"
"""What the folder of a recurrent amplifier model holds (`bittrue.apps.dpd.amplifiers.recurrent`)."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A net folder: the net, its hash, and where they are there its float parent and its recipe."""

    folder: Path
    net: Net
    hash: str
    parent: float_net.Parameters | None
    recipe: AnyRecipe | None

    @property
    def teacher(self) -> str:
        """The amplifier model it was trained through, or nothing where no recipe says so."""
        return self.recipe.data.amplifier if self.recipe else ""

    @property
    def seen(self) -> bool:
        """Whether a part of the Arena's test split was trained on (`bittrue.apps.dpd.amplifiers.arena`)."""
        if self.recipe is None:
            return False
        return self.recipe.capture == arena.CAPTURE and self.recipe.data.amplifier != "arena"


def candidate(folder: str | os.PathLike[str]) -> Candidate:
    """Read a net folder. Raises `BadInput` where it holds no predistorter, or a file of it is damaged."""
    path = Path(folder)
    if (path / AMPLIFIER).is_file():
        raise BadInput(
            f"{path} holds a model of an amplifier and no predistorter; it is among the judges wherever its capture is"
        )
    if not (path / store.JSON_FILE).is_file() and all((path / bank / store.JSON_FILE).is_file() for bank in BANKS):
        raise BadInput(f"{path} holds a bank of weights for each temperature; name one of them, such as {path}/normal")
    net = spec.load(path)
    if net.input.shape != (2,) or net.output.shape != (2,):
        other = "; is it one for `bittrue report ecg`?" if len(net.input.shape) == 2 else ""
        raise BadInput(f"{path} takes {net.input} and gives {net.output}; a predistorter maps I/Q to I/Q{other}")
    parent = float_net.load(path / float_net.FILE, net) if (path / float_net.FILE).is_file() else None
    source = polynomial_plan.load(path / "recipe.toml") if (path / "recipe.toml").is_file() else None
    return Candidate(path, net, content_hash(net), parent, source)


def capture_name(candidates: Sequence[Candidate]) -> str:
    """The capture to judge on: that of the first recipe, the Arena's splits of it where the Arena has some."""
    names = [found.recipe.capture for found in candidates if found.recipe]
    return ARENA if not names or names[0] == arena.CAPTURE else names[0]


def entries(
    capture: Capture, models: Sequence[Model], candidates: Sequence[Candidate], report: Callable[[str], None]
) -> tuple[list[Entry], dict[str, str]]:
    """No predistortion, the polynomials, the ideal drives, then float parent and integer net of every candidate.

    Polynomials are fitted through the model that taught the first candidate, or through the first model. The ideal
    drive of a teacher shows what its pupils could reach at best.

    Returns
    -------
    list of Entry, dict
        The second says why a polynomial is missing, by its name.

    Raises
    ------
    BadInput
        Where there is no model to judge by.
    """
    known = {model.name: model for model in models}
    if not known:
        raise BadInput("no amplifier model can be had for this capture, so nothing can be judged; see docs/dpd.md")
    taught = [found.teacher for found in candidates if found.teacher in known] or [models[0].name]
    made, missing = polynomials(capture, known[taught[0]], budgets(candidates), report)
    made.insert(0, Entry("no predistortion", NONE, 0, "", None))
    for name in dict.fromkeys(taught):
        ideal = baselines.ceiling(known[name], capture)
        made.append(Entry(f"ideal drive for {known[name].title} (ILC)", IDEAL, 0, name, ideal))
    for found in candidates:
        size, name = parameter_count(found.net), found.net.name
        if found.parent is not None:
            run = closed_loop.floating(found.net, found.parent)
            made.append(Entry(f"{name}, float", FLOAT, size, found.teacher, run, found.seen))
        made.append(Entry(f"{name}, integer", INTEGER, size, found.teacher, closed_loop.integer(found.net), found.seen))
    return made, missing


def budgets(candidates: Sequence[Candidate]) -> list[int]:
    """The least budget, and for every net the smallest one that holds its parameters."""
    least = polynomial.BUDGETS[0]
    sizes = [parameter_count(found.net) for found in candidates]
    fitting = {min((budget for budget in polynomial.BUDGETS if budget >= size), default=least) for size in sizes}
    return sorted({least, *fitting})


def polynomials(
    capture: Capture, model: Model, sizes: Sequence[int], report: Callable[[str], None]
) -> tuple[list[Entry], dict[str, str]]:
    """The polynomials of `bittrue.apps.dpd.amplifiers.baselines` at some budgets, and why one is missing."""
    made, missing = [], {}
    for budget in sizes:
        try:
            for row in baselines.rows(model, capture, [budget], report):
                if row.predistort is not None and row.parameters:
                    name = f"{row.name}, {budget:,}"
                    made.append(Entry(name, POLYNOMIAL, row.parameters, model.name, row.predistort))
        except BadInput as error:
            missing[f"polynomials of {budget:,} parameters"] = str(error)
    return made, missing
