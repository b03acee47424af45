"""The estimate for the hardware of a net: by itself, and in the shell of an overlay."""

from __future__ import annotations

from collections.abc import Sequence

import bittrue_rtl
from bittrue.lower.ports import module_name
from bittrue.lower.products import DSPS
from bittrue.lower.schedule import built_nodes
from bittrue.lower.stream_shell import shell_name
from bittrue.spec import Net
from bittrue.timing.report import Timing, estimate
from bittrue.timing.synthesis import netlist_of
from bittrue_rtl import shell

SHELL_PARTS = ("slave", "registers", "loader", "hashes", "streams")
"""Components of the shell that count as layers, beside those of the net."""


def net_timing(net: Net, interval: int, *, dsps: int = DSPS, luts: int | None = None, samples: int = 1) -> Timing:
    """The estimate for the module of ``net`` (`bittrue_rtl.verilog`); minutes for a large net, the first time.

    Raises
    ------
    BadInput
        Where pyosys is missing, the net has no hardware, or `estimate` refuses its netlist.
    """
    sources = bittrue_rtl.verilog(net, interval, dsps=dsps, luts=luts, samples=samples)
    names = built_nodes(net)
    several = [f"{name}_{k}" for name in names for k in range(samples)] if samples > 1 else []
    return estimate(netlist_of(sources, module_name(net)), names + several)


def shell_timing(net: Net, interval: int, banks: Sequence[Net] = ()) -> Timing:
    """The same for the net in the shell of an overlay, with weight banks (`bittrue_rtl.shell.Shell`)."""
    netlist = netlist_of(shell.verilog(net, interval, banks), shell_name(net))
    return estimate(netlist, (*built_nodes(net), *SHELL_PARTS))
