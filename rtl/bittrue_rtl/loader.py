"""Loading weights word by word into banks that nothing uses."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.crc.catalog import CRC32_ISO_HDLC
from amaranth.lib.wiring import In, Out

SUM = 6
"""Clocks that a word's sum takes after it was passed on: 16 bits a clock keep its logic shallow."""


def load_layout(address_bits: int, data_bits: int) -> data.StructLayout:
    """Payload of the port that takes words: ``valid`` for one clock with an address and a word."""
    return data.StructLayout({"valid": 1, "address": address_bits, "data": data_bits})


class Loader(wiring.Component):
    """Passes a word on unless its bank is busy, and counts and sums up those passed on.

    Parameters
    ----------
    address_bits : int
        Bits of an address that mean something, the bank's in the upper ones.
    bank_bits : int
        Upper bits of them that are the bank's number.
    data_bits : int
        Bits of a word, up to 64.

    Ports
    -----
    written : in
        ``address``, ``high`` and ``low`` are a word to load; at most every `SUM` clocks. ``address`` has stood before.
    address, high, low : unsigned(32), in
    restart : in
        Count and sum start anew.
    busy : in
        One bit a bank: refuse words for it.
    load : load_layout, out
    refused : out
        High for one clock: the word was not passed on.
    touched, bank : out
        High for one clock: a word for that bank, passed on or refused.
    count, crc : unsigned(32), out
        Words passed on, and the CRC-32 of their addresses, low and high words, little-endian.
    """

    def __init__(self, address_bits: int, bank_bits: int, data_bits: int) -> None:
        self.address_bits, self.bank_bits, self.data_bits = address_bits, bank_bits, data_bits
        super().__init__(
            {
                **{name: In(1) for name in ("written", "restart")},
                **{name: In(32) for name in ("address", "high", "low")},
                "busy": In(1 << bank_bits),
                "load": Out(load_layout(address_bits, data_bits)),
                **{name: Out(1) for name in ("refused", "touched")},
                "bank": Out(bank_bits),
                **{name: Out(32) for name in ("count", "crc")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        fits, refuse = Signal(), Signal()
        bank = self.address[self.address_bits - self.bank_bits : self.address_bits]
        pass_on = self.written & ~refuse
        m.d.comb += refuse.eq(~fits | self.busy.bit_select(bank, 1))
        m.d.sync += [
            fits.eq(self.address[self.address_bits :] == 0),  # the address stands for clocks before the word comes
            self.load.valid.eq(pass_on),
            self.refused.eq(self.written & refuse),
            self.touched.eq(self.written & fits),
            self.bank.eq(bank),
        ]
        with m.If(self.written):
            m.d.sync += [self.load.address.eq(self.address), self.load.data.eq(Cat(self.low, self.high))]
        self._sum(m, pass_on)
        return m

    def _sum(self, m: Module, pass_on: Value) -> None:
        """`SUM` clocks a word, from registers: half of its address, low or high part in each."""
        m.submodules.crc = crc = CRC32_ISO_HDLC(96 // SUM).create()
        halves, steps = Signal(96, reset_less=True), Signal(SUM)
        with m.If(self.written):
            m.d.sync += halves.eq(Cat(self.address, self.low, self.high))
        with m.Else():
            m.d.sync += halves.eq(halves >> (96 // SUM))
        m.d.sync += steps.eq(Cat(pass_on, steps))
        m.d.comb += [
            crc.start.eq(self.restart),
            crc.valid.eq(steps.any()),
            crc.data.eq(halves),
            self.crc.eq(crc.crc),
        ]
        with m.If(self.restart):
            m.d.sync += self.count.eq(0)
        with m.Elif(self.load.valid):
            m.d.sync += self.count.eq(self.count + 1)
