"""The rows of a tensor that windows still need, and the words of one window after another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from amaranth.hdl import Array, C, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.along import Along
from bittrue.lower.bram import BUFFER
from bittrue.lower.buffer import Buffer, writes
from bittrue.lower.orders import Steps
from bittrue.num import Format
from bittrue_rtl.beats import any_left
from bittrue_rtl.delay import delayed, postponed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.pieces import picked
from bittrue_rtl.ram import Ram
from bittrue_rtl.shapes import vector
from bittrue_rtl.walk import OrderReader, Reader
from bittrue_rtl.window_flow import chosen


class Ring(wiring.Component):
    """Rings of rows: one memory a reader, each with the channels that its reader sees.

    A beat is taken where the place of its row is free, and written into all memories that hold one of its channels, one
    channel a clock. A row of windows may start as soon as its last row has been written. Rows that no window needs any
    more make room for new ones. Nothing waits within a window.

    Parameters
    ----------
    buffer : Buffer
    fmt : Format
    orders : sequence of Steps
        Of each reader, where they put elements into another order.

    Ports
    -----
    i : stream of vector(fmt, lanes), in
    ready : out
        The next row of windows may start; a register.
    row_taken : in
        The last window of a row was let in.
    start : in
        The next window starts.
    words : list of signed, out
        The words of reader ``j`` of unit ``u`` at ``u * readers + j``, one a clock; the first is there `READ` clocks
        after ``start``, for reader ``j`` another ``j * skew`` later. Zero beside the tensor.
    early : list, out
        One a reader: its first word is there in the next clock.
    first, last_of_turn : out
        The word of reader 0 is the first or the last of a turn.
    """

    def __init__(self, buffer: Buffer, fmt: Format, orders: Sequence[Steps] = ()) -> None:
        self.buffer, self.fmt, self.orders = buffer, fmt, orders
        readers = len(buffer.walks)
        super().__init__(
            {
                "i": In(stream.Signature(vector(fmt, buffer.source.lanes))),
                "ready": Out(1),
                "row_taken": In(1),
                "start": In(1),
                "words": Out(signed(fmt.bits)).array(readers * len(buffer.units)),
                "early": Out(1).array(readers),
                **{name: Out(1) for name in ("first", "last_of_turn")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        readers = self._readers(m)
        is_open = Signal(attrs=WIDE)
        accept = self.i.valid & is_open
        m.d.comb += self.i.ready.eq(is_open)
        stepping = self._enter(m, is_open, accept, self._freed(m, readers[-1].last_of_row))
        arrived = self._write(m, is_open, stepping, readers)
        self._announce(m, arrived)
        return m

    def _readers(self, m: Module) -> list[Reader | OrderReader]:
        """One a walk; a single one where all go the same way at the same time."""
        buffer = self.buffer
        found: list[Reader | OrderReader] = []
        start: Value = self.start
        alike = not buffer.skew and not self.orders and len(set(buffer.walks)) == 1
        for j in range(len(buffer.walks)):
            m.d.comb += self.early[j].eq(delayed(m, start, 2, f"early{j}_", reset=True))
            if j and alike:
                found.append(found[0])
                continue
            reader = OrderReader(buffer, self.orders[j]) if self.orders else Reader(buffer, j)
            m.submodules[f"reader{j}"] = reader
            m.d.comb += reader.start.eq(start)
            found.append(reader)
            if buffer.skew:
                start = postponed(m, start, buffer.skew, f"start{j}")
        for name in ("first", "last_of_turn"):
            m.d.comb += getattr(self, name).eq(delayed(m, getattr(found[0], name), 2, name, reset=True))
        return found

    @property
    def _most_free(self) -> int:
        """Places free at most: windows also free rows that have not come yet, where windows leave rows between them."""
        rows = self.buffer.rows
        ahead = max(rows.released(n) - rows.needed(n) for n in range(rows.count))
        return self.buffer.held + max(0, ahead)

    def _enter(self, m: Module, is_open: Signal, accept: Value, freed: Value) -> Value:
        """Take a beat when the one before has been written, and the place of its row is free. High while words of a
        beat are written."""
        buffer = self.buffer
        free, total = Signal(range(self._most_free + 1), init=buffer.held), Signal(range(self._most_free + 1))
        a_row = buffer.columns.length * buffer.source.beats
        count = Signal(range(max(2, a_row)))
        first, last = Signal(init=1), count == a_row - 1
        m.d.comb += total.eq(free + freed)
        with m.If(accept):
            m.d.sync += [count.eq(Mux(last, 0, count + 1)), first.eq(last)]
        first_next = Mux(accept, last, first)
        waiting, left = self._waiting(m, accept)
        room = any_left(total, accept & first)
        m.d.sync += [free.eq(total - (accept & first)), is_open.eq(~waiting & (~first_next | room))]
        return delayed(m, accept | left, 1, "stepping", reset=True)

    def _waiting(self, m: Module, accept: Value) -> tuple[Value, Value]:
        """Whether the next clock is too early for a beat; whether words are left of the one that is written."""
        times = self.buffer.durations
        if max(times) == 1:
            return C(0), C(0)
        beat, left = Signal(range(max(2, len(times)))), Signal(range(max(times)))
        here = chosen(tuple(clocks - 1 for clocks in times), beat)
        with m.If(accept):
            m.d.sync += [beat.eq(Mux(beat == len(times) - 1, 0, beat + 1)), left.eq(here)]
        with m.Elif(left != 0):
            m.d.sync += left.eq(left - 1)
        return Mux(accept, here != 0, left > 1), left != 0

    def _write(self, m: Module, is_open: Signal, stepping: Value, readers: Sequence[Reader | OrderReader]) -> Value:
        """Memories and their readers. High with the last word of a row."""
        buffer = self.buffer
        beat = Signal(self.i.payload.shape(), reset_less=True)
        with m.If(is_open):
            m.d.sync += beat.eq(self.i.payload)
        clocks, width = sum(buffer.durations), buffer.columns.length
        clock, column = Signal(range(max(2, clocks))), Signal(range(max(2, width)))
        place = Signal((buffer.held - 1).bit_length())
        end_of_position, end_of_row = clock == clocks - 1, column == width - 1
        arrived = stepping & end_of_position & end_of_row
        with m.If(stepping):
            m.d.sync += clock.eq(Mux(end_of_position, 0, clock + 1))
            with m.If(end_of_position):
                m.d.sync += [column.eq(Mux(end_of_row, 0, column + 1)), place.eq(place + end_of_row)]
        where = delayed(m, Cat(column[: buffer.width_bits], place), 1, "where")
        for u, unit in enumerate(buffer.units):
            for j, (held, reader) in enumerate(zip(unit, readers, strict=True)):
                name = f"memory{u}_{j}"
                depth = buffer.held << buffer.width_bits
                m.submodules[name] = memory = Ram(self.fmt.bits, [[0] * depth] * buffer.walks[j].slots, BUFFER)
                enable, slot, data = self._written(m, name, held, clock, stepping, beat)
                inside = delayed(m, reader.inside, 1, f"{name}_inside")
                m.d.comb += [
                    memory.write.eq(enable),
                    memory.write_address.eq(Cat(where, slot)),
                    memory.write_data.eq(data),
                    memory.address.eq(reader.address),
                    self.words[u * len(readers) + j].eq(picked(m, memory.data, memory.address, f"{name}_word", inside)),
                ]
        return delayed(m, arrived, 1, "arrived", reset=True)

    def _written(
        self, m: Module, name: str, held: Sequence[int], clock: Signal, stepping: Value, beat: Value
    ) -> tuple[Value, Value, Value]:
        """Whether a memory is written in this clock, which slot, and the word; registers."""
        program = writes(self.buffer.source, tuple(held), self.buffer.durations)
        slots = Signal(range(max(2, self.buffer.walks[0].slots)), name=f"{name}_slot", reset_less=True)
        enable, data = Signal(name=f"{name}_write"), Signal(self.fmt.bits, name=f"{name}_data", reset_less=True)
        known = [entry for entry in program if entry]
        lanes = tuple(entry[0] if entry else known[0][0] for entry in program)
        m.d.sync += enable.eq(stepping & chosen(tuple(int(entry is not None) for entry in program), clock))
        m.d.sync += slots.eq(_counted(tuple(entry[1] if entry else None for entry in program), clock))
        m.d.sync += data.eq(beat[lanes[0]] if len(set(lanes)) == 1 else Array(beat[lane] for lane in lanes)[clock])
        return enable, slots[: (self.buffer.walks[0].slots - 1).bit_length()], data

    def _freed(self, m: Module, finished: Value) -> Value:
        """Rows that a finished row of windows is the last to need, two clocks later."""
        rows = self.buffer.rows
        finished = delayed(m, finished, 1, "finished", reset=True)
        released = [rows.released(n) for n in range(rows.count)]
        more = _increments(m, "released", rows, rows.frees, 0, released, finished)
        freed = Signal(range(max(2, *(after - before for before, after in pairwise([0, *released]))) + 1))
        m.d.sync += freed.eq(Mux(finished, more, 0))
        return freed

    def _announce(self, m: Module, arrived: Value) -> None:
        """Rows of windows whose rows have come and that have not started. ``margin`` is how many rows have come beyond
        those that the next row of windows needs."""
        rows = self.buffer.rows
        needed = [rows.needed(n) for n in range(rows.count)]
        margin = Signal(signed((rows.length + self.buffer.held).bit_length() + 2), init=-needed[0])
        most = rows.count * (self.buffer.held // rows.length + 2)
        waiting, total, announce = Signal(range(most + 1)), Signal(range(most + 2)), Signal()
        enough, following = Signal(), Signal.like(margin)  # a register of its own for the enable of many
        more = _increments(m, "needed", rows, rows.needs, 1, needed, enough, skip=1)
        m.d.comb += [
            announce.eq(~margin[-1]),
            total.eq(waiting + announce),
            following.eq(margin + arrived - Mux(announce, more, 0)),
        ]
        m.d.sync += [
            margin.eq(following),
            enough.eq(~following[-1]),
            waiting.eq(total - self.row_taken),
            self.ready.eq(any_left(total, self.row_taken)),
        ]


def _increments(
    m: Module,
    name: str,
    along: Along,
    of_phases: tuple[int, ...],
    least: int,
    levels: Sequence[int],
    advance: Value,
    skip: int = 0,
) -> Signal:
    """How far rows go on from window ``n - 1`` to window ``n``, from window ``skip`` on, then from the next with every
    ``advance``.

    ``levels[n]``, which is ``n // period * stride + of_phases[n % period]`` but at least ``least``, at most
    ``along.length``, and that for the last window, is where window ``n`` has got to; a new sample begins at 0. Each is
    computed in steps ahead of its use, so that nothing waits for an adder and a comparison.
    """
    count, length = along.count, along.length
    bits = signed(max(length, *levels).bit_length() + 2)

    def level(n: int) -> int:
        return levels[n % count]

    before = level(skip - 1) if skip % count else 0
    more = Signal(bits, name=f"{name}_more", init=level(skip) - before)
    here, here_last = Signal(bits, name=f"{name}_here", init=level(skip)), Signal(init=(skip + 1) % count == 0)
    ahead, ahead_last = Signal(bits, name=f"{name}_ahead", init=level(skip + 1)), Signal(init=(skip + 2) % count == 0)
    value, last = _sequence(m, name, along, of_phases, (skip + 2) % count, advance)
    with m.If(advance):
        m.d.sync += [more.eq(Mux(here_last, ahead, ahead - here)), here.eq(ahead), here_last.eq(ahead_last)]
        m.d.sync += [
            ahead.eq(Mux(last | (value > length), length, Mux(value < least, least, value))),
            ahead_last.eq(last),
        ]
    return more


def _sequence(
    m: Module, name: str, along: Along, of_phases: tuple[int, ...], first: int, advance: Value
) -> tuple[Value, Value]:
    """``n // period * stride + of_phases[n % period]`` for window ``n``, from ``first`` on, and whether it is the last;
    ``advance`` goes on to the next."""
    period, count = along.period, along.count
    most = max(abs(v) for v in of_phases) + (count // period + 1) * along.stride
    following = (first + 1) % count
    value = Signal(
        signed(most.bit_length() + 1), name=name, init=first // period * along.stride + of_phases[first % period]
    )
    last = Signal(name=f"{name}_last", init=first == count - 1)
    start = Signal(value.shape(), name=f"{name}_start", init=following // period * along.stride)
    phase = Signal(range(max(2, period)), name=f"{name}_phase", init=following % period)
    window = Signal(range(max(2, count)), name=f"{name}_window", init=following)
    end, turn = window == count - 1, phase == period - 1
    with m.If(advance):
        m.d.sync += [value.eq(start + chosen(of_phases, phase)), last.eq(end)]
        m.d.sync += [window.eq(Mux(end, 0, window + 1)), phase.eq(Mux(end | turn, 0, phase + 1))]
        with m.If(end):
            m.d.sync += start.eq(0)
        with m.Elif(turn):
            m.d.sync += start.eq(start + along.stride)
    return value, last


def _counted(slots: Sequence[int | None], clock: Signal) -> Value | int:
    """``slots[clock]`` where it is not None: a sum where the slots count up with the clock."""
    differences = {slot - k for k, slot in enumerate(slots) if slot is not None}
    if len(differences) == 1:
        return clock + differences.pop()
    return chosen(tuple(slot or 0 for slot in slots), clock)
