"""One lead as plain text: a number a line, or a column of a table, and the positions of its beats."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from bittrue import limits
from bittrue.apps.ecg.beats.classes import CLASS
from bittrue.apps.ecg.beats.header import Rate, checked_rate
from bittrue.apps.ecg.beats.leads import LEAD, Lead, checked, choose
from bittrue.apps.ecg.beats.records import Record, annotated, detected
from bittrue.apps.ecg.beats.samples import Codes
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes

UNITS = {"mV": 1000, "uV": 1, "V": 10**6}
"""Microvolts of a unit."""

MISSING = ("", "-", "nan", "na", "n/a", "null", "none")
"""What stands for a value that is not there, in small letters: as spreadsheets, pandas and WFDB's rdsamp write it."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)


def read_csv(
    path: str | os.PathLike[str],
    rate: Rate,
    units: str = "mV",
    lead: str = LEAD,
    beats: str | os.PathLike[str] | None = None,
) -> Record:
    """Read a lead from a CSV file: ``uV = floor(value * u + 1/2)``.

    Parameters
    ----------
    path : path
        A value a line, or columns with commas, semicolons or tabs between; the first line may name them. A cell that is
        empty or says so is a value that is not there.
    rate : int or float
        Samples a second.
    units : str
        A key of `UNITS`.
    lead : str
        Which column, where there are several: its name, or its number from 1.
    beats : path, optional
        Another CSV file: a line a beat, its sample, counted from 0, and, or not, its symbol
        (`bittrue.apps.ecg.beats.classes.SYMBOLS`). Where it is not given, a detector looks for the R peaks.

    Raises
    ------
    BadInput
        For a file that is no such table, a cell that is no number, a rate or a unit that cannot be, a lead without any
        value or beat.
    """
    name = Path(path).stem
    checked_rate(rate, f"{path}")
    if units not in UNITS:
        raise BadInput(f"units are {shown(units)}; choose {', '.join(UNITS)}")
    titles, rows, first = _table(path, "the samples")
    column, called = _column(titles, len(rows[0]), lead, f"{path}")
    values = np.array([_value(row[column], path, first + k) for k, row in enumerate(rows)])
    blank = np.isnan(values)
    if blank.all():
        raise BadInput(f"{path} has no value at all in column {called}; choose another column with --lead")
    scaled = np.floor(np.clip(np.where(blank, 0, values) * UNITS[units], -1e15, 1e15) + 0.5)
    signal = scaled.astype(np.int64)
    remarks = checked(signal[~blank], f"{path}", f"--units, which are {units}")
    found = Lead(called, rate, signal, blank, tuple(remarks))
    return detected(name, found) if beats is None else annotated(name, found, *_beats(beats, len(signal)))


def _beats(path: str | os.PathLike[str], samples: int) -> tuple[Codes, tuple[str, ...]]:
    """Positions and symbols; no symbols where the file has none."""
    _, rows, first = _table(path, "the beats")
    if not 1 <= len(rows[0]) <= 2:
        raise BadInput(f"{path} has {len(rows[0])} columns; a beat is its sample and, or not, its symbol")
    positions, symbols, before = list[int](), list[str](), -1
    for k, row in enumerate(rows):
        at = int(row[0]) if re.fullmatch(r"\d{1,15}", row[0], re.ASCII) else -1
        if not before < at < samples:
            raise BadInput(
                f"{path}, line {first + k}: {shown(row[0])} is no sample behind {before} and below {samples:,}, the end"
                f" of the signal; give ascending sample numbers, counted from 0"
            )
        if len(row) == 2 and row[1] not in CLASS:
            raise BadInput(
                f"{path}, line {first + k}: {shown(row[1])} is no symbol of a beat; known are {' '.join(CLASS)}"
            )
        before = at
        positions.append(at)
        symbols += row[1:]
    return np.array(positions, dtype=np.int64), tuple(symbols)


def _table(path: str | os.PathLike[str], what: str) -> tuple[list[str], list[list[str]], int]:
    """Names of the columns, none where the file has none; the cells of every line; the number of the first line."""
    content = read_bytes(path, what)
    limits.take(60 * len(content), f"{what} {path}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no UTF-8 text; write it as CSV") from None
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    mark = next((mark for mark in ("\t", ";", ",") if lines and mark in lines[0]), ",")
    rows = [[cell.strip().strip("\"'").strip() for cell in line.split(mark)] for line in lines]
    titles = rows.pop(0) if rows and not any(_NUMBER.fullmatch(cell) for cell in rows[0]) else []
    if titles and all(cell.lower() in MISSING for cell in titles):
        rows, titles = [titles, *rows], []
    if not rows:
        raise BadInput(f"{path} holds no line of values; write a number a line")
    first = 1 + bool(titles)
    for k, row in enumerate(rows):
        if len(row) != len(rows[0]) or (titles and len(row) != len(titles)):
            wanted = len(titles or rows[0])
            raise BadInput(f"{path}, line {first + k} has {len(row)} columns, the first {wanted}; correct the line")
    return titles, rows, first


def _column(titles: list[str], count: int, lead: str, path: str) -> tuple[int, str]:
    """Index and name of the column."""
    names = [
        titles[k] if titles and titles[k] and titles.count(titles[k]) == 1 else f"column {k + 1}" for k in range(count)
    ]
    if count == 1 and lead == LEAD:
        return 0, names[0]
    chosen = choose(names, path, lead)
    return names.index(chosen), chosen


def _value(cell: str, path: str | os.PathLike[str], line: int) -> float:
    """A number; NaN for one that is not there. Raises `BadInput` for anything else."""
    if _NUMBER.fullmatch(cell):
        return float(cell)
    if cell.lower() in MISSING:
        return float("nan")
    raise BadInput(f"{path}, line {line}: {shown(cell)} is no number; correct it, or leave the cell empty")
