"""Payload shapes of the streams between layers."""

from __future__ import annotations

from amaranth.hdl import signed
from amaranth.lib import data

from bittrue.num import Format


def vector(fmt: Format, elements: int) -> data.ArrayLayout:
    """``elements`` codes of one format, side by side, element 0 in the least significant bits."""
    return data.ArrayLayout(signed(fmt.bits), elements)
