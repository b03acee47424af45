"""Tables as commands print them."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bittrue.kit.page import Sheet


def show(console: Console, sheet: Sheet) -> None:
    """Print a table with its title and its caption."""
    table = Table(title=Text(sheet.title) if sheet.title else None, title_justify="left")
    for k, column in enumerate(sheet.columns):
        table.add_column(Text(column), justify="right" if k and not sheet.words else "left")
    for k, row in enumerate(sheet.rows):
        table.add_row(*(Text(cell) for cell in row), style="bold" if k in sheet.ours else None)
    console.print(table)
    if sheet.caption:
        console.print(sheet.caption, style="dim", markup=False)
