"""Between a vector side by side and its elements one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Mux, Signal


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
