"""``bittrue train dpd --polynomial``: the polynomial that fits best, as an integer net with its card."""

from __future__ import annotations

import math
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bittrue.apps.dpd import evaluation
from bittrue.apps.dpd.amplifiers import amplifier
from bittrue.apps.dpd.amplifiers.gmp import Structure
from bittrue.apps.dpd.card import Judge, card
from bittrue.apps.dpd.polynomials.polynomial_fit import MARGIN, Chosen, choose
from bittrue.apps.dpd.polynomials.polynomial_plan import PolynomialPlan
from bittrue.apps.dpd.train import contents
from bittrue.apps.dpd.training.examples import teaching
from bittrue.bars import steps
from bittrue.emit.folder import check_owner
from bittrue.files import write_together
from bittrue.folder_lock import locked
from bittrue.kit.card import command as command_of
from bittrue.kit.page import Sheet
from bittrue.spec import Net
from bittrue.spec.store import JSON_FILE

ABOUT = "A memory polynomial as a predistorter, by least squares"


@dataclass(frozen=True, eq=False)
class Fitted:
    """What `train` made: the net, how it was chosen, and what every judge says of it and of its rivals."""

    net: Net
    chosen: Chosen
    judges: tuple[Judge, ...]

    @property
    def sheet(self) -> Sheet:
        """The rows of the model that taught."""
        first = self.judges[0]
        columns = ("drive", "real parameters", "NMSE", "EVM", "ACLR left", "ACLR right")
        rows = []
        for row in first.rows:
            m = row.metrics
            figures = (f"{value:.2f}" for value in (m.nmse, m.evm, m.aclr_left, m.aclr_right))
            rows.append((row.name.replace("*", ""), f"{row.parameters:,}" if row.parameters else "-", *figures))
        title = f"Test split, simulated through {first.title}"
        note = "dB or dBc, lower is better; nothing here is an RF measurement. The card has the other models."
        return Sheet(title, columns, rows, note, frozenset({len(rows) - 1}))


def train(plan: PolynomialPlan, output: str | os.PathLike[str]) -> Fitted:
    """Fit, choose, judge, and write the net's folder.

    Parameters
    ----------
    plan : PolynomialPlan
    output : path
        Folder, made if need be: net.json, weights.safetensors, float.safetensors, kat.safetensors, recipe.toml,
        CARD.md. Every leg, generator and target takes it as it takes a trained net.

    Raises
    ------
    BadInput
        Where the data or the amplifier model is missing, no polynomial helps, the folder holds another net, or a file
        cannot be written.
    """
    check_owner(Path(output), [JSON_FILE], plan.name)
    with locked(output) as folder, steps("reading the capture and the amplifier model") as step:

        def watch(text: str) -> None:
            step(f"judging: {text}", 0, 0)

        capture = teaching(plan)
        model = amplifier.teacher(plan.data, capture)
        chosen = choose(plan, capture, model, step)
        net, parent = chosen.net, chosen.parent
        judged = tuple(evaluation.judged(capture, model, net, parent, chosen.x, chosen.drive, watch))
        protocol = evaluation.by_protocol(capture, net, parent, watch)
        command = command_of("dpd", plan.name, builtin=False)
        text = card(plan, command, capture, net, judged, protocol, ABOUT) + _choice(chosen)
        write_together(folder, contents(plan, capture, net, parent) | {"CARD.md": text}, renew=True)
    return Fitted(net, chosen, judged)


def _choice(chosen: Chosen) -> str:
    """The section of the card that shows the structures tried, of those better than every smaller one."""
    rows, best = [], math.inf
    for structure, error in chosen.tried:
        if error < best:
            rows.append(f"| {2 * len(structure.terms):,} | {_terms(structure)} | {error:.2f} |\n")
            best = error
    return (
        "\n## How it was chosen\n\n"
        f"The smallest of {len(chosen.tried)} structures within {MARGIN:g} dB of the best on the validation split,\n"
        f"fitted by {chosen.fit}, which validated best as an integer net.\n"
        "Those that are better than every smaller one, float, NMSE in dB, simulated through the model that taught:\n\n"
        f"| real parameters | taps | NMSE |\n|---|---|---|\n{''.join(rows)}"
    )


def _terms(structure: Structure) -> str:
    count = Counter(power for power, _, _ in structure.terms)
    names = {0: "x", 1: "x·abs(x)"}
    return ", ".join(f"{taps} of {names.get(power, f'x·abs(x)^{power}')}" for power, taps in sorted(count.items()))
