"""Table of a sweep: a CSV file whose columns are keys anywhere in the dictionary, and whose rows are runs."""

from __future__ import annotations

import ast
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bittrue.apps.noise.gan import ofdm_layout
from bittrue.apps.noise.gan.configuration import DEFAULTS, Configuration, Table, checked, leaves, plain
from bittrue.errors import BadInput, listed, shown
from bittrue.files import read_bytes
from bittrue.kit.schema import nearest
from bittrue.readers import text

LARGEST = 1 << 22
"""Most bytes of a table."""
ROWS = 10_000
Key = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One row: the cells as they stand, by column, and the configuration."""

    cells: dict[str, str]
    configuration: Configuration


def load(path: str | Path, below: Table) -> list[Row]:
    """The rows of a file over the dictionary ``below``, which has what no column says.

    A column is the name of a key, or the end of its path: ``data_set``, ``D.lr``. A cell is a number, True, False or
    None as Python writes them, or text.

    Raises
    ------
    BadInput
        For a column that no key or more than one has, or that comes twice, a row of another length, a value that its
        key does not take, and for no row or more than `ROWS`.
    """
    what = f"the table {path}"
    lines = _lines(text(read_bytes(path, "the table", LARGEST), what), what)
    head = [cell.strip() for cell in lines[0][1]]
    known = _known(below)
    keys = [_key(column, known, what) for column in head]
    for number, key in enumerate(keys):
        if key in keys[:number]:
            raise BadInput(f"{what} has the column {'.'.join(key)} twice; leave one out")
    if not 1 <= len(lines) - 1 <= ROWS:
        raise BadInput(f"{what} has {len(lines) - 1:,} rows below its head; give 1 to {ROWS:,}")
    places = [(f"{what}, line {at}", line) for at, line in lines[1:]]
    return [
        _row(dict(zip(head, _cells(line, len(head), where), strict=True)), keys, below, where) for where, line in places
    ]


def _lines(content: str, what: str) -> list[tuple[int, list[str]]]:
    """Lines that are not empty, with their numbers."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True, skipinitialspace=True)
    try:
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise BadInput(f"{what} is not CSV ({error}, line {reader.line_num}); correct it") from None
    if not lines:
        raise BadInput(f"{what} is empty; its first line has the names of keys")
    return lines


def _cells(line: list[str], count: int, what: str) -> list[str]:
    """Cells of a row; empty ones beyond the head, as a comma at the end leaves them, are none."""
    cells = [cell.strip() for cell in line]
    while len(cells) > count and not cells[-1]:
        cells.pop()
    if len(cells) != count:
        raise BadInput(f"{what} has {len(cells)} cells and the head has {count}; give each column one")
    return cells


def _known(below: Table) -> list[Key]:
    """Paths of all keys that a column may mean."""
    if ofdm_layout.is_one(below):
        top = [(key,) for key in (*ofdm_layout.OLD, *ofdm_layout.MOVED)]
        return top + [key for key in leaves(DEFAULTS) if key[0] != "model_specs"]
    return list(leaves(DEFAULTS))


def _key(column: str, known: list[Key], what: str) -> Key:
    words = tuple(column.split("."))
    found = [key for key in known if key[-len(words) :] == words]
    if len(found) == 1:
        return found[0]
    if found:
        ways = " or ".join(".".join(key[-2:]) for key in found)
        raise BadInput(f"{what}: the column {column} means several keys; write {ways}")
    names = sorted({key[-1] for key in known})
    raise BadInput(f"{what}: no key is called {shown(column)}{nearest(column, names)}; keys are {listed(names)}")


def _row(cells: dict[str, str], keys: list[Key], below: Table, what: str) -> Row:
    table = (
        Configuration(below)
        .replaced({key: _value(cell, key) for key, cell in zip(keys, cells.values(), strict=True)})
        .given
    )
    try:
        return Row(cells, checked(ofdm_layout.translated(table) if ofdm_layout.is_one(table) else table))
    except BadInput as error:
        raise BadInput(f"{what}: {error}") from None


def _value(cell: str, key: Key) -> Any:
    """Text stays text where the key's default is text; else what Python's literal of the cell is, if it is one."""
    default = leaves(DEFAULTS).get(key)
    if cell == "None" or (isinstance(default, str) and cell not in ("True", "False")):
        return None if cell == "None" else cell
    try:
        return plain(ast.literal_eval(cell))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return cell
