"""Pools that slide along frames: the largest sample of a window, or its mean."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.pool1d import Pools
from bittrue.num import Format
from bittrue_rtl.delay import delayed
from bittrue_rtl.divide import Divide
from bittrue_rtl.flow import Flow
from bittrue_rtl.frame_buffer import FrameBuffer
from bittrue_rtl.serial import collected
from bittrue_rtl.shapes import vector


class FramePool(wiring.Component):
    """A `FrameBuffer` in front of units that take a sample a clock, and a `Flow` that lets windows into them.

    Ports
    -----
    i, o : stream of vector(given, channels), in and out
    """

    def __init__(self, plan: Pools, given: Format) -> None:
        self.plan, self.given = plan, given
        self.shape = vector(given, plan.channels)
        super().__init__({"i": In(stream.Signature(self.shape)), "o": Out(stream.Signature(self.shape))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan = self.plan
        m.submodules.buffer = buffer = FrameBuffer(plan.buffer, self.given, plan.channels)
        m.submodules.flow = flow = Flow(self.shape, plan.buffer.interval, plan.latency)
        wiring.connect(m, wiring.flipped(self.i), buffer.i)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        m.d.comb += [flow.valid.eq(buffer.ready), buffer.start.eq(flow.start)]
        strobe = delayed(m, buffer.last_of_turn, 1 + plan.division, "strobe", reset=True, wide=True)
        for unit, word in enumerate(buffer.words):
            y = self._unit(m, unit, buffer, word)
            results = collected(m, y, strobe, plan.each, f"y{unit}_")
            for k, result in enumerate(results):
                if unit * plan.each + k < plan.channels:
                    m.d.comb += flow.result[unit * plan.each + k].eq(result)
        m.d.comb += flow.done.eq(delayed(m, buffer.last, 2 + plan.division, "done", reset=True))
        return m

    def _unit(self, m: Module, unit: int, buffer: FrameBuffer, word: Any) -> Value:
        """The result of every window, a clock (and a division) after its last word."""
        plan = self.plan
        if not plan.divisor:
            largest = Signal(signed(self.given.bits), name=f"largest{unit}", reset_less=True)
            m.d.sync += largest.eq(Mux(buffer.first | (word > largest), word, largest))
            return largest
        m.submodules[f"divide{unit}"] = divide = Divide(self.given.bits, plan.divisor)
        total = Signal(divide.x.shape(), name=f"total{unit}", reset_less=True)
        m.d.sync += total.eq(Mux(buffer.first, 0, total) + word)
        m.d.comb += divide.x.eq(total)
        return divide.y
