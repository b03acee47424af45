"""From the beats of a memory port to words of another width."""

from __future__ import annotations

from amaranth.hdl import Array, C, Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.streaming import GRANULE, PORT_BITS


class Gearbox(wiring.Component):
    """Words of ``word_bits`` bits from beats of 64, block after block; what is left of a block's last beat is dropped.

    The lowest bits of a beat are the earlier ones. Where a beat's bits go depends on its place in the block alone: it
    is shifted to its place behind what the beat before left, into a register; one clock later it joins that.

    Parameters
    ----------
    word_bits : int
        A multiple of `bittrue.lower.streaming.GRANULE`.
    words : int
        Of a block.

    Ports
    -----
    i : stream of 64 bits, in
    o : stream of word_bits bits, out
    """

    def __init__(self, word_bits: int, words: int) -> None:
        if word_bits % GRANULE:
            raise ValueError(f"a word of {word_bits} bits is no multiple of {GRANULE}")
        self.word_bits, self.words = word_bits, words
        self.beats = -(-words * word_bits // PORT_BITS)
        super().__init__({"i": In(stream.Signature(PORT_BITS)), "o": Out(stream.Signature(word_bits))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        size, beat = self.word_bits // GRANULE, PORT_BITS // GRANULE  # granules
        most = -(-(beat + size - 1) // size)  # words of a beat
        last_words = self.words - (self.beats - 1) * PORT_BITS // self.word_bits
        width = self.word_bits - GRANULE + PORT_BITS
        place = Signal(range(max(2, self.beats)))  # of the beat in its block
        left = Signal(range(max(2, size)))  # granules that the beats before left over
        ends, begins = place == self.beats - 1, Signal(init=1)
        shifted, given, fresh = Signal(width, reset_less=True), Signal(range(most + 1)), Signal()
        there = Signal()  # `shifted` holds a beat
        buffer, count = Signal(width, reset_less=True), Signal(range(most + 1))
        take = self.o.valid & self.o.ready
        load = there & ((count == 0) | ((count == 1) & take))
        accept = self.i.valid & self.i.ready
        whole = Array((r + beat) // size for r in range(size))[left]
        rest = Array((r + beat) % size for r in range(size))[left]
        m.d.comb += [
            self.i.ready.eq(~there | load),
            self.o.valid.eq(count != 0),
            self.o.payload.eq(buffer),
        ]
        with m.If(accept):
            m.d.sync += [
                shifted.eq(Array(Cat(C(0, r * GRANULE), self.i.payload) for r in range(size))[left]),
                given.eq(Mux(ends, last_words, whole)),
                fresh.eq(begins),
                begins.eq(ends),
                left.eq(Mux(ends, 0, rest)),
                place.eq(Mux(ends, 0, place + 1)),
            ]
        m.d.sync += there.eq(accept | (there & ~load))
        after = Mux(take, buffer >> self.word_bits, buffer)
        with m.If(load):
            m.d.sync += [buffer.eq(Mux(fresh, 0, after) | shifted), count.eq(given)]
        with m.Elif(take):
            m.d.sync += [buffer.eq(after), count.eq(count - 1)]
        return m
