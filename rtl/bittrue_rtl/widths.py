"""Words of a stream in several parts, and back: a bus that is slower than the net carries more at a time."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out


def word_layout(bits: int) -> data.StructLayout:
    """A word of a stream, and whether it is the last of a transfer."""
    return data.StructLayout({"data": bits, "last": 1})


class Narrower(wiring.Component):
    """Words in parts, the lowest first, one a clock: the last part of a last word is the last.

    Parameters
    ----------
    bits : int
        Of a word, of which what lies above the parts is not looked at.
    part : int
        Bits of a part.
    parts : int
        Of a word, 2 or more.

    Ports
    -----
    i : stream of word_layout(bits), in
    o : stream of word_layout(part), out
    """

    def __init__(self, bits: int, part: int, parts: int) -> None:
        self.part, self.parts = part, parts
        super().__init__({"i": In(stream.Signature(word_layout(bits))), "o": Out(stream.Signature(word_layout(part)))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        word = Signal(self.part * self.parts, reset_less=True)
        last = Signal(reset_less=True)
        left = Signal(self.parts)  # a bit a part that is left
        m.d.comb += [
            self.o.payload.data.eq(word),
            self.o.payload.last.eq(last & ~left[1]),
            self.o.valid.eq(left[0]),
            self.i.ready.eq(~left[0] | (self.o.ready & ~left[1])),
        ]
        with m.If(self.o.ready):
            m.d.sync += [word.eq(word >> self.part), left.eq(left >> 1)]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [word.eq(self.i.payload.data), last.eq(self.i.payload.last), left.eq(-1)]
        return m


class Widener(wiring.Component):
    """Several parts, the lowest first, as a word: the last one if its last part is.

    Parameters
    ----------
    part, bits, parts
        As of `Narrower`.

    Ports
    -----
    i : stream of word_layout(part), in
    o : stream of word_layout(bits), out
    """

    def __init__(self, part: int, bits: int, parts: int) -> None:
        self.part, self.parts = part, parts
        super().__init__({"i": In(stream.Signature(word_layout(part))), "o": Out(stream.Signature(word_layout(bits)))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        word = Signal(self.part * self.parts, reset_less=True)
        last = Signal(reset_less=True)
        there = Signal(self.parts, init=1)  # a one in the place of the part that comes next
        full = Signal()
        accept = self.i.valid & self.i.ready
        m.d.comb += [
            self.i.ready.eq(~full | self.o.ready),
            self.o.valid.eq(full),
            self.o.payload.data.eq(word),
            self.o.payload.last.eq(last),
        ]
        with m.If(self.o.ready):
            m.d.sync += full.eq(0)
        with m.If(accept):
            m.d.sync += [
                word.eq(Cat(word[self.part :], self.i.payload.data)),
                last.eq(self.i.payload.last),
                there.eq(there.rotate_left(1)),
            ]
            with m.If(there[-1]):
                m.d.sync += full.eq(1)
        return m
