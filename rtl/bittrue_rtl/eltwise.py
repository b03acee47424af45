"""Layers that work element by element on tensors that come together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_, xor

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.units import ElementUnit
from bittrue.spec import BitwiseOr, ComplexMul, Eltwise, Mul, Sub
from bittrue_rtl.delay import delayed
from bittrue_rtl.flow import Flow
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.serial import busy, collected, serialised
from bittrue_rtl.shapes import Driver, content, tagged, vector


class ElementDatapath:
    """What a unit computes of an element's operands, `Elementwise.clocks` later, every clock.

    Parameters
    ----------
    unit : ElementUnit
    flagged : bool
        Note which results are clamped.
    """

    def __init__(self, unit: ElementUnit, *, flagged: bool = False) -> None:
        self.unit, self.flagged = unit, flagged

    def result(self, m: Module, name: str, operands: Sequence[list[Value]], part: int) -> tuple[Value, list[Value]]:
        """The result of a unit, `Elementwise.clocks` after its operands; and whether it was clamped."""
        unit, layer = self.unit, self.unit.layer
        if not isinstance(layer, Eltwise):
            combined = reduce(or_ if isinstance(layer, BitwiseOr) else xor, operands[0])
            return delayed(m, combined.as_signed(), 1, f"bits{name}"), [Signal(1, name=f"never{name}")]
        if isinstance(layer, ComplexMul):
            acc = self._complex_product(m, name, operands, part)
        elif isinstance(layer, Mul):
            product = Signal(signed(unit.acc_bits), name=f"product{name}", reset_less=True)
            m.d.sync += product.eq(operands[0][0] * operands[0][1])
            acc = delayed(m, product, 1, f"product{name}")
        else:
            acc = self._sum(m, name, layer, operands[0])
        rounder = Requantise(unit.acc_bits, layer.shift(unit.given), unit.format, flagged=self.flagged)
        m.submodules[f"round{name}"] = rounder
        m.d.comb += rounder.acc.eq(acc)
        return rounder.y, [rounder.clamped] if self.flagged else []

    def _sum(self, m: Module, name: str, layer: Eltwise, operands: Sequence[Value]) -> Value:
        """Operands at the accumulator's scale, added or subtracted one a clock."""
        frac = layer.acc_frac(self.unit.given)
        aligned = [x.shift_left(frac - fmt.frac) for x, fmt in zip(operands, self.unit.given, strict=True)]
        total = aligned[0]
        for k, operand in enumerate(aligned[1:], 1):
            following = Signal(signed(self.unit.acc_bits), name=f"sum{name}_{k}", reset_less=True)
            late = delayed(m, operand, k - 1, f"operand{name}_{k}")
            m.d.sync += following.eq(total - late if isinstance(layer, Sub) else total + late)
            total = following
        return total

    def _complex_product(self, m: Module, name: str, operands: Sequence[list[Value]], part: int) -> Value:
        """``a_I b_I - a_Q b_Q`` for part 0, ``a_I b_Q + a_Q b_I`` for part 1."""
        (a_i, b_i), (a_q, b_q) = operands
        products = []
        for k, (left, right) in enumerate([(a_i, b_q), (a_q, b_i)] if part else [(a_i, b_i), (a_q, b_q)]):
            product = Signal(signed(len(left) + len(right)), name=f"product{name}_{k}", reset_less=True)
            m.d.sync += product.eq(left * right)
            products.append(product)
        acc = Signal(signed(self.unit.acc_bits), name=f"acc{name}", reset_less=True)
        m.d.sync += acc.eq(products[0] + products[1] if part else products[0] - products[1])
        return acc


class EltwiseStreams(wiring.Component):
    """``y = requantise(operation on aligned operands)``, or one on bits; a beat is taken from every input at once.

    Ports
    -----
    i0, i1, ... : stream of vector(given[k], lanes), in
    o : stream of vector(format, lanes), out
    saturated : out
        With ``flagged``: high for a clock when elements of a result were clamped.

    With banks all operands carry the same one, but for constants, which carry none; that of input ``bank_from`` counts.
    """

    def __init__(self, unit: ElementUnit, bank_bits: int = 0, bank_from: int = 0, *, flagged: bool = False) -> None:
        self.unit, self.bank_bits, self.bank_from, self.flagged = unit, bank_bits, bank_from, flagged
        lanes = unit.output.lanes
        ports = {
            f"i{k}": In(stream.Signature(tagged(vector(fmt, lanes), bank_bits))) for k, fmt in enumerate(unit.given)
        }
        result = Out(stream.Signature(tagged(vector(unit.format, lanes), bank_bits)))
        super().__init__({**ports, "o": result} | ({"saturated": Out(1)} if flagged else {}))
        self.inputs = [getattr(self, name) for name in ports]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        unit, plan = self.unit, self.unit.plan
        pair = 2 if isinstance(unit.layer, ComplexMul) else 1
        m.submodules.flow = flow = Flow(
            vector(unit.format, unit.output.lanes), plan.interval, plan.latency, self.bank_bits
        )
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        all_valid = Cat(port.valid for port in self.inputs).all()
        for port in self.inputs:
            m.d.comb += port.ready.eq(all_valid & flow.open)
        m.d.comb += flow.valid.eq(all_valid)
        strobe = busy(m, flow.start, plan.queue, plan.clocks)
        datapath = ElementDatapath(unit, flagged=self.flagged)
        clamped, driver = [], Driver(m, flow.result)
        for number, elements in enumerate(plan.assignment):
            operands = [self._operands(m, flow, number, elements, pair, part) for part in range(pair)]
            for part in range(pair):
                y, clamp = datapath.result(m, f"{number}_{part}", operands, part)
                clamped += clamp
                results = collected(m, y, strobe, plan.queue, f"y{number}_{part}_")
                for k, element in zip(elements, results, strict=True):
                    driver.put(k * pair + part, element)
        if self.flagged:
            saturated = Signal()
            m.d.sync += saturated.eq(strobe & Cat(*clamped).any())
            m.d.comb += self.saturated.eq(saturated)
        if self.bank_bits:
            m.d.comb += flow.bank.eq(self.inputs[self.bank_from].payload.bank)
        driver.close()
        m.d.comb += flow.done.eq(delayed(m, flow.start, plan.latency - 1, "done", reset=True))
        return m

    def _operands(
        self, m: Module, flow: Flow, number: int, elements: Sequence[int], pair: int, part: int
    ) -> list[Value]:
        """A unit's elements of every input, one a clock: of pairs, those of one part."""
        return [
            serialised(
                m, flow.load, [content(port.payload)[e * pair + part] for e in elements], f"x{number}_{part}_{k}_"
            )
            for k, port in enumerate(self.inputs)
        ]
