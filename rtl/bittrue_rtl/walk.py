"""One reader of a buffer of columns: the addresses of a window's words, one a clock."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.frames import Buffer
from bittrue_rtl.fanout import WIDE


class Reader(wiring.Component):
    """Counters that follow a `bittrue.lower.frames.Walk` from window to window and from frame to frame.

    Columns lie in a ring: column ``n`` of all since the reset is in place ``n mod columns``. The address of a word is
    ``place | channel << log2(columns)``, ``channel`` counted in the memory.

    Ports
    -----
    start : in
        The next window begins. Its first address is there a clock later; at least ``walk.clocks`` clocks apart.
    address : out
    inside : out
        The column at ``address`` lies in the frame and not beside it.
    first : out
        ``address`` is that of the first word of a turn.
    last_of_turn, last : out
        It is that of the last word of a turn, and of the window.
    """

    def __init__(self, buffer: Buffer, index: int) -> None:
        self.buffer, self.walk = buffer, buffer.walks[index]
        self.place_bits = (buffer.columns - 1).bit_length()
        bits = (buffer.words - 1).bit_length()
        strobes = ("inside", "first", "last_of_turn", "last")
        super().__init__({"start": In(1), "address": Out(bits)} | {name: Out(1) for name in strobes})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        walk, windows = self.walk, self.buffer.windows
        active, step = Signal(), Signal(range(max(2, walk.steps)), reset_less=True)
        turn, group = (Signal(range(max(2, most)), reset_less=True) for most in (walk.turns, walk.groups))
        end_of_turn = step == walk.steps - 1
        end_of_group = end_of_turn & (turn == walk.turns - 1)
        place = Signal(range(max(2, windows.size)), reset_less=True)
        end_of_channel = place == windows.size - 1
        channel = Signal(range(max(2, walk.channels)), reset_less=True)
        block = Signal.like(channel)  # first channel of the group
        next_block = Signal.like(channel)
        m.d.comb += next_block.eq(Mux(end_of_group, block + walk.block, block))
        m.d.comb += [
            self.first.eq(active & (step == 0)),
            self.last_of_turn.eq(active & end_of_turn),
            self.last.eq(active & end_of_group & (group == walk.groups - 1)),
        ]
        ahead = self._column(m, end_of_turn, end_of_channel)
        with m.If(self.start):
            m.d.sync += [active.eq(1), step.eq(0), turn.eq(0), group.eq(0)]
            m.d.sync += [place.eq(walk.first), channel.eq(0), block.eq(0)]
        with m.Elif(active):
            m.d.sync += [step.eq(step + 1), place.eq(place + 1), block.eq(next_block)]
            with m.If(end_of_channel):
                m.d.sync += [place.eq(0), channel.eq(channel + 1)]
            with m.If(end_of_turn):
                m.d.sync += [step.eq(0), place.eq(walk.first), channel.eq(next_block), turn.eq(turn + 1)]
            with m.If(end_of_group):
                m.d.sync += [turn.eq(0), group.eq(group + 1)]
            with m.If(self.last):
                m.d.sync += active.eq(0)
        m.d.comb += self.address.eq(Cat(ahead, channel))
        return m

    def _column(self, m: Module, end_of_turn: Value, end_of_channel: Value) -> Value:
        """The place of the column in the ring, and whether it is in the frame.

        A window's first column and its first word's column are counted from window to window; within the window, one
        distance is added for each place.
        """
        walk, windows = self.walk, self.buffer.windows
        ring = Signal(self.place_bits, name="ring", reset_less=True)
        m.d.comb += self.inside.eq(1)
        after_last = Signal(range(max(2, windows.count)), name="window")
        last = after_last == windows.count - 1
        with m.If(self.start):
            m.d.sync += after_last.eq(Mux(last, 0, after_last + 1))
        counters = [(ring, 0, windows.length)]
        if windows.padding:
            reach = windows.padding + windows.length + windows.span
            position = Signal(signed(reach.bit_length() + 1), name="position", reset_less=True)
            m.d.comb += self.inside.eq((position >= 0) & (position < windows.length))
            counters.append((position, 1, 0))
        for column, which, length in counters:
            name = ("ring", "position")[which]
            origin = -windows.padding if which else -windows.padding % self.buffer.columns
            base = Signal(column.shape(), name=f"{name}_base", init=origin)
            here = Signal(column.shape(), name=f"{name}_window", reset_less=True)
            start = walk.first * windows.dilation
            with m.If(self.start):
                jump = length - (windows.count - 1) * windows.stride
                m.d.sync += [base.eq(Mux(last, base + jump, base + windows.stride)), here.eq(base)]
                m.d.sync += column.eq(base + start)
            with m.Elif(end_of_turn):
                m.d.sync += column.eq(here + start)
            with m.Elif(end_of_channel):
                m.d.sync += column.eq(here)
            with m.Else():
                m.d.sync += column.eq(column + windows.dilation)
        ring.attrs.update(WIDE)
        return ring
