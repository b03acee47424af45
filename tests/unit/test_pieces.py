"""A memory in pieces: what it holds after writes, in nets whose depth no test of a net would simulate."""

from __future__ import annotations

import random
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from rtl_bench import simulate

from bittrue_rtl.pieces import Pieces, picked

WORDS, BITS = 2500, 18


class Written(wiring.Component):
    """One that is read and written."""

    def __init__(self) -> None:
        super().__init__(
            {"address": In(12), "data": Out(BITS), "write": In(1), "write_address": In(12), "write_data": In(BITS)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pieces = Pieces(m, BITS, range(WORDS), 1, 64, {})
        assert len(pieces) == 3
        pieces.write(self.write, self.write_address, self.write_data)
        m.d.comb += self.data.eq(picked(m, pieces.read(self.address), self.address, "data", Signal(init=1)))
        return m


def test_a_word_is_written_to_its_piece_alone() -> None:
    dut, held, rng = Written(), list(range(WORDS)), random.Random(1)

    async def bench(ctx: Any) -> None:
        for _ in range(40):
            place, word = rng.randrange(WORDS), rng.randrange(1 << BITS)
            held[place] = word
            for port, value in ((dut.write, 1), (dut.write_address, place), (dut.write_data, word)):
                ctx.set(port, value)
            await ctx.tick()
        ctx.set(dut.write, 0)
        for place in rng.choices(range(WORDS), k=200) + [
            p % 1024 + 1024 * q for p in range(0, 900, 9) for q in range(2)
        ]:
            ctx.set(dut.address, place)
            await ctx.tick().repeat(2)
            assert ctx.get(dut.data) == held[place]

    simulate(dut, bench)
