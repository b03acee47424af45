"""Registers that steer many loads."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal

FLIP_FLOPS = {"shreg_extract": "no"}
"""Attributes of a register that becomes no shift register, whose output would be late."""

WIDE = {**FLIP_FLOPS, "max_fanout": "64"}
"""Attributes of a register that steers a wide payload: Vivado copies it until no copy drives more than 64 loads. Other
tools ignore it."""


def spread(m: Module, value: Any, loads: int, each: int, name: str, *, reset: bool = False) -> list[Any]:
    """``value`` a clock later, for every one of ``loads`` loads: a register for ``each`` of them.

    Where there are several, or with ``reset``, they can be reset: a tool that does not know the attributes makes no
    shift register of them then. Every second one is reset to ones, so that it leaves two, where it merges the others.
    """
    count = -(-loads // each)
    attrs = FLIP_FLOPS if count == 1 else {**FLIP_FLOPS, "dont_touch": "true"}
    copies = [
        Signal.like(value, name=f"{name}_{k}", init=-(k % 2), reset_less=count == 1 and not reset, attrs=attrs)
        for k in range(count)
    ]
    m.d.sync += [copy.eq(value) for copy in copies]
    return [copies[k // each] for k in range(loads)]
