"""Parts of CARD.md in Markdown: what a trained net is and what was measured. Free of dates: a run gives one card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bittrue.kit.page import Sheet
from bittrue.spec import Net

FILE = "CARD.md"


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A table of two columns without headings."""
    return "| | |\n|---|---|\n" + "".join(f"| {key} | {value} |\n" for key, value in rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: bool = False) -> str:
    """A table; with ``right`` all columns but the first are aligned to the right."""
    rule = "|---|" + "---:|" * (len(head) - 1) if right else "|---" * len(head) + "|"
    return "".join(f"{line}\n" for line in (_line(head), rule, *map(_line, rows)))


def sheet(given: Sheet) -> str:
    """A table of a report page, rows that stand out in bold; without a line break at its end."""
    lines = [given.columns, ["---"] * len(given.columns)]
    lines += [[f"**{cell}**" for cell in row] if k in given.ours else row for k, row in enumerate(given.rows)]
    return "\n".join(map(_line, lines))


def layers(net: Net, shapes: bool = False) -> str:
    """The nodes of a net with their formats, and with ``shapes`` those of their weights."""
    head = ("node", "layer", "weights", *(("format",) if shapes else ()), "output")
    rows = []
    for node in net.nodes:
        weight, form = getattr(node.layer, "weight", None), str(getattr(node.layer, "weight_format", ""))
        own = [form]
        if shapes:
            own = ["" if weight is None else " x ".join(map(str, weight.shape)), form]
        rows.append((node.name, type(node.layer).__name__, *own, str(net.types[node.name])))
    first, *rest = table(head, rows).splitlines(keepends=True)[1:]
    inputs = ((name if len(net.inputs) > 1 else "input", given) for name, given in net.inputs.items())
    above = "".join(f"| {name} |{' |' * (len(head) - 2)} {given} |\n" for name, given in inputs)
    return f"{_line(head)}\n{first}{above}{''.join(rest)}"


def recipe(text: str) -> str:
    """The section with the recipe, the last one."""
    return f"## Recipe\n\n```toml\n{text.rstrip()}\n```\n"


def command(application: str, name: str, builtin: bool) -> str:
    """Markdown: ``bittrue train APPLICATION`` by the built-in recipe ``name``, or by the recipe beside the card.

    The folder is that of a built-in recipe, or the card's own, so that a card is the same wherever it is written.
    """
    if builtin:
        return f"`bittrue train {application} --recipe {name} --output weights/{name}`"
    return f"`bittrue train {application} --recipe recipe.toml --output .` in the folder of this card"


def replaced(card: str, text: str) -> str:
    """A card with a section: in the place of the one with the same heading, or at the end."""
    title, parts = text.splitlines()[0], _parts(card)
    at = next((k for k, part in enumerate(parts) if part.splitlines()[:1] == [title]), None)
    if at is None:
        return f"{card.rstrip()}\n\n{text}"
    rest = parts[at + 1 :]
    return "".join([*parts[:at], text, *(["\n"] if rest else []), *rest])


def _parts(card: str) -> list[str]:
    """A card cut in front of every heading; lines within fences are none."""
    parts, fenced = [""], False
    for line in card.splitlines(keepends=True):
        if line.startswith("```"):
            fenced = not fenced
        if not fenced and line.startswith("#"):
            parts.append("")
        parts[-1] += line
    return parts


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
