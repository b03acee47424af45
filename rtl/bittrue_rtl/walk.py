"""Readers of a ring of rows: the addresses of a window's words, one a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.along import Along
from bittrue.lower.buffer import Buffer
from bittrue.lower.orders import Steps
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.window_flow import chosen

STROBES = ("inside", "first", "last_of_turn", "last", "last_of_row")


class Counter(NamedTuple):
    """What follows the places of one axis: where the first window starts, and what a new sample adds."""

    at: Signal
    origin: int
    jump: int


@dataclass(frozen=True)
class Moves:
    """When a reader goes on along one axis.

    Parameters
    ----------
    start : Value
        A window begins.
    advance, wrap : Value
        With ``start``: the window after it lies elsewhere on this axis; it is the axis's first.
    step, restart : Value
        To the next place of the window, or back to where the reader starts.
    """

    start: Value
    advance: Value | int
    wrap: Value
    step: Value | int
    restart: Value


@dataclass(frozen=True)
class Followed:
    """The phase of the next window and of this one, and whether the place is the last of the axis."""

    following: Signal
    phase: Signal
    end: Value


def follow(m: Module, name: str, along: Along, first: int, counters: Sequence[Counter], moves: Moves) -> Followed:
    """Drives counters from place to place along one axis, ``first`` being the reader's first place."""
    period = along.period
    following = Signal(range(max(2, period)), name=f"{name}_following")
    phase = Signal.like(following, name=f"{name}_phase", reset_less=True)
    place = Signal(range(max(2, *along.sizes)), name=f"{name}_place", reset_less=True)
    end = place == chosen(tuple(size - 1 for size in along.sizes), phase)
    with m.If(moves.start):
        m.d.sync += [phase.eq(following), place.eq(first)]
        with m.If(moves.advance):
            m.d.sync += following.eq(Mux(moves.wrap | (following == period - 1), 0, following + 1))
    with m.Elif(moves.restart):
        m.d.sync += place.eq(first)
    with m.Elif(moves.step):
        m.d.sync += place.eq(Mux(end, 0, place + 1))
    starts = [*(-before for before in along.before), along.stride - along.before[0]]
    deltas = tuple(after - before for before, after in pairwise(starts))
    begin = first * along.dilation
    for k, (at, origin, jump) in enumerate(counters):
        base = Signal(at.shape(), name=f"{name}_base{k}", init=origin)
        here = Signal(at.shape(), name=f"{name}_here{k}", reset_less=True)
        back = along.base(0) - along.base(along.count - 1) + jump
        with m.If(moves.start):
            m.d.sync += [here.eq(base), at.eq(base + begin)]
            with m.If(moves.advance):
                m.d.sync += base.eq(base + Mux(moves.wrap, back, chosen(deltas, following)))
        with m.Elif(moves.restart):
            m.d.sync += at.eq(here + begin)
        with m.Elif(moves.step):
            m.d.sync += at.eq(Mux(end, here, at + along.dilation))
    return Followed(following, phase, end)


