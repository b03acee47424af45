"""Between a vector side by side and its elements one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Mux, Signal

from bittrue_rtl.delay import delayed


def serialised(m: Module, load: Any, elements: Sequence[Any], name: str, *, rotate: bool = False) -> Any:
    """The elements one a clock, the first of them in the clock after ``load``.

    While ``load`` is high the registers follow the elements, otherwise they shift; nothing else enables them.
    ``rotate`` starts again with the first element after the last.
    """
    registers = [Signal.like(element, name=f"{name}{k}", reset_less=True) for k, element in enumerate(elements)]
    for k, (register, element) in enumerate(zip(registers, elements, strict=True)):
        behind = registers[k + 1] if k + 1 < len(registers) else registers[0] if rotate else register
        m.d.sync += register.eq(Mux(load, element, behind))
    return registers[0]


def collected(m: Module, element: Any, strobe: Any, length: int, name: str) -> list[Any]:
    """The last ``length`` elements that came with a strobe, oldest first, from the clock after the last strobe on."""
    registers = [Signal.like(element, name=f"{name}{k}", reset_less=True) for k in range(length)]
    with m.If(strobe):
        for k, register in enumerate(registers):
            m.d.sync += register.eq(registers[k + 1] if k + 1 < length else element)
    return registers


def busy(m: Module, start: Any, clocks: int, latency: int) -> Any:
    """High for ``clocks`` clocks, ``latency`` clocks after ``start``: when the elements of a vector come out."""
    left = Signal(range(max(2, clocks)))
    with m.If(start):
        m.d.sync += left.eq(clocks - 1)
    with m.Elif(left != 0):
        m.d.sync += left.eq(left - 1)
    return delayed(m, start | (left != 0), latency, "strobe", reset=True, wide=True)
