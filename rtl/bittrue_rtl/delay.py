"""Registers in a row."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value

from bittrue_rtl.fanout import WIDE

SEVERAL = 3
"""Registers in a row of which a tool makes a shift register."""

LONG = 16
"""Clocks of a delay from which on a counter takes less than registers in a row."""


def delayed(m: Module, value: Any, clocks: int, name: str, *, reset: bool = False, wide: bool = False) -> Any:
    """``value`` (a signal or a view) as it was ``clocks`` clocks ago.

    Data registers have no reset, so that they map to shift-register LUTs; strobes take ``reset=True`` and start at 0.
    ``wide`` marks the last register as one that steers a wide payload.
    """
    if clocks == 0:
        return value
    last = Signal.like(value, name=f"{name}_d{clocks}", reset_less=not reset, attrs=WIDE if wide else {})
    word = Value.cast(value)
    if clocks > 1:  # all registers but the last as one, which takes a word in below: printed in a few lines
        line = Signal((clocks - 1) * len(word), name=f"{name}_line", reset_less=not reset)
        m.d.sync += line.eq(Cat(word, line))
        word = line[-len(word) :]
    m.d.sync += Value.cast(last).eq(word)
    return last


def held(m: Module, value: Any, clocks: int, name: str) -> Any:
    """As `delayed`, but the last of several registers is a flip-flop: its output is earlier than a shift register's."""
    if clocks < SEVERAL:
        return delayed(m, value, clocks, name)
    return delayed(m, delayed(m, value, clocks - 1, f"{name}_early"), 1, name, reset=True)


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
