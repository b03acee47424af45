"""An estimate of the clock from a netlist and a table of delays: no vendor tool, and no placement (docs/timing.md)."""

from bittrue.timing.report import LayerTiming, Path, Timing, estimate
from bittrue.timing.synthesis import netlist_of

__all__ = ["LayerTiming", "Path", "Timing", "estimate", "netlist_of"]
