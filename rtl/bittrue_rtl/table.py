"""Look-up activation."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.elementwise import TABLE
from bittrue.lower.units import ElementUnit
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
    i : stream of vector(given, lanes), in
    o : stream of vector(layer.output, lanes), out
    """

    def __init__(self, unit: ElementUnit, bank_bits: int = 0) -> None:
        self.unit, self.bank_bits = unit, bank_bits
        (given,), lanes = unit.given, unit.output.lanes
        super().__init__(
            {
                "i": In(stream.Signature(tagged(vector(given, lanes), bank_bits))),
                "o": Out(stream.Signature(tagged(vector(unit.format, lanes), bank_bits))),
            }
        )
        self.inputs = [self.i]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan, output, lo = self.unit.plan, self.unit.format, self.unit.given[0].lo
        layer: Table = self.unit.layer  # type: ignore[assignment]
        shape = vector(output, self.unit.output.lanes)
        m.submodules.flow = flow = Flow(shape, plan.interval, plan.latency, self.bank_bits)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        m.d.comb += [flow.valid.eq(self.i.valid), self.i.ready.eq(flow.open)]
        if self.bank_bits:
            m.d.comb += flow.bank.eq(self.i.payload.bank)
        # A code as a bit pattern counts from 0 to hi and then from lo to -1: the ROM holds the values in that order.
        words = [*layer.values[-lo:], *layer.values[:-lo]]
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
