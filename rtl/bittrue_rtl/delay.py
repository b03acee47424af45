"""Registers in a row."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal

from bittrue_rtl.fanout import WIDE

LONG = 16
"""Clocks of a delay from which on a counter takes less than registers in a row."""


def delayed(m: Module, value: Any, clocks: int, name: str, *, reset: bool = False, wide: bool = False) -> Any:
    """``value`` (a signal or a view) as it was ``clocks`` clocks ago.

    Data registers have no reset, so that they map to shift-register LUTs; strobes take ``reset=True`` and start at 0.
    ``wide`` marks the last register as one that steers a wide payload.
    """
    for k in range(clocks):
        attrs = WIDE if wide and k == clocks - 1 else {}
        stage = Signal.like(value, name=f"{name}_d{k + 1}", reset_less=not reset, attrs=attrs)
        m.d.sync += stage.eq(value)
        value = stage
    return value


def postponed(m: Module, strobe: Any, clocks: int, name: str) -> Any:
    """A strobe as it was ``clocks`` clocks ago, by a counter where that is many: strobes are at least ``clocks - 1``
    clocks apart."""
    if clocks <= LONG:
        return delayed(m, strobe, clocks, name, reset=True)
    left = Signal(range(clocks), name=f"{name}_left")
    late = Signal(name=f"{name}_late")
    with m.If(strobe):
        m.d.sync += left.eq(clocks - 1)
    with m.Elif(left != 0):
        m.d.sync += left.eq(left - 1)
    m.d.sync += late.eq(left == 1)
    return late
