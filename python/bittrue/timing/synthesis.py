"""Verilog becomes the netlist that is timed: Yosys, with each node of logic mapped for its own least depth."""

from __future__ import annotations

from bittrue.lower.sources import Sources
from bittrue.timing.netlist import REGISTER, Netlist, read_netlist
from bittrue_sim.yosys import MODULE, synthesised

RESULT = "netlist.json"
PASSES = (
    f"read_verilog {MODULE}",
    "hierarchy -top \\{top}",
    "proc",
    "select -set registers t:$*ff* %co1:+[Q] w:* %i",
    f"setattr -set {REGISTER} 1 @registers",
    "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top \\{top} -run begin:map_luts",
    "opt_expr -mux_undef -noclkinv",
    "abc -luts 2:2,3,6:5,10,20 -script +strash;ifraig;scorr;dc2;dch,-f;if,-F,0,-A,0;mfs2",
    "clean",
    "xilinx_srl -fixed -minlen 3",
    "techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6",
    "xilinx_dffopt",
    "opt_lut_ins -tech xilinx",
    "clean",
    "blackbox =A:whitebox",
    "cd \\{top}",
    "setattr -unset src w:* c:*",
    f"write_json -selected {RESULT}",
)
"""``synth_xilinx`` up to the mapping of logic to LUTs, its steps after that, and another mapping between.

Its own maps each path for the delay of the slowest of the design, so that short paths become chains of small LUTs and
what is deep by nature is hidden. Signals that a flip-flop drives are marked before the hierarchy is dissolved, so that
a path is named after its registers.
"""


def netlist_of(sources: Sources, top: str) -> Netlist:
    """The netlist of module ``top`` on a 7-series part; the same sources are synthesised once: minutes for a large net.

    Parameters
    ----------
    sources : Sources
        The module and everything below it.
    top : str
        The module's name.

    Raises
    ------
    BadInput
        Where pyosys is missing.
    RuntimeError
        Where Yosys refuses the text; the message holds what it printed.
    """
    passes = [line.format(top=top) for line in PASSES]
    return read_netlist(synthesised(sources, top, passes, RESULT), top, f"the netlist of {top}")
