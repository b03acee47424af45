"""How tensors travel on the ports of a generated module."""

from __future__ import annotations

import math

from bittrue.num import Format
from bittrue.spec import Net, TensorType


def container_bits(fmt: Format) -> int:
    """Bits that one element takes on a port or in memory: 8, 16, 32 or 64, the code sign-extended into it."""
    return next(width for width in (8, 16, 32, 64) if fmt.bits <= width)


def port_bits(tensor: TensorType) -> int:
    """Width of a port that carries one sample: element 0 in the least significant container, C order."""
    return container_bits(tensor.format) * math.prod(tensor.shape)


def module_name(net: Net) -> str:
    """Name of the net's Verilog module and C functions: its own with ``-`` as ``_``."""
    return net.name.replace("-", "_").lower()
