"""The generator: Threefry-2x32 with 13 rounds, a block of 64 random bits a clock."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.source import STAGES
from bittrue.num.threefry import EVERY, PARITY, ROTATIONS, ROUNDS
from bittrue_rtl.delay import delayed

KEY = data.ArrayLayout(32, 3)
"""The words of a key, ``bittrue.num.threefry.key_words``."""


class Threefry(wiring.Component):
    """``block = threefry(key, counter)``, ``latency`` clocks later, one a clock; nothing ever waits.

    Between two rounds the second word is kept as what it is made of, its rotated self before and the first word: the
    exclusive or then takes no level of its own, because it goes into the LUTs of the next adder.

    Parameters
    ----------
    tag : shape
        What travels with a counter.

    Ports
    -----
    valid, tag, counter : in
        64 bits of counter.
    key : array of three words, in
        It stays as it is while blocks are under way.
    o_valid, o_tag : out
        A clock before the block, so that who takes it may decode them into registers.
    block : out
    """

    latency = STAGES

    def __init__(self, tag: Any) -> None:
        super().__init__(
            {
                "valid": In(1),
                "tag": In(tag),
                "counter": In(64),
                "key": In(KEY),
                "o_valid": Out(1),
                "o_tag": Out(tag),
                "block": Out(64),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        first: Value = self.counter[:32]
        mixed: Value = self.counter[32:]
        for turn in range(ROUNDS):
            if turn % EVERY == 0:
                words = self._added(m, turn // EVERY)
                x0, x1 = (Signal(32, name=f"key{turn // EVERY}_{k}", reset_less=True) for k in range(2))
                m.d.sync += [x0.eq(first + words[0]), x1.eq(mixed + words[1])]
                first, mixed = x0, x1
            total, turned = (Signal(32, name=f"{what}{turn}", reset_less=True) for what in ("sum", "turned"))
            m.d.sync += [total.eq(first + mixed), turned.eq(mixed.rotate_left(ROTATIONS[turn % len(ROTATIONS)]))]
            first, mixed = total, turned ^ total
        m.d.comb += self.block.eq(Cat(first, mixed))
        m.d.comb += self.o_valid.eq(delayed(m, self.valid, STAGES - 1, "valid", reset=True))
        m.d.comb += self.o_tag.eq(delayed(m, self.tag, STAGES - 1, "tag"))
        return m

    def _added(self, m: Module, turn: int) -> tuple[Value, Value]:
        """What is added to both words: registers, because a key is never in a hurry."""
        second: Value = self.key[(turn + 1) % 3]
        if turn:
            word = Signal(32, name=f"word{turn}", reset_less=True)
            m.d.sync += word.eq(second + turn)
            second = word
        return self.key[turn % 3], second


def key_of(m: Module, seed: Value) -> Any:
    """The words of the key of a seed, from registers that follow it."""
    key = Signal(KEY, name="key", reset_less=True)
    low, high = seed[:32], seed[32:]
    m.d.sync += [key[0].eq(low), key[1].eq(high), key[2].eq(low ^ high ^ Const(PARITY, 32))]
    return key
