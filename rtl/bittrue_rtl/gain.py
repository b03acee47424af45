"""The gain of a source: a product a lane, rounded and saturated."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.features import REQUANTISE
from bittrue.lower.source import MULTIPLY
from bittrue.num import Format
from bittrue.spec.source import GAIN
from bittrue_rtl.beats import BeatQueue, any_left
from bittrue_rtl.delay import delayed
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.shapes import drive, vector


class Gain(wiring.Component):
    """``requantise(gain * y, 12, format)`` for every element of a beat, one beat a clock.

    Parameters
    ----------
    fmt : Format
    lanes : int
        Elements of a beat.
    flagged : bool
        Tell when a sample was clamped.

    Ports
    -----
    gain : signed(16), in
        A code of Q4.12; a beat is multiplied by what it is when the beat is taken.
    i, o : stream of vector(fmt, lanes), in and out
    clamped : out
        With ``flagged``: high for a clock when a sample was.
    """

    latency = MULTIPLY + REQUANTISE
    depth = latency + BeatQueue.latency + 3
    """Beats under way or waiting, so that none is late."""

    def __init__(self, fmt: Format, lanes: int, *, flagged: bool = False) -> None:
        self.format, self.lanes, self.flagged = fmt, lanes, flagged
        self.payload = vector(fmt, lanes)
        shape = stream.Signature(self.payload)
        flags = {"clamped": Out(1)} if flagged else {}
        super().__init__({"gain": In(signed(GAIN.bits)), "i": In(shape), "o": Out(shape)} | flags)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.queue = queue = BeatQueue(self.payload, self.depth)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        free, total = Signal(range(self.depth + 1), init=self.depth), Signal(range(self.depth + 2))
        room, accept, emptied = Signal(), Signal(), Signal()
        m.d.sync += emptied.eq(queue.taken)
        m.d.comb += [accept.eq(room & self.i.valid), self.i.ready.eq(room), total.eq(free + emptied)]
        m.d.sync += [free.eq(total - accept), room.eq(any_left(total, accept))]
        gain = delayed(m, self.gain, 1, "gain")
        words, clamped = [], []
        for k in range(self.lanes):
            y = delayed(m, self.i.payload[k], 1, f"y{k}")
            product = Signal(signed(self.format.bits + GAIN.bits), name=f"product{k}", reset_less=True)
            m.d.sync += product.eq(y * gain)
            m.submodules[f"round{k}"] = rounder = Requantise(len(product), GAIN.frac, self.format, flagged=self.flagged)
            m.d.comb += rounder.acc.eq(product)
            words.append(rounder.y)
            clamped += [rounder.clamped] if self.flagged else []
        drive(m, queue.payload, words)
        done = delayed(m, accept, self.latency, "accepted", reset=True)
        m.d.comb += queue.write.eq(done)
        if self.flagged:
            m.d.sync += self.clamped.eq(done & Cat(*clamped).any())
        return m
