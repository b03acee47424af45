"""A latent's input: it asks the generator for blocks, position by position, and gives codes in beats."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.layout import NOTHING
from bittrue.lower.source import Feed
from bittrue.num.draws import COLUMN_BITS, DRAW_BITS, GROUP, GROUP_BITS, INDEX_BITS, STREAM_BITS, normal_table
from bittrue_rtl.beats import BeatQueue, any_left
from bittrue_rtl.delay import delayed
from bittrue_rtl.rom import Rom
from bittrue_rtl.shapes import drive, vector

BLOCK_BITS = GROUP * DRAW_BITS


class LatentFeed(wiring.Component):
    """Asks for the blocks of a position when there will be room for its codes, and from there on nothing waits.

    Parameters
    ----------
    feed : Feed
    sharing : int
        Inputs that its generator serves.

    Ports
    -----
    loading : in
        High after a reset, while ``bit`` gives the first frame's number, most significant bit first.
    bit, second : in
        A bit is there in the second of its two clocks.
    asks, counter : out; granted : in
        A block is wanted; it is on its way. ``counter`` is that of `bittrue.num.draws.counter`.
    last : out
        The block that is wanted is the last one of its position.
    given, whole, block : in
        A block is here; it was asked for with ``last``. Blocks come in the order in which they were granted.
    o : stream of vector(format, lanes), out
    """

    def __init__(self, feed: Feed, sharing: int) -> None:
        self.feed = feed
        self.depth = feed.ahead(sharing)  # positions
        self.payload = vector(feed.format, feed.layout.lanes)
        super().__init__(
            {
                "loading": In(1),
                "bit": In(1),
                "second": In(1),
                "asks": Out(1),
                "counter": Out(64),
                "last": Out(1),
                "granted": In(1),
                "given": In(1),
                "whole": In(1),
                "block": In(BLOCK_BITS),
                "o": Out(stream.Signature(self.payload)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        layout = self.feed.layout
        m.submodules.queue = queue = BeatQueue(self.payload, self.depth * layout.beats)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        free, total = Signal(range(self.depth + 1), init=self.depth), Signal(range(self.depth + 2))
        room, begun, emptied = (
            Signal(),
            Signal(),
            Signal(),
        )  # for a position; its first block is granted; its beats left
        m.d.sync += emptied.eq(self._emptied(m, queue.taken))
        m.d.comb += total.eq(free + emptied)
        m.d.sync += [free.eq(total - begun), room.eq(any_left(total, begun))]
        self._ask(m, room, begun)
        strobe, draws = self._beats(m)
        self._write(m, queue, strobe, draws)
        return m

    def _emptied(self, m: Module, taken: Value) -> Value:
        """High when all beats of a position have left the queue."""
        beats = self.feed.layout.beats
        if beats == 1:
            return taken
        beat = Signal(range(beats))
        last = beat == beats - 1
        with m.If(taken):
            m.d.sync += beat.eq(Mux(last, 0, beat + 1))
        return taken & last

    def _ask(self, m: Module, room: Value, begun: Signal) -> None:
        """Blocks group by group, positions of a frame one after another, then those of the next frame."""
        feed, groups, positions = self.feed, self.feed.groups, self.feed.layout.positions
        column, following = self._columns(m)
        position, group = Signal(range(max(2, positions))), Signal(range(max(2, groups)))
        wait = Signal(range(max(2, feed.layout.beats)))  # until the beats of the position before have left their lanes
        waits, started = Signal(), Signal()
        last_group, last_position = group == groups - 1, position == positions - 1
        m.d.sync += started.eq(~self.loading)
        m.d.comb += [
            self.last.eq(last_group),
            self.asks.eq(started & ((group != 0) | room) & ~(last_group & waits)),
            self.counter.eq(
                Cat(column, group, Const(0, GROUP_BITS - len(group)), Const(feed.latent.stream, STREAM_BITS))
            ),
            begun.eq(self.granted & (group == 0)),
        ]
        left = Signal.like(wait)
        m.d.comb += left.eq(Mux(wait == 0, 0, wait - 1))
        with m.If(self.granted):
            m.d.sync += group.eq(Mux(last_group, 0, group + 1))
            with m.If(last_group):
                m.d.comb += left.eq(feed.layout.beats - 1)
                m.d.sync += position.eq(Mux(last_position, 0, position + 1))
                m.d.sync += column.eq(Mux(last_position, following, column + 1))
        m.d.sync += [wait.eq(left), waits.eq(left != 0)]
        with m.If(self.granted & last_group & last_position):
            m.d.sync += self.start.eq(following)

    def _columns(self, m: Module) -> tuple[Signal, Value]:
        """The column that is asked for, and where the frame after this one begins.

        That is a register beside ``start``, where this frame begins: a clock later it is right again. A frame with one
        block may end in every clock, so there it is a sum.
        """
        step = self.feed.latent.step
        self.start, column = (Signal(COLUMN_BITS, name=name) for name in ("start", "column"))
        following = Signal(COLUMN_BITS, name="following")
        doubled = (self.start << 1)[:COLUMN_BITS]
        m.d.sync += following.eq(Mux(self.loading, doubled, self.start) + step)
        with m.If(self.loading & self.second):
            m.d.sync += self.start.eq(Mux(self.bit, following, doubled))
        loaded = Signal(init=1)  # still for a clock after the last bit
        m.d.sync += loaded.eq(self.loading)
        with m.If(loaded):
            m.d.sync += column.eq(self.start)
        return column, column + step if self.feed.blocks == 1 else following

    def _beats(self, m: Module) -> tuple[Value, list[Value]]:
        """The draws of a position, beat by beat, and when one is there."""
        layout, groups = self.feed.layout, self.feed.groups
        drawn: Value = self.block
        if groups > 1:
            before = Signal((groups - 1) * BLOCK_BITS, reset_less=True)
            with m.If(self.given):
                m.d.sync += before.eq(Cat(before, self.block)[BLOCK_BITS:])
            drawn = Cat(before, self.block)
        full, left = Signal(), Signal(range(max(2, layout.beats)))
        m.d.comb += full.eq(self.given & self.whole)
        busy = Signal()
        m.d.sync += busy.eq(full | (left != 0))
        with m.If(full):
            m.d.sync += left.eq(layout.beats - 1)
        with m.Elif(left != 0):
            m.d.sync += left.eq(left - 1)
        found: list[Value] = []
        for k in range(layout.lanes):
            lane = Signal(layout.beats * DRAW_BITS, name=f"lane{k}", reset_less=True)
            run = [beat[k] if beat[k] != NOTHING else 0 for beat in layout.table]
            with m.If(full):
                m.d.sync += lane.eq(Cat(drawn.word_select(channel, DRAW_BITS) for channel in run))
            with m.Else():
                m.d.sync += lane.eq(lane >> DRAW_BITS)
            found.append(lane[:DRAW_BITS])
        return busy, found

    def _write(self, m: Module, queue: BeatQueue, strobe: Value, draws: list[Value]) -> None:
        """Codes of draws into the queue."""
        bits = self.feed.format.bits
        if self.feed.latent.distribution == "uniform":
            drive(m, queue.payload, [draw[DRAW_BITS - bits :].as_signed() for draw in draws])
            m.d.comb += queue.write.eq(strobe)
            return
        looks: list[tuple[Any, Any]] = []
        for k in range(self.feed.tables):
            ports = min(2, len(draws) - 2 * k)
            m.submodules[f"table{k}"] = rom = Rom(bits, normal_table(bits), ports)
            looks += zip(rom.address, rom.data, strict=True)
        words = []
        for k, ((address, value), draw) in enumerate(zip(looks, draws, strict=True)):
            m.d.comb += address.eq(draw[DRAW_BITS - 1 - INDEX_BITS : DRAW_BITS - 1])
            negative = delayed(m, draw[-1], Rom.latency, f"negative{k}")
            word = Signal.like(value, name=f"code{k}", reset_less=True)
            m.d.sync += word.eq(Mux(negative, -value, value))
            words.append(word)
        drive(m, queue.payload, words)
        m.d.comb += queue.write.eq(delayed(m, strobe, Rom.latency + 1, "looked_up", reset=True))
