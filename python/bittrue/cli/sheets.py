"""How commands print the tables of an application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Sheet(Protocol):
    """A table: ``rows`` of cells under ``columns``; those whose number is in ``ours`` stand out."""

    @property
    def title(self) -> str: ...
    @property
    def columns(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[Sequence[str]]: ...
    @property
    def caption(self) -> str: ...
    @property
    def ours(self) -> frozenset[int]: ...
    @property
    def words(self) -> bool: ...


def show(console: Console, sheet: Sheet) -> None:
    """Print a table with its title and its caption."""
    table = Table(title=Text(sheet.title), title_justify="left")
    for k, column in enumerate(sheet.columns):
        table.add_column(Text(column), justify="right" if k and not sheet.words else "left")
    for k, row in enumerate(sheet.rows):
        table.add_row(*(Text(cell) for cell in row), style="bold" if k in sheet.ours else None)
    console.print(table)
    if sheet.caption:
        console.print(sheet.caption, style="dim", markup=False)
