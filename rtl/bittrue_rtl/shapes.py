"""Payload shapes of the streams between layers."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import signed
from amaranth.lib import data

from bittrue.lower.load import LoadPlan
from bittrue.num import Format


def vector(fmt: Format, elements: int) -> data.ArrayLayout:
    """``elements`` codes of one format, side by side, element 0 in the least significant bits."""
    return data.ArrayLayout(signed(fmt.bits), elements)


def tagged(shape: Any, bank_bits: int) -> Any:
    """``shape`` as it travels in a net with banks, with the number of the sample's bank; itself in a net without."""
    return data.StructLayout({"content": shape, "bank": bank_bits}) if bank_bits else shape


def content(payload: Any) -> Any:
    """What a payload of a `tagged` shape carries besides the bank's number."""
    return payload.content if isinstance(payload.shape(), data.StructLayout) else payload


def load_bus(plan: LoadPlan) -> data.StructLayout:
    """A word for a memory of a net with banks; valid for one clock."""
    return data.StructLayout({"valid": 1, "address": plan.address_bits, "data": plan.data_bits})
