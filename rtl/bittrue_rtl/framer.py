"""Frames from an AXI4-Stream: those that TLAST ends where it should are passed on whole, the others not at all."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import SHALLOW
from bittrue_rtl.beats import any_left
from bittrue_rtl.frame_marks import marked


class Framer(wiring.Component):
    """Frames of ``words`` words, each stored until it is whole.

    A frame whose last word comes with TLAST is passed on. One that TLAST ends before is dropped (`short`), and the next
    word begins a frame. One whose last word comes without TLAST is dropped too (`long`), with all words up to the next
    TLAST; unless ``packets``, where TLAST may be missing at the end of a frame, and only there.

    Parameters
    ----------
    bits : int
        Of a word.
    words : int
        Of a frame.
    depth : int
        Words of the memory, at least ``words + 1``; a few more, and no frame waits for the one before.

    Ports
    -----
    i : stream of {data, last}, in
    packets, open : in
        ``open``: words may be taken; where it falls, one more frame may end.
    o : stream of {data, first, ends}, out
        With the marks of a frame's first and last word.
    whole, last : out
        High for a clock: a frame is whole and will be passed on; its last word's TLAST.
    short, long : out
        High for a clock: a frame is dropped.
    """

    def __init__(self, bits: int, words: int, depth: int) -> None:
        if depth <= words:
            raise ValueError(f"a memory of {depth} words holds no frame of {words} words and one more")
        self.bits, self.words, self.depth = bits, words, depth
        given = data.StructLayout({"data": bits, "last": 1})
        made = data.StructLayout({"data": bits, "first": 1, "ends": 1})
        strobes = ("whole", "last", "short", "long")
        super().__init__(
            {"i": In(stream.Signature(given)), "o": Out(stream.Signature(made)), "packets": In(1), "open": In(1)}
            | {name: Out(1) for name in strobes}
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        style = "block" if self.depth > SHALLOW else "distributed"
        m.submodules.storage = storage = memory.Memory(
            shape=self.bits, depth=self.depth, init=[], attrs={"ram_style": style}
        )
        write, read = storage.write_port(), storage.read_port()
        used = Signal(range(self.depth + 1))  # words of whole frames and of the one that comes, a clock late
        stored = Signal(range(self.depth + 1))  # words of whole frames
        some = Signal()
        fetched = Signal()  # the memory's output register holds a word
        valid = Signal()
        word = Signal(self.bits, reset_less=True)
        take = fetched & (~valid | self.o.ready)
        move = some & (~fetched | take)
        store = self._enter(m, write, used, stored, move)
        total = Signal(range(self.depth + 1))
        m.d.comb += [
            total.eq(stored + Mux(self.whole, self.words, 0)),
            read.en.eq(move),
            self.o.valid.eq(valid),
            self.o.payload.data.eq(word),
        ]
        m.d.sync += [stored.eq(total - move), some.eq(any_left(total, move)), fetched.eq(move | (fetched & ~take))]
        m.d.sync += valid.eq(take | (valid & ~self.o.ready))
        with m.If(take):
            m.d.sync += word.eq(read.data)
        for strobe, port in ((store, write), (move, read)):
            with m.If(strobe):
                m.d.sync += port.addr.eq(Mux(port.addr == self.depth - 1, 0, port.addr + 1))
        self._mark(m)
        return m

    def _enter(self, m: Module, write: memory.WritePort, used: Signal, stored: Signal, move: Value) -> Value:
        """Store the words of a frame, and go back to where it began if it is none; the strobe that stores one."""
        room = Signal()
        back = Signal()
        skip = Signal()
        moved = Signal()
        place = Signal(range(max(2, self.words)))
        begin = Signal.like(write.addr, name="begin")  # where the frame that comes is stored from
        end = place == self.words - 1
        accept = self.i.valid & self.i.ready
        ended = accept & ~skip & end
        good = ended & (self.i.payload.last | self.packets)
        store = accept & ~skip
        m.d.comb += [
            self.i.ready.eq((skip | room) & ~back),
            write.en.eq(store),
            write.data.eq(self.i.payload.data),
        ]
        m.d.sync += [
            self.whole.eq(good),
            self.last.eq(self.i.payload.last),
            self.short.eq(store & ~end & self.i.payload.last),
            self.long.eq(ended & ~good),
            back.eq(store & Mux(end, ~(self.i.payload.last | self.packets), self.i.payload.last)),
            moved.eq(move),
            used.eq(used + store - moved),
            room.eq((used < self.depth - 1) & self.open),
        ]
        with m.If(store):
            m.d.sync += place.eq(Mux(end | self.i.payload.last, 0, place + 1))
        with m.If(self.whole):
            m.d.sync += begin.eq(write.addr)
        with m.If(ended & ~good):
            m.d.sync += skip.eq(1)
        with m.Elif(accept & self.i.payload.last):
            m.d.sync += skip.eq(0)
        with m.If(back):
            m.d.sync += [write.addr.eq(begin), used.eq(stored)]
        return store

    def _mark(self, m: Module) -> None:
        """Count the words that are passed on."""
        first, ends = marked(m, self.o.valid & self.o.ready, self.words, "given")
        m.d.comb += [self.o.payload.first.eq(first), self.o.payload.ends.eq(ends)]
