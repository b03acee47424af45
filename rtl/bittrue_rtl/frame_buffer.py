"""The columns of frames that windows still need, and the words of one window after another."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import BUFFER
from bittrue.lower.frames import Buffer
from bittrue.num import Format
from bittrue_rtl.delay import delayed, postponed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.ram import Ram
from bittrue_rtl.serial import busy, serialised
from bittrue_rtl.shapes import vector
from bittrue_rtl.walk import Reader


class FrameBuffer(wiring.Component):
    """Rings of columns: one memory a reader, each with the channels that its reader sees.

    A column is taken where a place is free, and written channel by channel into all memories at once. A window may
    start as soon as its last column has been written; those of one frame follow those of the frame before without a
    gap. Columns that no window needs any more make room for new ones. Nothing waits within a window.

    Parameters
    ----------
    buffer : Buffer
    given : Format
    channels : int
        Of a column.

    Ports
    -----
    i : stream of vector(given, channels), in
    ready : out
        The next window may start, at the earliest in this clock; it is up to date 3 clocks after ``start``.
    start : in
        It starts.
    words : list of signed, out
        The words of reader ``j`` of unit ``u`` at ``u * readers + j``, one a clock; the first is there `READ` clocks
        after ``start``, for reader ``j`` another ``j * skew`` later. Zero beside the frame.
    begin : list, out
        One a reader: its first word is there.
    first, last_of_turn, last : out
        The word of reader 0 is the first or the last of a turn, or the last of the window.
    """

    def __init__(self, buffer: Buffer, given: Format, channels: int) -> None:
        self.buffer, self.given, self.channels = buffer, given, channels
        readers = len(buffer.walks)
        super().__init__(
            {
                "i": In(stream.Signature(vector(given, channels))),
                "ready": Out(1),
                "start": In(1),
                "words": Out(signed(given.bits)).array(readers * len(buffer.units)),
                "begin": Out(1).array(readers),
                **{name: Out(1) for name in ("first", "last_of_turn", "last")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        readers = []
        start: Value = self.start
        for j in range(len(self.buffer.walks)):
            m.submodules[f"reader{j}"] = reader = Reader(self.buffer, j)
            m.d.comb += [reader.start.eq(start), self.begin[j].eq(delayed(m, start, 3, f"begin{j}_", reset=True))]
            start = postponed(m, start, self.buffer.skew, f"start{j}")
            readers.append(reader)
        for name in ("first", "last_of_turn", "last"):
            m.d.comb += getattr(self, name).eq(delayed(m, getattr(readers[0], name), 2, name, reset=True))
        is_open = Signal()
        load = Signal(reset_less=True, attrs=WIDE)
        accept = self.i.valid & is_open
        m.d.comb += self.i.ready.eq(is_open)
        arrived = self._write(m, load, accept, readers)
        m.d.sync += load.eq(self._room(m, is_open, accept, readers[-1].last))
        self._wait(m, arrived)
        return m

    def _write(self, m: Module, load: Value, accept: Value, readers: list[Reader]) -> Value:
        """Memories and their readers; the channels of a column go into them one a clock. High with the last one."""
        buffer = self.buffer
        count = buffer.walks[0].channels
        writing = busy(m, delayed(m, accept, 1, "accepted", reset=True), count, 1)
        channel = Signal(range(max(2, count)), attrs=WIDE)
        place = Signal((buffer.columns - 1).bit_length(), attrs=WIDE)
        arrived = writing & (channel == count - 1)
        with m.If(writing):
            m.d.sync += channel.eq(Mux(arrived, 0, channel + 1))
        m.d.sync += place.eq(place + arrived)
        for u, unit in enumerate(buffer.units):
            for j, (held, reader) in enumerate(zip(unit, readers, strict=True)):
                name = f"memory{u}_{j}"
                memory = Ram(self.given.bits, [[0] * buffer.columns] * count, BUFFER)
                m.submodules[name] = memory
                head = serialised(m, load, [self.i.payload[c] for c in held], f"x{u}_{j}_")
                word = Signal(signed(self.given.bits), name=f"{name}_word", reset_less=True)
                inside = delayed(m, reader.inside, 1, f"{name}_inside")
                m.d.comb += [
                    memory.write.eq(writing),
                    memory.write_address.eq(Cat(place, channel)),
                    memory.write_data.eq(delayed(m, head, 1, f"{name}_head")),
                    memory.address.eq(reader.address),
                    self.words[u * len(readers) + j].eq(word),
                ]
                m.d.sync += word.eq(Mux(inside, memory.data, 0))
        return arrived

    def _room(self, m: Module, is_open: Signal, accept: Value, finished: Value) -> Value:
        """Take a column every ``pace`` clocks while a place is free; windows free those that they are the last to see.
        Returns what ``is_open`` will be.

        ``seen`` is the number of columns of the frame that have been freed, ``target`` what it is after a window. A
        window also frees the columns between it and the next that have not come yet, so that more may be free than
        there are places.
        """
        buffer, windows = self.buffer, self.buffer.windows
        most_free = buffer.columns + max(0, windows.stride - windows.span)
        free, wait = Signal(range(most_free + 1), init=buffer.columns), Signal(range(buffer.pace))
        with m.If(accept):
            m.d.sync += wait.eq(buffer.pace - 2)
        with m.Elif(wait != 0):
            m.d.sync += wait.eq(wait - 1)

        window = Signal(range(max(2, windows.count)))
        last = window == windows.count - 1
        start = windows.stride - windows.padding
        most = max(abs(start), start + windows.count * windows.stride)
        following = Signal(signed(most.bit_length() + 1), init=start)  # the column that the next window starts with
        target, seen = Signal(range(windows.length + 1)), Signal(range(windows.length + 1))
        counted, whole, freed = Signal(), Signal(), Signal(range(most_free + 1))
        with m.If(finished):
            m.d.sync += [
                window.eq(Mux(last, 0, window + 1)),
                following.eq(Mux(last, start, following + windows.stride)),
            ]
            with m.If(last | (following > windows.length)):
                m.d.sync += target.eq(windows.length)
            with m.Elif(following < 0):
                m.d.sync += target.eq(0)
            with m.Else():
                m.d.sync += target.eq(following)
        m.d.sync += [counted.eq(finished), whole.eq(last), freed.eq(0)]
        with m.If(counted):
            m.d.sync += [freed.eq(target - seen), seen.eq(Mux(whole, 0, target))]
        opens = ~accept & (wait == 0) & (free != 0)
        m.d.sync += [free.eq(free - accept + freed), is_open.eq(opens)]
        return opens

    def _wait(self, m: Module, arrived: Value) -> None:
        """Let a window start when its columns have been written; the last one waits for the whole frame."""
        windows = self.buffer.windows
        window = Signal(range(max(2, windows.count)), name="next_window")
        last = window == windows.count - 1
        have = Signal(range(windows.length + self.buffer.columns + 1))  # columns since the first of the frame
        start = windows.span - windows.padding
        most = max(abs(start), start + windows.count * windows.stride)
        need = Signal(signed(most.bit_length() + 1), init=start)
        m.d.sync += have.eq(have + arrived - Mux(self.start & last, windows.length, 0))
        with m.If(self.start):
            m.d.sync += [window.eq(Mux(last, 0, window + 1)), need.eq(Mux(last, start, need + windows.stride))]
        whole = have >= windows.length
        m.d.sync += self.ready.eq(whole | (~last & (have >= need) & (have != 0)))
