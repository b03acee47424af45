"""Payload shapes of the streams between layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from amaranth.hdl import Cat, Format, Module, Value, signed
from amaranth.lib import data

from bittrue import num
from bittrue.lower.load import LoadPlan

MANY = 256
"""Elements from which on a vector is driven as a whole."""


class Vector(data.ArrayLayout):
    """An array whose elements get no names of their own in the Verilog: there, they would be most of its lines."""

    def format(self, value: Any, format_spec: str) -> Format:
        """The bits as they are."""
        return Format("{}", Value.cast(value))


def vector(fmt: num.Format, elements: int) -> Vector:
    """``elements`` codes of one format, side by side, element 0 in the least significant bits."""
    return Vector(signed(fmt.bits), elements)


class Driver:
    """Drives a vector word by word, each of the elements' width; the last word for an element counts.

    Amaranth goes through all assignments to a signal for each of its bits, so a vector of many elements gets one
    assignment, when `close` is called.
    """

    def __init__(self, m: Module, payload: Any) -> None:
        self.m, self.payload = m, payload
        self.words: dict[int, Any] = {}

    def put(self, element: int, word: Any) -> None:
        """``payload[element].eq(word)``"""
        self.words[element] = word
        if len(self.payload) <= MANY:
            self.m.d.comb += self.payload[element].eq(word)

    def close(self) -> None:
        """All words are there."""
        if len(self.payload) > MANY:
            self.m.d.comb += self.payload.as_value().eq(Cat(self.words[k] for k in range(len(self.payload))))


def drive(m: Module, payload: Any, words: Iterable[Any]) -> None:
    """``payload[k].eq(words[k])`` for every word, as a `Driver` does."""
    driver = Driver(m, payload)
    for k, word in enumerate(words):
        driver.put(k, word)
    driver.close()


def tagged(shape: Any, bank_bits: int) -> Any:
    """``shape`` as it travels in a net with banks, with the number of the sample's bank; itself in a net without."""
    return data.StructLayout({"content": shape, "bank": bank_bits}) if bank_bits else shape


def content(payload: Any) -> Any:
    """What a payload of a `tagged` shape carries besides the bank's number."""
    return payload.content if isinstance(payload.shape(), data.StructLayout) else payload


def load_bus(plan: LoadPlan) -> data.StructLayout:
    """A word for a memory of a net with banks; valid for one clock."""
    return data.StructLayout({"valid": 1, "address": plan.address_bits, "data": plan.data_bits})