class Reader(wiring.Component):
    """Follows a `bittrue.lower.buffer.Walk` from window to window, row to row and sample to sample.

    Row ``n`` of all since the reset is in place ``n mod held`` of the ring. The address of a word is ``column | place |
    slot``, the column in the lowest bits.

    Ports
    -----
    start : in
        The next window begins. Its first address is there a clock later; windows do not overlap.
    address : out
    inside : out
        What is at ``address`` lies in the tensor and not beside it.
    first : out
        ``address`` is that of the first word of a turn.
    last_of_turn, last, last_of_row : out
        It is that of the last word of a turn, of the window, of the last window of a row.
    """

    def __init__(self, buffer: Buffer, index: int) -> None:
        self.buffer, self.walk = buffer, buffer.walks[index]
        bits = (buffer.words - 1).bit_length()
        super().__init__({"start": In(1), "address": Out(bits)} | {name: Out(1) for name in STROBES})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        walk, columns = self.walk, self.buffer.columns
        end_of_row, end_of_sample = self._windows(m)
        end_of_turn, end_of_line = Signal(), Signal()
        width = max((tap for taps in columns.taps for tap in taps), default=0) + 1
        first_row, first_column = divmod(walk.first, width)
        column = self._column(m, first_column, Moves(self.start, 1, end_of_row, 1, end_of_turn))
        m.d.comb += end_of_line.eq(column[1].end)
        row = self._row(m, first_row, Moves(self.start, end_of_row, end_of_sample, end_of_line, end_of_turn))
        of_phases = Signal(range(max(2, len(walk.steps))))
        following = row[1].following * columns.period + column[1].following
        m.d.comb += of_phases.eq(row[1].phase * columns.period + column[1].phase)
        slot = self._turns(m, end_of_turn, end_of_line & row[1].end, of_phases, following)
        m.d.comb += self.address.eq(Cat(column[0], row[0], slot))
        return m

    def _windows(self, m: Module) -> tuple[Value, Value]:
        """Whether the next window is the last of its row, and its row the last."""
        rows, columns = self.buffer.rows, self.buffer.columns
        column, row = Signal(range(max(2, columns.count))), Signal(range(max(2, rows.count)))
        end_of_row, end_of_sample = column == columns.count - 1, row == rows.count - 1
        ends = Signal(name="ends_row")
        with m.If(self.start):
            m.d.sync += [column.eq(Mux(end_of_row, 0, column + 1)), ends.eq(end_of_row)]
            with m.If(end_of_row):
                m.d.sync += row.eq(Mux(end_of_sample, 0, row + 1))
        m.d.comb += self.last_of_row.eq(self.last & ends)
        return end_of_row, end_of_sample

    def _column(self, m: Module, first: int, moves: Moves) -> tuple[Value, Followed]:
        columns = self.buffer.columns
        bits = max(columns.reach.bit_length(), self.buffer.width_bits) + 1
        at = Signal(signed(bits), name="column", reset_less=True)
        followed = follow(m, "column", columns, first, [Counter(at, columns.base(0), 0)], moves)
        self.column_inside = (at >= 0) & (at < columns.length) if columns.leaves else 1
        return at[: self.buffer.width_bits], followed

    def _row(self, m: Module, first: int, moves: Moves) -> tuple[Value, Followed]:
        rows, held = self.buffer.rows, self.buffer.held
        ring = Signal((held - 1).bit_length(), name="ring", reset_less=True, attrs=WIDE)
        counters = [Counter(ring, rows.base(0) % held, rows.length)] if held > 1 else []
        inside: Value | int = 1
        if rows.leaves:
            at = Signal(signed(rows.reach.bit_length() + 1), name="row", reset_less=True)
            counters.append(Counter(at, rows.base(0), 0))
            inside = (at >= 0) & (at < rows.length)
        m.d.comb += self.inside.eq(inside & self.column_inside)
        return ring, follow(m, "row", rows, first, counters, moves)

    def _turns(self, m: Module, end_of_turn: Signal, end_of_channel: Value, phase: Signal, following: Value) -> Value:
        """Counts words, turns and groups; the slot of the word."""
        walk = self.walk
        active, step = Signal(), Signal(range(max(2, *walk.steps)), reset_less=True)
        turn, group = (Signal(range(max(2, most)), reset_less=True) for most in (walk.turns, walk.groups))
        slot = Signal(range(max(2, walk.slots)), name="slot", reset_less=True)
        block, next_block = Signal.like(slot, name="block"), Signal.like(slot, name="next_block")
        last_turn, last_group = turn == walk.turns - 1, group == walk.groups - 1
        end_of_group = end_of_turn & last_turn
        m.d.comb += [
            end_of_turn.eq(step == chosen(tuple(steps - 1 for steps in walk.steps), phase)),
            next_block.eq(Mux(end_of_group, block + walk.block, block)),
            self.first.eq(active & (step == 0)),
            self.last_of_turn.eq(active & end_of_turn),
            self.last.eq(active & end_of_group & last_group),
        ]
        with m.If(self.start):
            m.d.sync += [active.eq(1), step.eq(0), turn.eq(0), group.eq(0), block.eq(0)]
            m.d.sync += slot.eq(following if walk.picks else 0)
        with m.Elif(active):
            m.d.sync += [step.eq(step + 1), block.eq(next_block)]
            with m.If(end_of_channel):
                m.d.sync += slot.eq(slot + 1)
            with m.If(end_of_turn):
                m.d.sync += [step.eq(0), turn.eq(Mux(last_turn, 0, turn + 1))]
                m.d.sync += slot.eq(next_block + (phase if walk.picks else 0))
            with m.If(end_of_group):
                m.d.sync += group.eq(group + 1)
            with m.If(self.last):
                m.d.sync += active.eq(0)
        return slot[: (walk.slots - 1).bit_length()]


class OrderReader(wiring.Component):
    """Follows `bittrue.lower.orders.Steps`: elements of the tensor in the order of another shape.

    Ports
    -----
    As of `Reader`; every word is a turn of its own.
    """

    def __init__(self, buffer: Buffer, steps: Steps) -> None:
        self.buffer, self.steps = buffer, steps
        bits = (buffer.words - 1).bit_length()
        super().__init__({"start": In(1), "address": Out(bits)} | {name: Out(1) for name in STROBES})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        steps, buffer = self.steps, self.buffer
        count, window = Signal(range(max(2, steps.elements))), Signal(range(max(2, steps.windows)))
        active, ends = Signal(), Signal()
        last_window = window == steps.windows - 1
        slots, places = range(max(2, steps.slots + steps.elements)), range(max(2, 2 * steps.positions))
        slot, place = Signal(slots, name="slot"), Signal(places, name="place")
        m.d.comb += [
            self.inside.eq(slot < steps.slots),
            self.first.eq(active),
            self.last_of_turn.eq(active),
            self.last.eq(active & (count == steps.elements - 1)),
            self.last_of_row.eq(self.last & ends),
        ]
        origin = divmod(steps.first - steps.lowest * steps.positions, steps.positions)
        slot_base, place_base = Signal(slots, init=origin[0]), Signal(places, init=origin[1])
        frame_bits = (buffer.held - 1).bit_length()
        frame, frame_next = Signal(frame_bits), Signal(frame_bits)
        whole, part = divmod(steps.onwards, steps.positions)

        with m.If(self.start):
            m.d.sync += [active.eq(1), count.eq(0), slot.eq(slot_base), place.eq(place_base)]
            m.d.sync += [frame.eq(frame_next), ends.eq(last_window), window.eq(Mux(last_window, 0, window + 1))]
            wraps = place_base == steps.positions - 1
            m.d.sync += [place_base.eq(Mux(wraps, 0, place_base + 1)), slot_base.eq(slot_base + wraps)]
            with m.If(last_window):
                m.d.sync += [slot_base.eq(origin[0]), place_base.eq(origin[1]), frame_next.eq(frame_next + 1)]
        with m.Elif(active):
            over = place + part >= steps.positions
            m.d.sync += [count.eq(count + 1), place.eq(place + part - Mux(over, steps.positions, 0))]
            m.d.sync += slot.eq(slot + whole + over)
            with m.If(self.last):
                m.d.sync += active.eq(0)
        m.d.comb += self.address.eq(Cat(place[: buffer.width_bits], frame, slot))
        return m
