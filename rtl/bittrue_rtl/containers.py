"""Elements of a sample in the containers of a port."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed

from bittrue.lower.ports import container_bits
from bittrue.num import Format
from bittrue_rtl.shapes import drive


def packed(m: Module, payload: Any, fmt: Format, name: str) -> Any:
    """Elements sign-extended into their containers, element 0 in the least significant one."""
    words = []
    for k in range(len(payload)):
        word = Signal(signed(container_bits(fmt)), name=f"{name}_{k}")
        m.d.comb += word.eq(payload[k])
        words.append(word)
    return Cat(*words)


def unpacked(m: Module, payload: Any, given: Any, fmt: Format) -> None:
    """Drive the elements of ``payload`` from their containers; bits of a container above the word are ignored."""
    width = container_bits(fmt)
    words = [given[k * width : k * width + fmt.bits].as_signed() for k in range(len(payload))]
    drive(m, payload, words)
