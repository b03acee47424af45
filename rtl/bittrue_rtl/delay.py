"""Registers in a row."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal

from bittrue_rtl.fanout import WIDE


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
