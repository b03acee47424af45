"""Read-only memories between registers."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import SHALLOW
from bittrue_rtl.delay import delayed
from bittrue_rtl.pieces import Pieces, picked


class Rom(wiring.Component):
    """``data[k] = words[address[k]]``, two clocks later, for every port ``k``. Deep ones go to block RAM.

    Block RAM has a register behind it, which is its own, so it can be reset; what is made of LUTs has it in front.

    Parameters
    ----------
    bits : int
        Width of a signed word.
    words : sequence of int
        Contents, from address 0.
    ports : int
        Look-ups a clock: one block RAM does two.

    Ports
    -----
    address : list of unsigned(ceil(log2(len(words)))), in
    data : list of signed(bits), out
    """

    latency = 2

    def __init__(self, bits: int, words: Sequence[int], ports: int = 1) -> None:
        self.words = [int(word) for word in words]
        self.bits, self.ports = bits, ports
        address_bits = (len(self.words) - 1).bit_length()
        super().__init__({"address": In(address_bits).array(ports), "data": Out(signed(bits)).array(ports)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        deep = len(self.words) > SHALLOW
        block = {"rom_style": "block", "ram_style": "block"}
        pieces = Pieces(m, self.bits, self.words, self.ports, SHALLOW, block if deep else {})
        for k, (address, data) in enumerate(zip(self.address, self.data, strict=True)):
            early = address if deep else delayed(m, address, 1, "address", wide=True)
            found = pieces.read(early)
            m.d.comb += data.eq(picked(m, found, address, f"data{k}") if deep else found[0])
        return m
