"""Look-up activation."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.elementwise import TABLE, Elementwise
from bittrue.num import Format
from bittrue.spec import Table
from bittrue_rtl.delay import delayed
from bittrue_rtl.flow import Flow
from bittrue_rtl.rom import Rom
from bittrue_rtl.serial import busy, collected, serialised
from bittrue_rtl.shapes import Driver, content, tagged, vector


class TableLookup(wiring.Component):
    """``y = values[x - lo]``, element by element, through as few ROMs as keep up: each does two look-ups a clock.

    Ports
    -----
    i : stream of vector(given, elements), in
    o : stream of vector(layer.output, elements), out
    """

    def __init__(self, layer: Table, given: Format, elements: int, interval: int, bank_bits: int = 0) -> None:
        self.layer, self.given, self.elements, self.bank_bits = layer, given, elements, bank_bits
        self.plan = Elementwise(elements, interval, TABLE)
        super().__init__(
            {
                "i": In(stream.Signature(tagged(vector(given, elements), bank_bits))),
                "o": Out(stream.Signature(tagged(vector(layer.output, elements), bank_bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan, output = self.plan, self.layer.output
        shape = vector(output, self.elements)
        m.submodules.flow = flow = Flow(shape, plan.interval, plan.latency, self.bank_bits)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        m.d.comb += [flow.valid.eq(self.i.valid), self.i.ready.eq(flow.open)]
        if self.bank_bits:
            m.d.comb += flow.bank.eq(self.i.payload.bank)
        # A code as a bit pattern counts from 0 to hi and then from lo to -1: the ROM holds the values in that order.
        words = [*self.layer.values[-self.given.lo :], *self.layer.values[: -self.given.lo]]
        strobe = busy(m, flow.start, plan.queue, TABLE)
        driver = Driver(m, flow.result)
        looks: list[tuple[Any, Any]] = []
        for r, ports in enumerate(plan.ports):
            m.submodules[f"rom{r}"] = rom = Rom(output.bits, words, ports)
            looks += zip(rom.address, rom.data, strict=True)
        for unit, ((address, data), elements) in enumerate(zip(looks, plan.assignment, strict=True)):
            head = serialised(m, flow.load, [content(self.i.payload)[k] for k in elements], f"x{unit}_")
            m.d.comb += address.eq(head)
            looked_up = delayed(m, data, TABLE - Rom.latency, f"looked_up{unit}")
            for k, y in zip(elements, collected(m, looked_up, strobe, plan.queue, f"y{unit}_"), strict=True):
                driver.put(k, y)
        driver.close()
        m.d.comb += flow.done.eq(delayed(m, flow.start, plan.latency - 1, "done", reset=True))
        return m
