"""Which nets the banks hold: a hash a bank, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.registers import HASH_WORDS


class BankHashes(wiring.Component):
    """``HASH_WORDS`` words a bank. A bank's are zero from `clear` on until they are written again.

    No reset changes them: they tell of memories that no reset changes.

    Parameters
    ----------
    words : sequence of int
        What they hold from the start, bank by bank.
    address_bits : int
        Width of the addresses; words beyond ``words`` read as 0 and cannot be written.

    Ports
    -----
    address : in; value : out
        The word at an address, one clock later.
    written, index, data, bytes : in
        Store those bytes of ``data`` at ``index``; the others stay. At most every third clock.
    clear, bank : in
        Make the hash of ``bank`` zero.
    """

    def __init__(self, words: Sequence[int], address_bits: int) -> None:
        self.words = tuple(words)
        banks = len(self.words) // HASH_WORDS
        super().__init__(
            {
                "address": In(address_bits),
                "value": Out(32),
                "written": In(1),
                "index": In(address_bits),
                "data": In(32),
                "bytes": In(4),
                "clear": In(1),
                "bank": In((banks - 1).bit_length()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        depth = len(self.words)
        m.submodules.words = words = memory.Memory(
            shape=32, depth=depth, init=self.words, attrs={"ram_style": "distributed"}
        )
        write, shown, old = words.write_port(), words.read_port(domain="comb"), words.read_port(domain="comb")
        known = Signal(depth, init=(1 << depth) - 1, reset_less=True)  # a word that is not known is zero
        merging, merged, at = Signal(), Signal(32, reset_less=True), Signal.like(self.index, reset_less=True)
        m.d.comb += [shown.addr.eq(self.address), old.addr.eq(self.index)]
        mask = Cat(byte.replicate(8) for byte in self.bytes)
        before = old.data & known.bit_select(self.index, 1).replicate(32)
        m.d.sync += [
            self.value.eq(shown.data & (known.bit_select(self.address, 1) & (self.address < depth)).replicate(32)),
            merging.eq(self.written & (self.index < depth)),
            merged.eq((self.data & mask) | (before & ~mask)),
            at.eq(self.index),
        ]
        m.d.comb += [write.en.eq(merging), write.addr.eq(at), write.data.eq(merged)]
        with m.If(merging):
            m.d.sync += known.bit_select(at, 1).eq(1)
        with m.If(self.clear):
            m.d.sync += known.word_select(self.bank, HASH_WORDS).eq(0)
        return m
