"""Memories that are loaded at run time, and how words find them: hop by hop, a register each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value

from bittrue.lower.load import LoadPlan
from bittrue_rtl.banks import Banks
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.ram import Ram

GROUP = 16
"""Memories that share the registers in front of their write ports."""


def hop(m: Module, bus: Any, name: str) -> Any:
    """The load bus a clock later. A reset does not lose words under way."""
    register = Signal(bus.shape(), name=name, reset_less=True)
    m.d.sync += register.eq(bus)
    return register


def loaded_words(m: Module, bus: Any, banks: Banks, kind: str, segment: int, word: Value, bank: Value) -> list[Value]:
    """What the memories of a segment's rows hold at ``word`` of ``bank``, a clock later."""
    first, rams = banks.rams(kind, segment)
    _write_ports(m, bus, banks.plan, first, rams, kind)
    for row, ram in enumerate(rams):
        m.submodules[f"{kind}{row}"] = ram
        m.d.comb += ram.address.eq(Cat(word[: banks.plan.lanes[first].word_bits], bank))
    return [ram.data for ram in rams]


def _write_ports(m: Module, bus: Any, plan: LoadPlan, first: int, rams: Sequence[Ram], name: str) -> None:
    """Drive the write ports of memories of one shape, of lanes ``first`` onwards, two clocks after ``bus``.

    Every `GROUP` of them has a register for the bus, then one for address and data and one for each write enable: a
    lane's number is decoded between registers. A word beyond a lane's memory is not written.
    """
    for start in range(0, len(rams), GROUP):
        lane = plan.lanes[first + start]
        here = hop(m, bus, f"{name}{start}_load")
        word, number = here.address[: plan.word_bits], here.address[plan.word_bits :][: plan.lane_bits]
        bank = here.address[plan.word_bits + plan.lane_bits :]
        inside = word[lane.word_bits :] == 0
        address = Signal(lane.word_bits + plan.bank_bits, name=f"{name}{start}_address", reset_less=True, attrs=WIDE)
        data = Signal(lane.bits, name=f"{name}{start}_data", reset_less=True)
        m.d.sync += [address.eq(Cat(word[: lane.word_bits], bank)), data.eq(here.data[: lane.bits])]
        for row in range(start, min(start + GROUP, len(rams))):
            enable = Signal(name=f"{name}{row}_write", reset_less=True)
            m.d.sync += enable.eq(here.valid & (number == first + row) & inside)
            ram = rams[row]
            m.d.comb += [ram.write.eq(enable), ram.write_address.eq(address), ram.write_data.eq(data)]
