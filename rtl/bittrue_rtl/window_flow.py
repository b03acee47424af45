"""Flow control of windows: each starts when its rows are there and its results will find room."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Mux, ShapeLike, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.buffer import Buffer
from bittrue_rtl.beats import BeatQueue, any_left
from bittrue_rtl.delay import delayed


def chosen(values: tuple[int, ...], index: Value) -> Value | int:
    """``values[index]``, a plain number where all are one."""
    return values[0] if len(set(values)) == 1 else Array(values)[index]


class WindowFlow(wiring.Component):
    """Lets windows into a datapath of fixed latency that never stops, and queues the beats of their results.

    Windows come row after row. ``start`` tells the datapath, a clock after its acceptance, that the next window
    begins; its results come with ``done``.

    Parameters
    ----------
    shape : ShapeLike
        Payload of the output stream.
    buffer : Buffer
        Whose windows: how many a row, their phases, and the clocks from one to the next.
    windows, beats : int
        Windows that may be under way, and beats of each.

    Ports
    -----
    ready : in
        The rows of the next row of windows are there; a register that knows of ``row_taken`` a clock later.
    row_taken, sample_taken : out
        The last window of a row, and of a sample, is accepted.
    start : out
    phase : out
        Of the window that starts.
    done : in
        ``result`` holds a beat.
    result : shape, in
    o : stream of shape, out
    """

    def __init__(self, shape: ShapeLike, buffer: Buffer, windows: int, beats: int) -> None:
        self.shape, self.buffer, self.windows, self.beats = shape, buffer, windows, beats
        self.phases = buffer.rows.period * buffer.columns.period
        super().__init__(
            {
                "ready": In(1),
                "row_taken": Out(1),
                "sample_taken": Out(1),
                "start": Out(1),
                "phase": Out(range(max(2, self.phases))),
                "done": In(1),
                "result": In(shape),
                "o": Out(stream.Signature(shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        spacing = self.buffer.spacing
        m.submodules.queue = queue = BeatQueue(self.shape, self.windows * self.beats)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        m.d.comb += [queue.write.eq(self.done), queue.payload.eq(self.result)]
        is_open, wait = Signal(), Signal(range(max(2, max(spacing))))
        accept = self.ready & is_open
        phase, end_of_row, end = self._place(m, accept)
        credit, total = Signal(range(self.windows + 1), init=self.windows), Signal(range(self.windows + 2))
        m.d.comb += [
            total.eq(credit + delayed(m, self._returned(m, queue.taken), 1, "returned", reset=True)),
            self.row_taken.eq(accept & end_of_row),
            self.sample_taken.eq(accept & end_of_row & end),
        ]
        with m.If(accept):
            m.d.sync += wait.eq(chosen(tuple(max(0, clocks - 2) for clocks in spacing), phase))
        with m.Elif(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        soon = chosen(tuple(int(clocks == 1) for clocks in spacing), phase)
        room = any_left(total, accept)
        m.d.sync += [credit.eq(total - accept), is_open.eq(Mux(accept, soon, wait == 0) & room)]
        m.d.comb += self.start.eq(delayed(m, accept, 1, "start", reset=True))
        with m.If(accept):
            m.d.sync += self.phase.eq(phase)
        return m

    def _place(self, m: Module, accept: Value) -> tuple[Value, Value, Value]:
        """The phase of the next window, whether it is the last of its row, and whether its row is the last."""
        rows, columns = self.buffer.rows, self.buffer.columns
        column, row = Signal(range(max(2, columns.count))), Signal(range(max(2, rows.count)))
        across, down = Signal(range(max(2, columns.period))), Signal(range(max(2, rows.period)))
        end_of_row, end = column == columns.count - 1, row == rows.count - 1
        with m.If(accept):
            m.d.sync += [column.eq(column + 1), across.eq(Mux(across == columns.period - 1, 0, across + 1))]
            with m.If(end_of_row):
                m.d.sync += [column.eq(0), across.eq(0), row.eq(Mux(end, 0, row + 1))]
                m.d.sync += down.eq(Mux(end | (down == rows.period - 1), 0, down + 1))
        phase = Signal(range(max(2, self.phases)))
        m.d.comb += phase.eq(down * columns.period + across if self.phases > 1 else 0)
        return phase, end_of_row, end

    def _returned(self, m: Module, taken: Value) -> Value:
        """High when the last beat of a window leaves the queue."""
        if self.beats == 1:
            return taken
        count = Signal(range(self.beats))
        last = count == self.beats - 1
        with m.If(taken):
            m.d.sync += count.eq(Mux(last, 0, count + 1))
        return taken & last
