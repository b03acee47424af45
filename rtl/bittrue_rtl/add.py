"""Sum of parallel branches."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.elementwise import Elementwise, add_clocks
from bittrue.num import Format
from bittrue.spec import Add
from bittrue_rtl.delay import delayed
from bittrue_rtl.flow import Flow
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.serial import busy, collected, serialised
from bittrue_rtl.shapes import Driver, content, tagged, vector


class AddStreams(wiring.Component):
    """``y = requantise(sum of aligned operands)``; a vector is taken from every input at once.

    Ports
    -----
    i : list of streams of vector(given[k], elements), in
    o : stream of vector(layer.output, elements), out
    saturated : out
        With banks: high for a clock when elements of a result were clamped. All operands carry the same bank.
    """

    def __init__(
        self, layer: Add, given: Sequence[Format], elements: int, acc_bits: int, interval: int, bank_bits: int = 0
    ) -> None:
        self.layer, self.given, self.elements, self.acc_bits = layer, tuple(given), elements, acc_bits
        self.bank_bits = bank_bits
        self.plan = Elementwise(elements, interval, add_clocks(len(given)))
        ports = {
            f"i{k}": In(stream.Signature(tagged(vector(fmt, elements), bank_bits))) for k, fmt in enumerate(self.given)
        }
        result = Out(stream.Signature(tagged(vector(layer.output, elements), bank_bits)))
        super().__init__({**ports, "o": result} | ({"saturated": Out(1)} if bank_bits else {}))
        self.inputs = [getattr(self, name) for name in ports]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan, output = self.plan, self.layer.output
        shape = vector(output, self.elements)
        m.submodules.flow = flow = Flow(shape, plan.interval, plan.latency, self.bank_bits)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        all_valid = Signal()
        accept = all_valid & flow.open
        m.d.comb += all_valid.eq(1)
        for port in self.inputs:
            with m.If(~port.valid):
                m.d.comb += all_valid.eq(0)
            m.d.comb += port.ready.eq(accept)
        m.d.comb += flow.valid.eq(all_valid)
        strobe = busy(m, flow.start, plan.queue, plan.clocks)
        clamped, driver = [], Driver(m, flow.result)
        for unit, elements in enumerate(plan.assignment):
            rounder = self._sum(m, flow, unit, elements)
            for k, element in zip(elements, collected(m, rounder.y, strobe, plan.queue, f"y{unit}_"), strict=True):
                driver.put(k, element)
            if self.bank_bits:
                clamped.append(rounder.clamped)
        if self.bank_bits:
            saturated = Signal()
            m.d.sync += saturated.eq(strobe & Cat(*clamped).any())
            m.d.comb += [self.saturated.eq(saturated), flow.bank.eq(self.i0.payload.bank)]
        driver.close()
        m.d.comb += flow.done.eq(delayed(m, flow.start, plan.latency - 1, "done", reset=True))
        return m

    def _sum(self, m: Module, flow: Flow, unit: int, elements: list[int]) -> Requantise:
        """One adder chain and its requantiser: an element a clock."""
        frac = self.layer.acc_frac(self.given)
        total = None
        for k, (port, fmt) in enumerate(zip(self.inputs, self.given, strict=True)):
            head = serialised(m, flow.load, [content(port.payload)[e] for e in elements], f"x{unit}_{k}_")
            operand = head.shift_left(frac - fmt.frac)
            if total is None:
                total = operand
                continue
            following = Signal(signed(self.acc_bits), name=f"sum{unit}_{k}", reset_less=True)
            m.d.sync += following.eq(total + delayed(m, operand, k - 1, f"operand{unit}_{k}"))
            total = following
        m.submodules[f"round{unit}"] = rounder = Requantise(
            self.acc_bits, self.layer.shift(self.given), self.layer.output, flagged=bool(self.bank_bits)
        )
        m.d.comb += rounder.acc.eq(total)
        return rounder
