"""Elements of a sample in the containers of a port."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed

from bittrue.lower.ports import container_bits
from bittrue.spec import TensorType
from bittrue_rtl.shapes import drive


def packed(m: Module, payload: Any, tensor: TensorType, name: str) -> Any:
    """Elements sign-extended into their containers, element 0 in the least significant one."""
    words = []
    for k in range(tensor.shape[0]):
        word = Signal(signed(container_bits(tensor.format)), name=f"{name}_{k}")
        m.d.comb += word.eq(payload[k])
        words.append(word)
    return Cat(*words)


def unpacked(m: Module, payload: Any, port: Any, tensor: TensorType) -> None:
    """Drive the elements of ``payload`` from their containers; bits of a container above the word are ignored."""
    width = container_bits(tensor.format)
    words = [port[k * width : k * width + tensor.format.bits].as_signed() for k in range(tensor.shape[0])]
    drive(m, payload, words)
