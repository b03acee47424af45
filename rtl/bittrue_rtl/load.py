"""Memories that are loaded at run time, and how words find them: hop by hop, a register each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value

from bittrue.lower.load import LoadPlan
from bittrue_rtl.banks import Banks
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.pieces import picked
from bittrue_rtl.ram import Ram

GROUP = 16
"""Memories that share the registers in front of their write ports."""


def hop(m: Module, bus: Any, name: str) -> Any:
    """The load bus a clock later. A reset does not lose words under way."""
    register = Signal(bus.shape(), name=name, reset_less=True)
    m.d.sync += register.eq(bus)
    return register


def loaded_words(m: Module, bus: Any, banks: Banks, kind: str, segment: int, word: Value, bank: Value) -> list[Value]:
    """What the memories of a segment's rows hold at ``word`` of ``bank``, `Rom.latency` clocks later; with registers as
    in a `Rom`."""
    first, rams = banks.rams(kind, segment)
    _write_ports(m, bus, banks.plan, first, rams, kind)
    early = Signal(len(rams[0].address), name=f"{kind}_early")
    m.d.comb += early.eq(Cat(word[: banks.plan.lanes[first].word_bits], bank))
    address = early if rams[0].deep else delayed(m, early, 1, f"{kind}_address", wide=True)
    for row, ram in enumerate(rams):
        m.submodules[f"{kind}{row}"] = ram
        m.d.comb += ram.address.eq(address)
    return [picked(m, ram.data, address, f"{kind}{row}") if ram.deep else ram.data[0] for row, ram in enumerate(rams)]


def _write_ports(m: Module, bus: Any, plan: LoadPlan, first: int, rams: Sequence[Ram], name: str) -> None:
    """Drive the write ports of memories of one shape, of lanes ``first`` onwards, two clocks after ``bus``.

    Every `GROUP` of them has a register for the bus, then one for address and data and one for each write enable: a
    lane's number is decoded between registers, its upper bits in front of the first. A word beyond a lane's memory is
    not written.
    """
    for start in range(0, len(rams), GROUP):
        lane, rows = plan.lanes[first + start], range(start, min(start + GROUP, len(rams)))
        here = hop(m, bus, f"{name}{start}_load")
        bank, lower = here.address[plan.word_bits + plan.lane_bits :], here.address[plan.word_bits :][: plan.lane_bits]
        upper = bus.address[plan.word_bits :][: plan.lane_bits] // GROUP
        inside = bus.address[lane.word_bits : plan.word_bits] == 0
        near = {}
        for number in sorted({(first + row) // GROUP for row in rows}):
            near[number] = Signal(name=f"{name}{start}_near{number}", reset_less=True)
            m.d.sync += near[number].eq(bus.valid & inside & (upper == number))
        address = Signal(lane.word_bits + plan.bank_bits, name=f"{name}{start}_address", reset_less=True, attrs=WIDE)
        data = Signal(lane.bits, name=f"{name}{start}_data", reset_less=True)
        m.d.sync += [
            address.eq(Cat(here.address[: lane.word_bits], bank)),
            data.eq(here.data[: lane.bits]),
        ]
        for row in rows:
            enable = Signal(name=f"{name}{row}_write", reset_less=True)
            number, rest = divmod(first + row, GROUP)
            m.d.sync += enable.eq(near[number] & (lower % GROUP == rest))
            m.d.comb += [rams[row].write.eq(enable), rams[row].write_address.eq(address), rams[row].write_data.eq(data)]
