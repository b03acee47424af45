"""The verdict of a check for people: tables on a terminal, and one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bittrue.check.compare import Divergence, LegVerdict, Verdict
from bittrue.check.vectors import needed
from bittrue.num import Format


@dataclass(frozen=True)
class Sheet:
    """A table: ``rows`` of cells under ``columns``; ``good`` says whether it reports something that is as it should."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    good: bool = True


def summary(verdict: Verdict) -> str:
    """One line that says what was found."""
    names = ", ".join(leg.leg for leg in verdict.legs)
    if verdict.equal:
        words = sum(leg.words for leg in verdict.legs)
        many = f"all {words:,} words of {verdict.samples:,} samples"
        return f"equal{_limited(verdict)}: {names} gave the bits of ref in {many}"
    wrong = [leg.leg for leg in verdict.legs if not leg.equal]
    compared = f" (compared: {names})" if len(verdict.legs) > 1 else ""
    return f"NOT EQUAL: {', '.join(wrong)} differs from ref{compared}"


def _limited(verdict: Verdict) -> str:
    """How far equality goes where a delay was longer than every vector."""
    if not verdict.unreached:
        return ""
    name, delay = max(verdict.unreached.items(), key=lambda item: item[1])
    enough = needed(verdict.net)
    advice = f"give --samples {enough} or more" if enough else "the net is too wide for so long a vector"
    return f" BUT FOR A DELAY ({name} looks {delay:,} samples back, further than any vector is long; {advice})"


def sheets(verdict: Verdict) -> list[Sheet]:
    """Everything a report shows: the verdict a leg, the vectors, mismatches a node, and the first divergences."""
    rows = [
        (leg.leg, "equal" if leg.equal else "DIFFERS", f"{leg.samples:,}", f"{leg.words:,}", _remark(leg))
        for leg in verdict.legs
    ]
    rows += [(name, "skipped", "", "", reason) for name, reason in verdict.skipped.items()]
    columns = ("leg", "verdict", "samples", "words compared", "remark")
    result = [Sheet(f"{verdict.net.name} against ref", columns, tuple(rows), verdict.equal)]
    kinds = tuple((kind, f"{count:,}") for kind, count in verdict.kinds.items())
    result.append(Sheet(f"vectors, seed {verdict.seed}", ("kind", "samples"), kinds))
    for leg in verdict.legs:
        if any(leg.mismatches.values()):
            result.append(_mismatches(verdict, leg))
        if leg.divergence:
            result += _divergence(leg.leg, leg.divergence)
    return result


def _remark(leg: LegVerdict) -> str:
    return leg.fault or f"{leg.seconds:.2f} s"


def _mismatches(verdict: Verdict, leg: LegVerdict) -> Sheet:
    layers = {node.name: type(node.layer).__name__ for node in verdict.net.nodes}
    rows = tuple(
        (name, layers[name], str(verdict.net.types[name]), f"{count:,}") for name, count in leg.mismatches.items()
    )
    return Sheet(f"{leg.leg}: words that differ", ("node", "layer", "tensor", "mismatches"), rows, good=False)


def _divergence(leg: str, found: Divergence) -> list[Sheet]:
    channel = ", ".join(map(str, found.channel))
    place = (
        ("vectors", f"{found.kind}, block {found.block}"),
        ("node", f"{found.node} ({found.layer})"),
        ("sample", str(found.sample)),
        ("channel", channel),
        ("format", str(found.format)),
        ("ref", f"{word(found.expected, found.format)}  {found.expected}"),
        (leg, f"{word(found.found, found.format)}  {found.found}"),
        ("difference", f"{found.found - found.expected:+d} LSB"),
    )
    title = f"{leg}: first divergence, {found.node}[{found.sample}, {channel}]"
    return [
        Sheet(title, ("", ""), place, good=False),
        Sheet(f"operands in ref: {found.operands.formula}", ("operand", "value"), found.operands.rows),
    ]


def word(code: int, fmt: Format) -> str:
    """Two's complement digits of a code in its format; beyond it, as many digits as it takes and a remark."""
    bits, code = fmt.bits, int(code)
    if fmt.lo <= code <= fmt.hi:
        return f"{code & (1 << bits) - 1:0{bits}b}"
    bits = (~code if code < 0 else code).bit_length() + 1
    return f"{code & (1 << bits) - 1:0{bits}b} (outside {fmt})"


def document(verdict: Verdict) -> dict[str, Any]:
    """The verdict for a script, of numbers, text, lists and dictionaries that JSON has."""
    return {
        "net": verdict.net.name,
        "hash": verdict.hash,
        "equal": verdict.equal,
        "samples": verdict.samples,
        "seed": verdict.seed,
        "kinds": dict(verdict.kinds),
        "unreached": dict(verdict.unreached),
        "skipped": dict(verdict.skipped),
        "legs": [_leg(leg) for leg in verdict.legs],
    }


def _leg(leg: LegVerdict) -> dict[str, Any]:
    found = leg.divergence
    return {
        "leg": leg.leg,
        "equal": leg.equal,
        "samples": leg.samples,
        "words": leg.words,
        "mismatches": dict(leg.mismatches),
        "fault": leg.fault or None,
        "seconds": leg.seconds,
        "divergence": found and {**_plain(found), "format": str(found.format), "channel": list(found.channel)},
    }


def _plain(found: Divergence) -> dict[str, Any]:
    operands = {"formula": found.operands.formula, "rows": [list(row) for row in found.operands.rows]}
    return vars(found) | {"operands": operands}


def show(console: Console, found: Sequence[Sheet]) -> None:
    """Print tables on a terminal."""
    for sheet in found:
        console.print(sheet.title, style="bold" if sheet.good else "bold red", markup=False, soft_wrap=True)
        table = Table()
        for column in sheet.columns:
            table.add_column(column, overflow="fold")
        for row in sheet.rows:
            table.add_row(*(Text(cell) for cell in row))
        if not any(sheet.columns):
            table.show_header = False
        console.print(table)


def html(verdict: Verdict) -> str:
    """One HTML page with the tables of `sheets`, without scripts and without anything to fetch."""
    parts = [_table(sheet) for sheet in sheets(verdict)]
    state = "good" if verdict.equal else "bad"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>bittrue check {escape(verdict.net.name)}</title>\n<style>\n{_STYLE}</style></head>\n<body>\n"
        f"<h1>bittrue check {escape(verdict.net.name)}</h1>\n"
        f'<p class="{state}">{escape(summary(verdict))}</p>\n<p><code>{escape(verdict.hash)}</code></p>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


_STYLE = """\
body { font-family: sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 0 0 1.5em; }
td, th { border: 1px solid #999; padding: .2em .6em; text-align: left; vertical-align: top; }
td { font-family: monospace; overflow-wrap: anywhere; }
.good { color: #060; } .bad { color: #a00; font-weight: bold; }
"""


def _table(sheet: Sheet) -> str:
    def line(tag: str, cells: Sequence[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    head = line("th", sheet.columns) if any(sheet.columns) else ""
    title = f'<h2 class="{"" if sheet.good else "bad"}">{escape(sheet.title)}</h2>'
    return f"{title}\n<table>{head}\n" + "\n".join(line("td", row) for row in sheet.rows) + "\n</table>"
