"""The RTL leg: nets as Amaranth components and as Verilog."""

from bittrue_rtl.top import verilog

__all__ = ["verilog"]
