"""CARD.md: what a trained net is and what was measured, written by the program that measured it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bittrue.apps.dpd.amplifiers.arena import ArenaScore
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Metrics
from bittrue.apps.dpd.polynomials.polynomial_plan import AnyRecipe
from bittrue.apps.dpd.recipe import Recipe
from bittrue.apps.dpd.topology import left, parameter_count, products
from bittrue.kit import card as parts
from bittrue.spec import Net
from bittrue.spec.store import content_hash


@dataclass(frozen=True)
class Row:
    """One drive of the amplifier: its name, its real parameters (0 where there are none), and what came out."""

    name: str
    parameters: int
    metrics: Metrics


@dataclass(frozen=True)
class Judge:
    """An amplifier model and the rows measured through it, or the reason why there are none.

    ``describe`` is one line about the model: how it was fitted, and how near it is to the measurement.
    """

    title: str
    rows: Sequence[Row]
    describe: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ProtocolRow:
    """One predistorter under the Arena's protocol."""

    name: str
    parameters: int
    score: ArenaScore


def card(
    recipe: AnyRecipe,
    command: str,
    capture: Capture,
    net: Net,
    judges: Sequence[Judge],
    protocol: Sequence[ProtocolRow] | str,
    about: str = "A neural digital predistorter",
) -> str:
    """The text of CARD.md: free of dates, so that the same run gives the same file.

    ``judges`` begin with the model that the net was trained through; ``protocol`` may be the reason why there is none.
    """
    sections = [
        f"# {net.name}\n",
        f"{about}. Every figure below is **simulated through a model of a power amplifier; it is\n"
        "not an RF measurement.**\n",
        _facts(recipe, command, capture, net, judges[0]),
        "## Layers\n",
        parts.layers(net),
        f"## Results on the test split of {capture.name}\n",
        "NMSE, EVM and ACLR in dB by OpenDPD's definitions (profile legacy-opendpd-v1, docs/dpd.md), lower is better.\n"
        f"Spec: {capture.channel}.\n"
        f"Goal: {capture.gain:.4f} x input, drive limited to |u| <= {capture.peak:.4f}.\n"
        "The integer row was executed by `bittrue.ref`; the other legs give the same bits (`bittrue check`).\n",
        *(_table(judge) for judge in judges),
        f"Net and polynomials were trained through {judges[0].title}, so its table flatters them; the others do not.\n",
        "## By the protocol of OpenDPD's DPD Arena\n",
        _protocol(recipe, capture, protocol),
        parts.recipe(recipe.text),
    ]
    return "\n".join(sections)


def _facts(recipe: AnyRecipe, command: str, capture: Capture, net: Net, teacher: Judge) -> str:
    x = capture.inputs
    samples = ", ".join(f"{len(x[split]):,} {split}" for split in x)
    rows = [
        ("command", command),
        ("data", f"{capture.provenance}: {samples} samples, SHA-256 `{capture.digest[:16]}...`"),
        ("trained through", teacher.title),
        *([("seed", str(recipe.train.seed))] if isinstance(recipe, Recipe) else []),
        ("parameters", f"{parameter_count(net):,} real{_left(recipe, net)}"),
        *([("products", f"{products(net):,} of weights that are not zero")] if _sparse(recipe) else []),
        ("hash", f"`{content_hash(net)}`"),
    ]
    return parts.facts(rows)


def _left(recipe: AnyRecipe, net: Net) -> str:
    if isinstance(recipe, Recipe) and recipe.sparse is not None and recipe.sparse.parameters:
        return f", of which {left(net):,} are left: weights that are not zero, and all biases"
    return ""


def _sparse(recipe: AnyRecipe) -> bool:
    return isinstance(recipe, Recipe) and recipe.sparse is not None


def _table(judge: Judge) -> str:
    if judge.reason:
        return f"### Not simulated through {judge.title}\n\n{judge.reason}.\n"
    rows = []
    for row in judge.rows:
        m = row.metrics
        count = f"{row.parameters:,}" if row.parameters else "-"
        sides = f"{m.aclr_left:.2f} / {m.aclr_right:.2f}"
        rows.append((row.name, count, f"{m.nmse:.2f}", f"{m.evm:.2f}", sides, f"{m.aclr:.2f}"))
    head = ("drive", "real parameters", "NMSE", "EVM", "ACLR left / right", "ACLR mean")
    about = f"{judge.describe[:1].upper()}{judge.describe[1:]}."
    return f"### Simulated through {judge.title}\n\n{about}\n\n{parts.table(head, rows)}"


def _protocol(recipe: AnyRecipe, capture: Capture, rows: Sequence[ProtocolRow] | str) -> str:
    if isinstance(rows, str):
        return f"Not judged: {rows}.\n"
    lines = [
        "Its frozen amplifier, its 66,270 test samples, OpenDPD's own code "
        "(`bittrue.apps.dpd.amplifiers.arena.protocol`).\n"
        "EVM is that of demodulated symbols; the Arena ranks by the worse side of the ACLR. Simulated.\n\n"
        "| predistorter | real parameters | EVM | ACLR left / right | worse ACLR | NMSE | power error |\n"
        "|---|---|---|---|---|---|---|\n"
    ]
    for row in rows:
        s = row.score
        count = f"{row.parameters:,}" if row.parameters else "-"
        sides = f"{s.aclr_left_db:.2f} / {s.aclr_right_db:.2f}"
        figures = f"{s.evm_db:.2f} | {sides} | {s.worse_aclr_db:.2f} | {s.nmse_db:.2f} | {s.power_error_db:.2f}"
        lines.append(f"| {row.name} | {count} | {figures} |\n")
    if recipe.data.amplifier != "arena" and not capture.origin:
        lines.append(
            "\nThe net was trained on the capture's own train split, which holds 41 % of the Arena's test input:\n"
            "these rows are no Arena result.\n"
        )
    return "".join(lines)
