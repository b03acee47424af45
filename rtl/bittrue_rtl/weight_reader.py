"""The master that reads streamed weights from memory, tile by tile and ahead of the lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Array, C, Cat, Module, Mux, ResetInserter, Signal, Value
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.streaming import BEAT, BURST, OUTSTANDING, PORT_BITS, TILE, StreamedLayer
from bittrue_rtl.beats import BeatQueue
from bittrue_rtl.gearbox import Gearbox

PORTS: dict[str, tuple[str, int]] = {
    "araddr": ("output", 32),
    "arlen": ("output", 8),
    "arsize": ("output", 3),
    "arburst": ("output", 2),
    "arcache": ("output", 4),
    "arprot": ("output", 3),
    "arvalid": ("output", 1),
    "arready": ("input", 1),
    "rdata": ("input", PORT_BITS),
    "rresp": ("input", 2),
    "rlast": ("input", 1),
    "rvalid": ("input", 1),
    "rready": ("output", 1),
}
"""Signals of the AXI4 read master, direction and bits."""
INCR, EIGHT_BYTES, BUFFERABLE = 1, 3, 0b0011
SLAVE, DECODE, LENGTH = 1, 2, 3
"""What is wrong, as `WeightReader.error` tells it; 0 for nothing."""


class WeightReader(wiring.Component):
    """Reads the block of every layer again and again, each into a buffer of two tiles, and gives its words.

    A burst is asked for when the buffer has room for all of it, so whatever comes is taken at once; bursts of all
    layers share the port in turn, and come in the order in which they were asked for. After a beat with an error, or a
    burst of another length than asked for, no word is given any more until ``stop``.

    Parameters
    ----------
    layers : sequence of StreamedLayer

    Ports
    -----
    base : unsigned(32), in
        Address of the image, a multiple of 4096; it stands still while ``stop`` is low.
    stop : in
        Forget everything, and start again with the first word of every block when it is low again and all that was
        asked for has come.
    idle : out
        Nothing is asked for, and nothing will be while ``stop`` is high.
    error : out
        `SLAVE`, `DECODE` or `LENGTH`.
    beat : out
        High for one clock: a beat came that is used.
    m_* : AXI4 read master
    words : list of streams
        One a layer, of its word's bits. They are no members of the signature.
    """

    def __init__(self, layers: Sequence[StreamedLayer]) -> None:
        self.layers = tuple(layers)
        ports: dict[str, Any] = {"base": In(32), "stop": In(1), "idle": Out(1), "error": Out(2), "beat": Out(1)}
        ports |= {f"m_{name}": (Out if way == "output" else In)(bits) for name, (way, bits) in PORTS.items()}
        super().__init__(ports)
        self.words = [
            stream.Signature(layer.word_bits).create(path=(f"weights_{layer.name}",)) for layer in self.layers
        ]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        clear, failed = Signal(), Signal()
        m.submodules.order = order = memory.Memory(
            shape=range(max(2, len(self.layers))), depth=OUTSTANDING, init=[], attrs={"ram_style": "distributed"}
        )
        lengths = memory.Memory(shape=range(BURST), depth=OUTSTANDING, init=[], attrs={"ram_style": "distributed"})
        m.submodules.lengths = lengths
        ended = self.m_rvalid & self.m_rready & self.m_rlast
        asked, under_way = Signal(), Signal(range(OUTSTANDING + 1))
        layer, length = self._ask(m, clear, failed, under_way, asked)
        write = [order.write_port(), lengths.write_port()]
        read = [order.read_port(domain="comb"), lengths.read_port(domain="comb")]
        m.d.sync += under_way.eq(under_way + asked - ended)
        m.d.comb += [port.en.eq(asked) for port in write]
        m.d.comb += [write[0].data.eq(layer), write[1].data.eq(length)]
        for strobe, ports in ((asked, write), (ended, read)):
            with m.If(strobe):
                m.d.sync += [port.addr.eq(port.addr + 1) for port in ports]
        waits = Signal()  # after a stop, for what was asked for
        m.d.comb += [clear.eq(self.stop | waits), self.idle.eq(~self.m_arvalid & (under_way == 0))]
        m.d.sync += waits.eq(clear & ~self.idle)
        self._take(m, read[0].data, read[1].data, clear, failed)
        return m

    def _ask(self, m: Module, clear: Value, failed: Value, under_way: Value, asked: Signal) -> tuple[Value, Value]:
        """Look at one layer after another, and ask for a burst where its buffer has room for the longest."""
        count = len(self.layers)
        turn = Signal(range(max(2, count)))
        self.taken = [Signal(name=f"taken_{layer.name}") for layer in self.layers]
        wants, addresses, sizes = [], [], []
        go = Signal()
        for k, (layer, taken) in enumerate(zip(self.layers, self.taken, strict=True)):
            bursts, left = divmod(layer.beats, BURST)
            bursts, left = (bursts + 1, left) if left else (bursts, BURST)
            burst = Signal(range(max(2, bursts)), name=f"burst_{layer.name}")
            room = Signal(range(2 * TILE + 1), init=2 * TILE, name=f"room_{layer.name}")
            enough = Signal(name=f"enough_{layer.name}")
            end, mine = burst == bursts - 1, go & (turn == k)
            size = Mux(end, left, BURST)
            with m.If(clear):
                m.d.sync += [burst.eq(0), room.eq(room.init), enough.eq(0)]
            with m.Else():
                m.d.sync += [room.eq(room + taken - Mux(mine, size, 0)), enough.eq((room >= BURST) & ~mine)]
                with m.If(mine):
                    m.d.sync += burst.eq(Mux(end, 0, burst + 1))
            wants.append(enough)
            addresses.append(Cat(C(0, (BURST * BEAT).bit_length() - 1), layer.offset // (BURST * BEAT) + burst))
            sizes.append(size - 1)
        m.d.comb += [
            go.eq(Array(wants)[turn] & (~self.m_arvalid | self.m_arready) & (under_way < OUTSTANDING) & ~failed),
            asked.eq(go & ~clear),
            self.m_arsize.eq(EIGHT_BYTES),
            self.m_arburst.eq(INCR),
            self.m_arcache.eq(BUFFERABLE),
            self.m_arprot.eq(0),
        ]
        with m.If(asked | self.m_arready):
            m.d.sync += self.m_arvalid.eq(asked)
        with m.If(asked):
            m.d.sync += [self.m_araddr.eq(self.base + Array(addresses)[turn]), self.m_arlen.eq(Array(sizes)[turn])]
        m.d.sync += turn.eq(Mux(turn == count - 1, 0, turn + 1))
        return turn, Array(sizes)[turn]

    def _take(self, m: Module, layer: Value, length: Value, clear: Value, failed: Signal) -> None:
        """Take what comes, a register behind the port, into the buffer of its layer, unless it or any before is
        wrong."""
        place, valid = Signal(range(BURST)), Signal()
        data, whose = Signal(PORT_BITS, reset_less=True), Signal.like(layer, reset_less=True)
        came = self.m_rvalid & self.m_rready
        wrong = Signal(2)
        with m.If(self.m_rresp[1]):
            m.d.comb += wrong.eq(Mux(self.m_rresp[0], DECODE, SLAVE))
        with m.Elif(self.m_rlast != (place == length)):
            m.d.comb += wrong.eq(LENGTH)
        m.d.comb += [self.m_rready.eq(1), failed.eq(self.error != 0), self.beat.eq(valid)]
        m.d.sync += [data.eq(self.m_rdata), whose.eq(layer)]
        with m.If(came):
            m.d.sync += place.eq(Mux(self.m_rlast, 0, place + 1))
        with m.If(clear):
            m.d.sync += [valid.eq(0), self.error.eq(0)]
        with m.Else():
            m.d.sync += valid.eq(came & ~failed & (wrong == 0))
            with m.If(came & ~failed):
                m.d.sync += self.error.eq(wrong)
        for k, streamed in enumerate(self.layers):
            queue = ResetInserter(clear)(BeatQueue(PORT_BITS, 2 * TILE))
            gearbox = ResetInserter(clear)(Gearbox(streamed.word_bits, streamed.words))
            m.submodules += [queue, gearbox]
            m.d.comb += [
                queue.write.eq(valid & (whose == k)),
                queue.payload.eq(data),
                self.taken[k].eq(queue.taken),
            ]
            wiring.connect(m, queue.o, gearbox.i)
            there = self.words[k]
            m.d.comb += [
                there.payload.eq(gearbox.o.payload),
                there.valid.eq(gearbox.o.valid),
                gearbox.o.ready.eq(there.ready),
            ]
