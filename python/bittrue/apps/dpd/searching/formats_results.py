"""Results of a choice of formats: a table, and a net folder with the new words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors.numpy

from bittrue import spec
from bittrue.apps.dpd import float_net, kat
from bittrue.apps.dpd.exporting import quantisation
from bittrue.apps.dpd.exporting.quantisation import Trial
from bittrue.apps.dpd.reporting import candidates
from bittrue.apps.dpd.searching import formats_search
from bittrue.apps.dpd.searching.formats_search import Chosen, Report
from bittrue.errors import BadInput
from bittrue.files import write_together
from bittrue.kit.application import Printed, Result
from bittrue.kit.page import Sheet
from bittrue.parent import Parameters
from bittrue.spec import Net

KNOWN_ANSWERS = 256


def run(folder: str, budget: float, interval: int, output: Path | None, report: Report) -> Printed:
    """Choose formats for the net of a folder; write the result into ``output`` where one is given.

    Raises `BadInput` where the folder has no float parent, or the budget is below what its present formats reach.
    """
    found = candidates.candidate(folder)
    if found.parent is None:
        raise BadInput(f"{folder} has no {float_net.FILE}; formats are chosen for a float net, so train it here")
    signals = quantisation.trial(found.net, found.recipe.capture if found.recipe else "")
    chosen = formats_search.choose(found.net, found.parent, signals, budget, report)
    if output is not None:
        source = found.recipe.text if found.recipe else ""
        write(output, chosen.net, found.parent, signals, source)
    written = [] if output is None else sorted(path for path in output.iterdir() if path.is_file())
    result = Result(numbers(chosen, budget), written)
    return [table(chosen, signals, budget), effect(found.net, chosen, found.parent, signals, interval), result]


def numbers(chosen: Chosen, budget: float) -> dict[str, object]:
    """The formats and errors of `table`, for a script."""
    formats = [
        {
            "what": " ".join(knob),
            "largest": float(chosen.largest[knob]),
            "before": str(before),
            "by_range": str(chosen.ranged[knob]),
            "by_sensitivity": str(chosen.after[knob]),
        }
        for knob, before in chosen.before.items()
    ]
    names = ("before", "by_range", "by_sensitivity")
    errors = {name: float(error) for name, error in zip(names, chosen.errors, strict=True)}
    return {"simulated": True, "budget_db": budget, "errors_db": errors, "formats": formats}


def table(chosen: Chosen, signals: Trial, budget: float) -> Sheet:
    """Every format before, by range and by sensitivity."""
    rows = []
    for knob, before in chosen.before.items():
        left = chosen.sensitivity.get(knob)
        rows.append(
            (
                " ".join(knob),
                f"{chosen.largest[knob]:.4f}",
                str(before),
                str(chosen.ranged[knob]),
                str(chosen.after[knob]),
                str(chosen.after[knob].bits - before.bits),
                "-" if left is None else f"{left:.1f}",
            )
        )
    first, ranged, last = chosen.errors
    return Sheet(
        "Formats",
        ("what", "largest", "before", "by range", "by sensitivity", "bits", "error with one bit less"),
        rows,
        f"Error of the integer output to the float output, float parameters rounded: {first:.1f} dB with the formats "
        f"before, {ranged:.1f} dB by range, {last:.1f} dB by sensitivity within a budget of {budget:g} dB; on the "
        "signal that decided.",
    )


def effect(before: Net, chosen: Chosen, parameters: Parameters, signals: Trial, interval: int) -> Sheet:
    """What the new formats change: error on unseen samples, the closed loop (simulated), hardware by formula."""
    rows = [("output error, dB", *(f"{signals.error(net, parameters):.1f}" for net in (before, chosen.net)))]
    loops = [signals.closed_loop(net) for net in (before, chosen.net)]
    if loops[0] is not None and loops[1] is not None:
        for key in ("nmse", "evm", "aclr_left", "aclr_right"):
            rows.append((f"{key} through the twin, simulated, dB", *(f"{getattr(loop, key):.2f}" for loop in loops)))
    rows += formats_search.savings(before, chosen.net, interval)
    return Sheet("Effect", ("", "before", "chosen"), rows, f"On {signals.title}; hardware by formula, no synthesis.")


def write(folder: Path, net: Net, parameters: Parameters, signals: Trial, recipe: str) -> None:
    """The net folder: net, weights, float parent, known answers, and the recipe of the float parent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror}; choose another output folder") from None
    samples = net.input.format.encode(signals.x[:KNOWN_ANSWERS])
    parent = {name: np.ascontiguousarray(value) for name, value in parameters.items()}
    spec.save(net, folder)
    files: dict[str, bytes | str] = {
        float_net.FILE: safetensors.numpy.save(parent),
        kat.FILE: kat.content(net, np.concatenate([kat.corners(net.input.format), samples])),
    }
    write_together(folder, files | ({"recipe.toml": recipe} if recipe else {}))
