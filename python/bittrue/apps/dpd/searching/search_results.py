"""Results of a search: the Pareto front as a table, JSON, a picture, and recipes to train in full."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from optuna.trial import FrozenTrial

from bittrue.apps.dpd.recipe_text import written
from bittrue.apps.dpd.searching import space, study
from bittrue.apps.dpd.searching.search import Found, Search, best
from bittrue.errors import BadInput
from bittrue.files import write_together
from bittrue.kit.page import Sheet

NUMBERS = "front.json"
"""File of every trial."""


def table(plan: Search, found: Sequence[Found], rest: Sequence[FrozenTrial]) -> Sheet:
    """The Pareto front; the caption says what else was tried."""
    names = sorted({name for one in found for name in one.others})
    taught = plan.base.data.amplifier
    columns = (
        "trial",
        taught,
        *names,
        "parameters",
        f"DSPs at {plan.interval}",
        "RAMB36",
        "latency",
        "fits from",
        "net",
    )
    rows = []
    for one in best(list(found)):
        pairs = [(one.evm, one.worse_aclr), *(one.others.get(name) for name in names)]
        quality = [f"{pair[0]:.2f} / {pair[1]:.2f}" if pair else "-" for pair in pairs]
        sizes = f"{one.parameters:,}", *(str(size) for size in (one.dsps, one.ramb36, one.latency, one.fastest))
        rows.append((str(one.number), *quality, *sizes, space.describe(one.net)))
    return Sheet(
        "Pareto front",
        columns,
        rows,
        f"Simulated through the {plan.base.data.amplifier} model on the validation split, float nets after at most "
        f"{plan.seconds:g} s of training each: a ranking, no final figures. Under a model's name: EVM in dB / worse "
        f"ACLR in dBc through it; only {plan.base.data.amplifier} was trained through. Fits from: clocks a sample "
        f"at which {plan.limits.dsps} DSP48E1 and {plan.limits.ramb36} RAMB36E1 suffice. {len(found)} trained, "
        f"{_reasons(rest)}.",
    )


def _reasons(rest: Sequence[FrozenTrial]) -> str:
    large = sum(trial.state.name == "PRUNED" for trial in rest)
    return f"{large} too large to train, {len(rest) - large} failed or killed"


def numbers(plan: Search, found: Sequence[Found], rest: Sequence[FrozenTrial]) -> str:
    """Every trial as JSON."""
    front = {one.number for one in best(list(found))}
    content = {
        "simulated": True,
        "split": "val",
        "plan": plan.plan,
        "trials": [asdict(one) | {"pareto": one.number in front} for one in found],
        "not_trained": [
            {"number": t.number, "state": t.state.name.lower(), "reason": t.user_attrs.get(study.REASON, "killed")}
            for t in rest
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def recipes(plan: Search, found: Sequence[Found], command: str) -> dict[str, str]:
    """A recipe of every net on the front, by its file's name."""
    made = {}
    for one in best(list(found)):
        name = f"found-{one.number}"
        remark = (
            f"Trial {one.number} of: {command}\n"
            f"EVM {one.evm:.2f} dB and worse ACLR {one.worse_aclr:.2f} dBc on the validation split, float, after brief "
            f"training,\nsimulated through the {plan.base.data.amplifier} model; {one.parameters:,} parameters."
        )
        made[f"{name}.toml"] = written(replace(plan.base, name=name, net=one.net), remark).text
    return made


def picture(plan: Search, found: Sequence[Found]) -> bytes:
    """EVM and worse ACLR of all trials over parameters and over DSP blocks, the front marked."""
    from bittrue.kit.figures import PALETTE, canvas, encoded

    figure = canvas(11, 8)
    front, quality = best(list(found)), (("evm", "EVM (dB)"), ("worse_aclr", "worse ACLR (dBc)"))
    for row, (key, label) in zip(figure.subplots(2, 2), quality, strict=True):
        for axes, size in zip(row, ("parameters", "dsps"), strict=True):
            for some, colour, text in ((found, "#b5b5b5", "trials"), (front, PALETTE[0], "Pareto front")):
                where = [getattr(one, size) for one in some], [getattr(one, key) for one in some]
                axes.plot(*where, "o", color=colour, label=text)
            for one in front:
                place = getattr(one, size), getattr(one, key)
                axes.annotate(str(one.number), place, (5, 4), textcoords="offset points", fontsize=8)
            name = "real parameters" if size == "parameters" else f"DSP48E1 at {plan.interval} clocks a sample"
            axes.set(xlabel=name, ylabel=f"{label}, lower is better")
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8, frameon=False)
    figure.suptitle(
        f"{len(found)} nets after at most {plan.seconds:g} s of training, numbers are trials; validation split,\n"
        f"simulated through the {plan.base.data.amplifier} model of the amplifier (not an RF measurement)"
    )
    return encoded(figure)


def write(folder: Path, plan: Search, found: Sequence[Found], rest: Sequence[FrozenTrial], command: str) -> list[Path]:
    """Write ``front.json``, ``front.png`` and the recipes into a folder, made if need be; their paths.

    Recipes of an earlier front stay where they are.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot make {folder}: {error.strerror}; choose another output folder") from None
    files: dict[str, bytes | str] = {NUMBERS: numbers(plan, found, rest)}
    if found:
        files["front.png"] = picture(plan, found)
        files |= recipes(plan, found, command)
    write_together(folder, files)
    return [folder / name for name in files]
