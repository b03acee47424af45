"""Memories of several banks that are written while they are read."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, signed
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import SHALLOW, bank_depth


class Ram(wiring.Component):
    """``data = banks[bank][word]``, one clock later, with ``word`` the lower part of the address; one write a clock.

    A word that is written in the clock in which it is read comes out as it was. Deep ones go to block RAM, the others
    to distributed RAM.

    Parameters
    ----------
    bits : int
        Width of a signed word.
    banks : sequence of sequences of int
        What the memory holds at first: banks of as many words.
    shallow : int
        Words of the deepest memory that is distributed RAM.

    Ports
    -----
    address, write_address : unsigned, in
        ``word | bank << ceil(log2(words))``.
    data : signed(bits), out
    write, write_data : in
    """

    def __init__(self, bits: int, banks: Sequence[Sequence[int]], shallow: int = SHALLOW) -> None:
        self.bits = bits
        stride = bank_depth(len(banks[0]))
        self.words = [int(word) for bank in banks for word in (*bank, *[0] * (stride - len(bank)))]
        address_bits = (len(self.words) - 1).bit_length()
        self.deep = len(self.words) > shallow
        super().__init__(
            {
                "address": In(address_bits),
                "data": Out(signed(bits)),
                "write": In(1),
                "write_address": In(address_bits),
                "write_data": In(bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        style = "block" if self.deep else "distributed"
        m.submodules.words = words = memory.Memory(
            shape=signed(self.bits), depth=len(self.words), init=self.words, attrs={"ram_style": style}
        )
        read, write = words.read_port(), words.write_port()
        m.d.comb += [
            read.addr.eq(self.address),
            self.data.eq(read.data),
            write.en.eq(self.write),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
        ]
        return m
