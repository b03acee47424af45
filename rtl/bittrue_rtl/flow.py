"""Flow control around a datapath that never stops."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, ShapeLike, Signal, Value
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue_rtl.beats import BeatQueue, any_left
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.queue import Queue
from bittrue_rtl.shapes import tagged


class Flow(wiring.Component):
    """Lets a vector into a fixed-latency datapath only when there will be room for its result.

    The datapath has no stall and no clock enable: whatever is accepted comes out ``latency`` clocks later and lands in
    a queue with as many places as vectors can be under way. Vectors are accepted at most every ``interval`` clocks.

    The datapath loads its input registers in every clock with ``load`` high; ``start``, one clock later, tells that
    what they now hold is a vector and not noise. It raises ``done`` in the clock in which ``result`` holds the result.

    Parameters
    ----------
    shape : ShapeLike
        Payload of the output stream.
    interval : int
        Clocks between two vectors, at least 4, or 1.
    latency : int
        Clocks from acceptance to ``done``.
    bank_bits : int
        Bits of the number of a sample's bank; it waits beside the datapath for the sample's result. 0 without banks.

    Ports
    -----
    valid : in
        The input stream (or all of them) has a vector.
    open : out
        Ready for it; a register.
    load : out
        Another register of its own with the same word, but for a reset: it steers the datapath and nothing else.
    start : out
    done : in
    result : shape, in
    o : stream of the `tagged` shape, out
    bank : in
        With banks: that of the vector.
    """

    def __init__(self, shape: ShapeLike, interval: int, latency: int, bank_bits: int = 0) -> None:
        self.shape, self.interval, self.latency, self.bank_bits = shape, interval, latency, bank_bits
        self.depth = -(-(latency + 3) // interval)
        super().__init__(
            {
                "valid": In(1),
                "open": Out(1),
                "load": Out(1),
                "start": Out(1),
                "done": In(1),
                "result": In(shape),
                "o": Out(stream.Signature(tagged(shape, bank_bits))),
            }
            | ({"bank": In(bank_bits)} if bank_bits else {})
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        kind = BeatQueue if self.interval == 1 else Queue
        m.submodules.queue = queue = kind(tagged(self.shape, self.bank_bits), self.depth)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        credit = Signal(range(self.depth + 1), init=self.depth)
        total = Signal(range(self.depth + 2))
        opens = Signal()
        is_open = Signal()
        load = Signal(reset_less=True, attrs=WIDE)
        accept = self.valid & is_open
        m.d.comb += [
            total.eq(credit + queue.taken),
            opens.eq(self._may_follow(m, accept, credit, total)),
        ]
        m.d.sync += [credit.eq(total - accept), is_open.eq(opens), load.eq(opens)]
        m.d.comb += [
            self.open.eq(is_open),
            self.load.eq(load),
            self.start.eq(delayed(m, accept, 1, "start", reset=True)),
            queue.write.eq(self.done),
        ]
        if self.bank_bits:
            m.d.comb += [queue.payload.content.eq(self.result), queue.payload.bank.eq(self._bank(m))]
        else:
            m.d.comb += queue.payload.eq(self.result)
        return m

    def _may_follow(self, m: Module, accept: Value, credit: Signal, total: Signal) -> Value:
        """Whether a vector may come in the next clock."""
        if self.interval == 1:
            return any_left(total, accept)
        wait = Signal(range(self.interval))
        with m.If(accept):
            m.d.sync += wait.eq(self.interval - 2)
        with m.Elif(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        return ~accept & (wait == 0) & (credit != 0)

    def _bank(self, m: Module) -> Value:
        """The bank of the vector whose result comes next. There are never more under way than have a credit."""
        depth = max(2, self.depth)
        m.submodules.banks = banks = memory.Memory(
            shape=self.bank_bits, depth=depth, init=[], attrs={"ram_style": "distributed"}
        )
        write, read = banks.write_port(), banks.read_port(domain="comb")
        m.d.comb += [write.en.eq(self.start), write.data.eq(delayed(m, self.bank, 1, "bank"))]
        for strobe, port in ((self.start, write), (self.done, read)):
            with m.If(strobe):
                m.d.sync += port.addr.eq(Mux(port.addr == depth - 1, 0, port.addr + 1))
        return read.data
