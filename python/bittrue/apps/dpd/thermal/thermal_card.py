"""CARD.md of thermal banks: the drift, the banks, and every bank on every temperature's amplifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.metrics import Metrics
from bittrue.apps.dpd.recipe import Recipe, builtin, names
from bittrue.apps.dpd.thermal.drift import Drift
from bittrue.apps.dpd.topology import parameter_count
from bittrue.kit import card as parts
from bittrue.spec import Net
from bittrue.spec.store import content_hash

FIGURES = {"NMSE": "nmse", "EVM": "evm", "ACLR, mean of left and right": "aclr"}
"""Headings, and the attributes of `Metrics` under them."""


@dataclass(frozen=True, eq=False)
class Table:
    """What one amplifier model says: metrics by its temperature, then by the bank in front of it.

    ``teacher``: whether the banks were trained through it.
    """

    title: str
    teacher: bool
    rows: Mapping[str, Mapping[str, Metrics]]


def card(
    recipe: Recipe,
    capture: Capture,
    teacher: str,
    drifts: Mapping[str, Drift],
    nets: Mapping[str, Net],
    tables: Sequence[Table],
) -> str:
    """The text of CARD.md, free of dates. ``teacher`` is the title of the model that the banks were trained through."""
    own = recipe.name in names() and builtin(recipe.name) == recipe
    net = nets["normal"]
    sections = [
        f"# {recipe.name}\n",
        "Neural digital predistorters for a cold, a normal and a hot amplifier: one net, three banks of weights.\n"
        "**The amplifier was captured at one temperature; the other two are a simulated drift of its model, not a\n"
        "measurement (`bittrue.apps.dpd.thermal.thermal`). Every figure below is simulated.**\n",
        parts.facts(
            [
                ("command", parts.command("dpd", recipe.name, own)),
                ("data", f"{capture.provenance}, SHA-256 `{capture.digest[:16]}...`"),
                ("trained through", teacher),
                ("seed", str(recipe.train.seed)),
                ("parameters", f"{parameter_count(net):,} real a bank"),
                *((f"hash of {name}", f"`{content_hash(own_net)}`") for name, own_net in nets.items()),
            ]
        ),
        "## Drift\n",
        _drifts(drifts),
        "## Every bank on every temperature\n",
        f"Test split of {capture.name}, in dB, lower is better; the diagonal is in bold. One common complex gain is\n"
        "removed before measuring, as a gain control and an equaliser do: no bank is blamed for gain and phase. The\n"
        "integer nets were executed by `bittrue.ref`.\n",
        *(_table(table) for table in tables),
        parts.recipe(recipe.text),
    ]
    return "\n".join(sections)


def _drifts(drifts: Mapping[str, Drift]) -> str:
    rows = []
    for name, d in drifts.items():
        figures = (
            f"{d.kelvin:+g}",
            f"{d.gain_db:+.2f}",
            f"{d.phase:+.2f}",
            f"{d.peak_db:+.2f}",
            f"{d.peak_phase:+.2f}",
        )
        rows.append((name, *figures, f"{d.memory:+.4f}"))
    head = ("bank", "kelvins", "gain dB", "phase deg", "at the peak: gain dB", "phase deg", "memory")
    return parts.table(head, rows, right=True)


def _table(table: Table) -> str:
    remark = "the banks were trained through it" if table.teacher else "nothing was trained through it"
    lines = [f"### Simulated through {table.title}; {remark}\n"]
    for heading, figure in FIGURES.items():
        drives = list(next(iter(table.rows.values())))
        head = (heading, *(drive if drive == drives[0] else f"bank {drive}" for drive in drives))
        rows = []
        for place, row in table.rows.items():
            cells = (f"{getattr(m, figure):.2f}" for m in row.values())
            marked = (f"**{cell}**" if drive == place else cell for drive, cell in zip(row, cells, strict=True))
            rows.append((f"{place} amplifier", *marked))
        lines.append(parts.table(head, rows, right=True))
    return "\n".join(lines)
