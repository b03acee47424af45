"""Memories of several banks that are written while they are read."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import SHALLOW, bank_depth
from bittrue_rtl.pieces import Pieces, stored


class Ram(wiring.Component):
    """``banks[bank][word]``, one clock later, with ``word`` the lower part of the address; one write a clock.

    A word that is written in the clock in which it is read comes out as it was. Deep ones go to block RAM, the others
    to distributed RAM. `bittrue_rtl.pieces.picked` makes a word of ``data``, another clock later.

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
    data : list of signed(bits), out
        Of every piece of the memory.
    write, write_data : in
    """

    def __init__(self, bits: int, banks: Sequence[Sequence[int]], shallow: int = SHALLOW) -> None:
        self.bits = bits
        stride = bank_depth(len(banks[0]))
        self.words = [int(word) for bank in banks for word in (*bank, *[0] * (stride - len(bank)))]
        address_bits = (len(self.words) - 1).bit_length()
        self.shallow, self.deep = shallow, len(self.words) > shallow
        pieces = len(stored(bits, self.words, shallow=shallow))
        super().__init__(
            {
                "address": In(address_bits),
                "data": Out(signed(bits)).array(pieces),
                "write": In(1),
                "write_address": In(address_bits),
                "write_data": In(bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        style = "block" if self.deep else "distributed"
        pieces = Pieces(m, self.bits, self.words, 1, self.shallow, {"ram_style": style})
        m.d.comb += [data.eq(found) for data, found in zip(self.data, pieces.read(self.address), strict=True)]
        pieces.write(self.write, self.write_address, self.write_data)
        return m
