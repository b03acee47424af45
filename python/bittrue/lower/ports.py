"""How tensors travel on the ports of a generated module."""

from __future__ import annotations

import math

from bittrue.num import Format
from bittrue.spec import Net, TensorType


def container_bits(fmt: Format) -> int:
    """Bits that one element takes on a port or in memory: 8, 16, 32 or 64, the code sign-extended into it."""
    return next(width for width in (8, 16, 32, 64) if fmt.bits <= width)


def transfers(tensor: TensorType) -> int:
    """Transfers of one sample: a frame ``(channels, length)`` takes one for each of its columns, anything else one."""
    return tensor.shape[1] if len(tensor.shape) == 2 else 1


def port_bits(tensor: TensorType) -> int:
    """Width of a port that carries a tensor: the elements of one transfer, element 0 in the lowest container.

    A transfer of a frame is a column, channel 0 first; that of anything else is the whole sample in C order.
    """
    return container_bits(tensor.format) * math.prod(tensor.shape) // transfers(tensor)


def module_name(net: Net) -> str:
    """Name of the net's Verilog module and C functions: its own with ``-`` as ``_``."""
    return net.name.replace("-", "_").lower()
