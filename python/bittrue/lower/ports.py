"""How tensors travel on the ports of a generated module."""

from __future__ import annotations

from bittrue.lower.layout import Layout
from bittrue.num import Format
from bittrue.spec import Net


def container_bits(fmt: Format) -> int:
    """Bits that one element takes on a port or in memory: 8, 16, 32 or 64, the code sign-extended into it."""
    return next(width for width in (8, 16, 32, 64) if fmt.bits <= width)


def port_bits(layout: Layout, fmt: Format) -> int:
    """Width of a port that carries a tensor: the elements of one beat, lane 0 in the lowest container."""
    return container_bits(fmt) * layout.lanes


def module_name(net: Net) -> str:
    """Name of the net's Verilog module and C functions: its own with ``-`` as ``_``."""
    return net.name.replace("-", "_").lower()
