"""Between a vector side by side and its elements one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from bittrue_rtl.delay import delayed


def serialised(m: Module, load: Any, elements: Sequence[Any], name: str, *, rotate: bool = False) -> Any:
    """The elements one a clock, the first of them in the clock after ``load``.

    While ``load`` is high the registers follow the elements, otherwise they shift; nothing else enables them.
    ``rotate`` starts again with the first element after the last.
    """
    head = Signal.like(elements[0], name=f"{name}0", reset_less=True)
    words = [Value.cast(element) for element in elements]
    bits = len(words[0])
    behind = Signal(bits * (len(words) - 1), name=f"{name}behind", reset_less=True)
    last = behind[-bits:] if len(words) > 1 else head
    m.d.sync += Cat(head, behind).eq(Mux(load, Cat(words), Cat(behind, head if rotate else last)))
    return head


def collected(m: Module, element: Any, strobe: Any, length: int, name: str) -> list[Any]:
    """The last ``length`` elements that came with a strobe, oldest first, from the clock after the last strobe on."""
    registers = [Signal.like(element, name=f"{name}{k}", reset_less=True) for k in range(length)]
    with m.If(strobe):
        m.d.sync += Cat(registers).eq(Cat(*registers[1:], element))
    return registers


def busy(m: Module, start: Any, clocks: int, latency: int) -> Any:
    """High for ``clocks`` clocks, ``latency`` clocks after ``start``: when the elements of a vector come out."""
    left = Signal(range(max(2, clocks)))
    with m.If(start):
        m.d.sync += left.eq(clocks - 1)
    with m.Elif(left != 0):
        m.d.sync += left.eq(left - 1)
    return delayed(m, start | (left != 0), latency, "strobe", reset=True, wide=True)
