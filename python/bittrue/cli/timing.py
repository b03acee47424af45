"""What ``bittrue info --timing`` prints."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.table import Table

from bittrue.bars import steps
from bittrue.check.legs import require_generator
from bittrue.lower.means import Means
from bittrue.spec import Net
from bittrue.timing.delays import MOST_LEVELS
from bittrue.timing.report import Path, Timing


def estimated(net: Net, interval: int, means: Means) -> Timing:
    """The estimate for a net. Raises `BadInput` where a package for it is missing, and as `bittrue.timing.estimate`."""
    require_generator()
    from bittrue.timing.designs import net_timing

    with steps("Yosys synthesises the net for the estimate of its clock"):
        return net_timing(net, interval, **means.options)


def show(out: Console, found: Timing) -> None:
    """Print the estimated clock, the slowest path of every layer, and the slowest of all."""
    slowest = found.paths[0]
    out.print(
        f"estimated clock {found.mhz:.0f} MHz on speed grade -1: {slowest.delay / 1000:.2f} ns from {slowest}",
        markup=False,
        soft_wrap=True,
    )
    out.print(_layers(found))
    out.print(_paths(found))
    out.print("(cells' delays of a table, wires by fan-out: no placement; it ranks, it does not sign off)", style="dim")


def _layers(found: Timing) -> Table:
    table = Table(show_footer=True)
    table.add_column("paths into", "net")
    table.add_column("MHz", f"{found.mhz:.0f}", justify="right")
    table.add_column("ns", f"{found.paths[0].delay / 1000:.2f}", justify="right")
    table.add_column("ends", f"{sum(layer.ends for layer in found.layers.values()):,}", justify="right")
    table.add_column(f"over {MOST_LEVELS} levels", f"{found.breaks:,}", justify="right")
    for name, layer in found.layers.items():
        delay = layer.slowest.delay
        table.add_row(name, f"{1e6 / delay:.0f}", f"{delay / 1000:.2f}", f"{layer.ends:,}", f"{layer.breaks:,}")
    return table


def _paths(found: Timing) -> Table:
    table = Table()
    table.add_column("ns", justify="right")
    table.add_column("levels", justify="right")
    table.add_column("slowest paths", overflow="fold")
    table.add_column("through: cells, and pins that each drives", overflow="fold")
    for path in found.paths:
        table.add_row(f"{path.delay / 1000:.2f}", str(path.levels), str(path), cells(path))
    return table


def cells(path: Path) -> str:
    """The cells of a path with their fan-outs, equal ones counted: ``FDRE 7 > LUT2 > 8 CARRY4``."""
    words = []
    for (kind, fan_out), alike in groupby(path.cells):
        count = len(list(alike))
        words.append(f"{f'{count} ' if count > 1 else ''}{kind}{f' {fan_out}' if fan_out > 1 else ''}")
    return " > ".join(words)
