"""Read-only memories with a registered output."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, signed
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

SHALLOW_WORDS = 64
"""Up to this depth a word's bit is one or two LUTs, as synthesis picks by itself; deeper ones go to block RAM."""


class Rom(wiring.Component):
    """``data = words[address]``, one clock later.

    Parameters
    ----------
    bits : int
        Width of a signed word.
    words : sequence of int
        Contents, from address 0.

    Ports
    -----
    address : unsigned(ceil(log2(len(words)))), in
    data : signed(bits), out
    """

    latency = 1

    def __init__(self, bits: int, words: Sequence[int]) -> None:
        self.words = [int(word) for word in words]
        self.bits = bits
        self.address_bits = (len(self.words) - 1).bit_length()
        super().__init__({"address": In(self.address_bits), "data": Out(signed(bits))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        block = {"rom_style": "block", "ram_style": "block"}
        m.submodules.words = words = memory.Memory(
            shape=signed(self.bits),
            depth=len(self.words),
            init=self.words,
            attrs=block if len(self.words) > SHALLOW_WORDS else {},
        )
        port = words.read_port()
        m.d.comb += [port.addr.eq(self.address), self.data.eq(port.data)]
        return m
