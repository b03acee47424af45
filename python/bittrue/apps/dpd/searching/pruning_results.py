"""``bittrue search dpd --prune``: a smaller recipe from a trained net."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bittrue.apps.dpd.amplifiers import amplifier
from bittrue.apps.dpd.float_net import FILE
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.recipe_text import written
from bittrue.apps.dpd.reporting import candidates
from bittrue.apps.dpd.searching import pruning
from bittrue.apps.dpd.searching.space import describe
from bittrue.apps.dpd.training.examples import examples, teaching
from bittrue.errors import BadInput
from bittrue.files import write_whole
from bittrue.kit.application import Printed, Result
from bittrue.kit.page import Sheet


def run(folder: str, size: int, output: Path | None, report: Callable[[str, int, int], None]) -> Printed:
    """Prune the net of a folder to ``size`` parameters, and write its new recipe to ``output`` if given.

    Raises `BadInput` where the folder lacks float parent or recipe, or the net has an echo or cannot become so small.
    """
    found = candidates.candidate(folder)
    if found.parent is None or found.recipe is None:
        raise BadInput(f"{folder} lacks {FILE if found.parent is None else 'recipe.toml'}; train the net here first")
    if not isinstance(found.recipe, Recipe):
        raise BadInput(f"{folder} holds a polynomial; fit a smaller one: bittrue train dpd --polynomial {size}")
    if found.recipe.net.echo_taps:
        raise BadInput(
            f"{folder} holds a net with an echo, which this search does not know; prune it by [sparse] parameters and "
            f"start in a recipe"
        )
    capture = teaching(found.recipe)
    report("the ideal drive", 0, 0)
    known = examples(found.recipe, capture, amplifier.teacher(found.recipe.data, capture))
    smaller, steps = pruning.prune(found.recipe, found.parent, known, size, report)
    if output is not None:
        remark = f"{folder} pruned to {size} parameters: {describe(smaller.net)}"
        write_whole(output, written(smaller, remark).text)
    rows = [(step.name, f"{step.parameters:,}", f"{step.error:.2f}") for step in steps]
    taken = [{"without": step.name, "parameters": step.parameters, "predicted_error_db": step.error} for step in steps]
    result = Result(
        {"simulated": True, "net": describe(smaller.net), "steps": taken}, [] if output is None else [output]
    )
    sheet = Sheet(
        "Pruning",
        ("without", "parameters", "predicted error, dB"),
        rows,
        f"Error to the ideal drive of {found.recipe.data.amplifier} on training rows, predicted by second derivatives, "
        f"all other weights made up for it; training the recipe decides. Left: {describe(smaller.net)}.",
    )
    return [sheet, result]
