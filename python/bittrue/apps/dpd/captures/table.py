"""Tables of I and Q as text: which column is which, what separates them, and their numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bittrue import readers
from bittrue.apps.dpd.metrics import Real
from bittrue.errors import BadInput, shown

PARTS = {"I": {"i", "re", "real", "inphase"}, "Q": {"q", "im", "imag", "imaginary", "quadrature", "quad"}}
SIDES = {"in": {"in", "input", "tx", "x"}, "out": {"out", "output", "rx", "y"}}
BESIDE = {"data", "ch", "chan", "channel", "value", "v", "mv", "volt", "volts", "sample", "samples", "signal", "part"}
"""Words in a column's name that say nothing about which it is."""

HEAD = 1 << 16
"""Bytes in which the first line of numbers must begin."""


@dataclass(frozen=True)
class _Layout:
    """Where the numbers begin, what separates them, whether a comma is the decimal point, and the columns' names."""

    start: int
    separator: str | None
    decimal_comma: bool
    names: tuple[str, ...] | None
    columns: int


def table(content: bytes, what: str, wanted: Sequence[str], header: bool = False) -> Real:
    """Columns of a text table as float64 ``(N, len(wanted))``, in the order of ``wanted``.

    A header, also one behind ``#``, is obeyed: any order and case, ``I`` or ``re``, ``real``, ``in-phase``; ``Q`` or
    ``im``, ``imag``, ``quadrature``; with ``in``, ``tx`` or ``out``, ``rx`` where a table holds both signals; further
    columns are left out. Without a header the table has exactly the wanted columns. Comma, semicolon, tab or spaces
    separate; where it is not the comma, a comma may be the decimal point. A UTF-8 byte order mark is skipped.

    Parameters
    ----------
    content : bytes
    what : str
        Subject of a message, such as the file's path.
    wanted : sequence of str
        ``"I", "Q"``, or those with ``_in`` and ``_out``.
    header : bool
        Whether there must be one.

    Raises
    ------
    BadInput
        For another encoding, names that do not say which column is which, and what is no table of numbers.
    """
    layout = _layout(content, what)
    if layout.names is None and (header or layout.columns != len(wanted)):
        if header:
            first = content[layout.start : layout.start + 60].partition(b"\n")[0].decode(errors="replace").strip()
            raise BadInput(f"{what} begins with {first!r}; the header {','.join(wanted)!r} is needed")
        raise BadInput(
            f"{what} has {layout.columns} columns and no header; give {','.join(wanted)} alone, or a header that names "
            f"them (decimal commas need semicolons or tabs between the columns)"
        )
    order = list(range(layout.columns)) if layout.names is None else _order(layout.names, what, wanted)
    body = content[layout.start :]
    if layout.decimal_comma:
        body = body.replace(b",", b".")
    every = layout.columns == len(wanted)
    with readers.refusing(f"{what} is not a CSV table of {_listed(wanted)}: it", "correct that line"):
        numbers = np.loadtxt(
            io.BytesIO(body), delimiter=layout.separator, ndmin=2, usecols=None if every else order, comments="#"
        )
    if numbers.shape[1] != len(wanted):
        raise BadInput(f"{what} has {numbers.shape[1]} columns under the header {','.join(wanted)!r}; give each a name")
    return numbers[:, order] if every and order != sorted(order) else numbers


def _listed(wanted: Sequence[str]) -> str:
    return " and ".join([", ".join(wanted[:-1]), wanted[-1]])


def _layout(content: bytes, what: str) -> _Layout:
    mark = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    place, names, said = mark, None, ""
    readers.text(content[:4].split(b"\n")[0] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else b"", what)
    if b"\0" in content[:64]:
        raise BadInput(f"{what} is text in UTF-16 or UTF-32, or no text; save it as CSV in UTF-8")
    while place < min(len(content), HEAD):
        raw, newline, _ = content[place : place + HEAD].partition(b"\n")
        line = readers.text(raw, what).strip()
        if line and not line.startswith(("#", "%")):
            separator = _separator(line)
            cells = _cells(line, separator)
            comma = separator != "," and "," in line
            if _numeric(cells, comma):
                if names is None and said and len(_cells(said, _separator(said))) == len(cells):
                    commented = tuple(_cells(said, _separator(said)))
                    names = commented if any(_role(name) for name in commented) else None
                if names is not None and len(names) != len(cells):
                    raise BadInput(
                        f"{what} has {len(names)} names and {len(cells)} columns of numbers below; give each column one"
                    )
                return _Layout(place, separator, comma, names, len(cells))
            if names is not None:
                raise BadInput(f"{what} is not a table of numbers: {shown(line)} stands below its header; correct it")
            names = tuple(cells)
        elif line:
            said = line.lstrip("#% ")
        place += len(raw) + len(newline)
    if names is not None and not any(_role(name) for name in names):
        raise BadInput(f"{what} begins with {shown(','.join(names))}, which is no header and no numbers; save I and Q")
    raise BadInput(
        f"{what} holds {'nothing below its header' if names else 'no header and no numbers'}; save the samples"
    )


def _separator(line: str) -> str | None:
    """The separator of a line; None for spaces, between which commas may be decimal."""
    mark = next((mark for mark in (";", "\t", ",") if mark in line), None)
    spaced = mark == "," and not _numeric(_cells(line, ","), False) and _numeric(_cells(line, None), True)
    return None if spaced else mark


def _cells(line: str, separator: str | None) -> list[str]:
    return [cell.strip().strip("\"'").strip() for cell in line.split(separator)]


def _numeric(cells: Sequence[str], comma: bool) -> bool:
    try:
        return bool([float(cell.replace(",", ".") if comma else cell) for cell in cells])
    except ValueError:
        return False


def _role(name: str) -> tuple[str, str] | None:
    """``("I" or "Q", "in", "out" or "")`` of a column's name; None where it says neither."""
    plain = re.sub(r"\[.*?\]|\(.*?\)", " ", name.lower())
    plain = re.sub(r"in[-_ ]phase", "inphase", plain)
    plain = re.sub(r"\b([iq])(in|out)\b|\b(tx|rx|in|out)([iq])\b", r" \1 \2 \3 \4 ", plain)
    part, side = set(), set()
    for word in re.findall(r"[a-z]+", plain):
        parts = [key for key, words in PARTS.items() if word in words]
        sides = [key for key, words in SIDES.items() if word in words]
        if not parts and not sides and word not in BESIDE:
            return None
        part.update(parts)
        side.update(sides)
    return (part.pop(), side.pop() if side else "") if len(part) == 1 and len(side) < 2 else None


def _order(names: Sequence[str], what: str, wanted: Sequence[str]) -> list[int]:
    roles = [_role(name) for name in names]
    order = []
    for column in wanted:
        part, _, side = column.partition("_")
        found = [k for k, role in enumerate(roles) if role and role[0] == part and (not side or role[1] == side)]
        if len(found) != 1:
            there = "no column" if not found else f"{len(found)} columns"
            raise BadInput(
                f"{what} has the header {shown(','.join(names))}, in which {there} can be {column}; name the columns "
                f"{','.join(wanted)}{'' if side else ', one signal a file'}"
            )
        order.append(found[0])
    return order
