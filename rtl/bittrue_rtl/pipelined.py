"""Units that take inputs every clock, as `bittrue.lower.pipelined` has them: no handshake, no enable, no reset of data.

Only delay lines of samples know when a sample comes: a pipeline also carries clocks in which there is none.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import PORTS
from bittrue.lower.features import REQUANTISE, Features
from bittrue.lower.pipelined import PipelinedUnit
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.products import odd_part, signed_bits
from bittrue.lower.units import ConstantUnit, ElementUnit, FeatureUnit, JoinUnit
from bittrue.spec import ComplexMul, Table
from bittrue_rtl.adders import Adders
from bittrue_rtl.delay import delayed, held
from bittrue_rtl.eltwise import ElementDatapath
from bittrue_rtl.features import WordDatapath
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.rom import Rom
from bittrue_rtl.shapes import drive, vector


class FreeFeatures(wiring.Component):
    """The words of every sample, and the delayed ones that make up a vector; history is zero at first.

    Ports
    -----
    i : vector(source, 2), in
    early : in
        High ``features.latency - 1`` clocks after a sample was on ``i``: the delay lines move two clocks later.
    o : vector(output, len(picks)), out
    """

    def __init__(self, features: Features) -> None:
        self.features = features
        output = vector(features.output, len(features.picks))
        super().__init__({"i": In(vector(features.source, 2)), "early": In(1), "o": Out(output)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        features = self.features
        words = WordDatapath(features).words(m, self.i)
        shift = delayed(m, self.early, 1, "shift", reset=True, wide=True)
        lines = []
        for k, word in enumerate(words):
            reach = max(delay for number, delay in features.picks if number == k)
            line = [Signal(signed(features.output.bits), name=f"word{k}_t{t}") for t in range(reach + 1)]
            with m.If(shift):
                m.d.sync += [to.eq(source) for to, source in zip(line, [word, *line], strict=False)]
            lines.append(line)
        drive(m, self.o, (lines[k][delay] for k, delay in features.picks))
        return m


class FreeMatrix(wiring.Component):
    """A matrix-vector product: adders, chains of DSP48E1, and a requantiser a row.

    Ports
    -----
    i : vector(given, inputs), in
    o : vector(output, rows), out
    """

    def __init__(self, plan: PipelinedMatrix) -> None:
        self.plan, matrix = plan, plan.matrix
        rows, inputs = matrix.weight.shape
        super().__init__({"i": In(vector(matrix.given, inputs)), "o": Out(vector(matrix.output, rows))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan, matrix = self.plan, self.plan.matrix
        adders, rounded = Adders(m, plan, list(self.i)), []
        for row in plan.rows():
            bits = max(1, plan.acc[row].bits)
            acc = Signal(signed(bits), name=f"acc{row}")
            m.d.comb += acc.eq(self._chain(m, adders, row) if plan.chains[row] else self._summed(adders, row))
            m.submodules[f"round{row}"] = rounder = Requantise(
                bits, matrix.shift, matrix.output, matrix.negative_shift, magnitude=matrix.magnitude
            )
            m.d.comb += rounder.acc.eq(acc)
            rounded.append(held(m, rounder.y, plan.latency - plan.ready(row) - REQUANTISE, f"y{row}"))
        drive(m, self.o, rounded)
        return m

    def _summed(self, adders: Adders, row: int, clock: int | None = None) -> Value:
        """The graph's output of a row, in its own clock or a later one."""
        term = self.plan.graph.outputs[row]
        if term is None:
            return Value.cast(0)
        return adders.at(term.node, self.plan.summed(row) if clock is None else clock).shift_left(term.shift)

    def _chain(self, m: Module, adders: Adders, row: int) -> Value:
        """The sum of a row with products in DSP48E1: operand, product and sum registers, and one for the first addend.

        A product's operand comes a clock after that before it, so that every block adds the sum of the one before.
        """
        plan, matrix = self.plan, self.plan.matrix
        first = self._summed(adders, row, plan.start)
        term = plan.graph.outputs[row]
        if term is not None and not plan.graph.inputs <= term.node < plan.graph.first:  # a constant needs no register
            first = delayed(m, first, 1, f"addend{row}", reset=True)  # no shift register, which would be late
        total = first
        for place, given in enumerate(plan.chains[row]):
            x = adders.at(given, plan.operand(place))
            total = _block(m, x, plan.weight(row, given), total, matrix.acc_bits, f"block{row}_{place}")
        return total


def _block(m: Module, x: Value, weight: int, total: Value, acc_bits: int, name: str) -> Value:
    """``total + weight * x``: the register of the operand, a clock later that of the product, then that of the sum.

    ``total`` comes with the product. Zeros at the lower end of a weight stay outside, or synthesis takes them out and
    with them the register of the sum: bits of ``total`` below them pass.
    """
    zeros = (weight & -weight).bit_length() - 1
    odd = odd_part(weight)
    operand = Signal(signed(len(x) + 1 - x.shape().signed), name=f"{name}_b", reset_less=True)
    product = Signal(signed(len(operand) + signed_bits(odd)), name=f"{name}_m", reset_less=True)
    acc = Signal(signed(acc_bits - zeros), name=f"{name}_p", reset_less=True)
    m.d.sync += [operand.eq(x), product.eq(operand * odd), acc.eq(total.shift_right(zeros) + product)]
    if not zeros:
        return acc
    passed = Signal(zeros, name=f"{name}_low")  # with a reset no shift register, which would be late
    m.d.sync += passed.eq(total)
    return Cat(passed, acc).as_signed()


class FreeTable(wiring.Component):
    """``y = values[x - lo]`` of every element; each ROM does two look-ups.

    Ports
    -----
    i, o : vector, in and out
    """

    def __init__(self, unit: ElementUnit) -> None:
        self.unit, (given,), lanes = unit, unit.given, unit.output.lanes
        super().__init__({"i": In(vector(given, lanes)), "o": Out(vector(unit.format, lanes))})
        self.inputs = [self.i]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        unit, lo, found = self.unit, self.unit.given[0].lo, []
        values = unit.layer.values  # type: ignore[attr-defined]
        words = [*values[-lo:], *values[:-lo]]
        for first in range(0, unit.output.lanes, PORTS):
            elements = range(first, min(first + PORTS, unit.output.lanes))
            m.submodules[f"rom{first // PORTS}"] = rom = Rom(unit.format.bits, words, len(elements))
            m.d.comb += [address.eq(self.i[k]) for address, k in zip(rom.address, elements, strict=True)]
            found += list(rom.data)
        drive(m, self.o, found)
        return m


class FreeElements(wiring.Component):
    """An operation element by element.

    Ports
    -----
    i0, i1, ... : vector(given[k], lanes), in
    o : vector(format, lanes), out
    """

    def __init__(self, unit: ElementUnit) -> None:
        self.unit, lanes = unit, unit.output.lanes
        ports = {f"i{k}": In(vector(fmt, lanes)) for k, fmt in enumerate(unit.given)}
        super().__init__({**ports, "o": Out(vector(unit.format, lanes))})
        self.inputs = [getattr(self, name) for name in ports]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        pair = 2 if isinstance(self.unit.layer, ComplexMul) else 1
        registered = []
        for k, (port, fmt) in enumerate(zip(self.inputs, self.unit.given, strict=True)):
            words = [Signal(signed(fmt.bits), name=f"x{k}_{n}", reset_less=True) for n in range(len(port))]
            m.d.sync += [word.eq(port[n]) for n, word in enumerate(words)]
            registered.append(words)
        datapath, found = ElementDatapath(self.unit), []
        for n in range(0, self.unit.output.lanes, pair):
            operands = [[words[n + part] for words in registered] for part in range(pair)]
            found += [datapath.result(m, str(n + part), operands, part)[0] for part in range(pair)]
        drive(m, self.o, found)
        return m


class FreeJoin(wiring.Component):
    """Elements of several vectors as those of one: wires.

    Ports
    -----
    i0, i1, ... : vector, in
    o : vector, out
    """

    def __init__(self, unit: JoinUnit) -> None:
        ports = {f"i{k}": In(vector(unit.format, source.lanes)) for k, source in enumerate(unit.sources)}
        super().__init__({**ports, "o": Out(vector(unit.format, unit.output.lanes))})
        self.inputs = [getattr(self, name) for name in ports]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.d.comb += Value.cast(self.o).eq(Cat(Value.cast(port) for port in self.inputs))
        return m


class FreeConstant(wiring.Component):
    """Values that are always there.

    Ports
    -----
    o : vector, out
    """

    def __init__(self, unit: ConstantUnit) -> None:
        self.unit = unit
        self.inputs: list[Any] = []
        super().__init__({"o": Out(vector(unit.format, unit.output.lanes))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        drive(m, self.o, self.unit.values[0])
        return m


def free(part: PipelinedUnit) -> Any:
    """The component of a unit: vectors ``i`` or ``i0``, ``i1``, ... in, ``o`` out."""
    unit = part.unit
    if isinstance(unit, FeatureUnit):
        return FreeFeatures(unit.features)
    if isinstance(unit, ElementUnit):
        return FreeTable(unit) if isinstance(unit.layer, Table) else FreeElements(unit)
    if isinstance(unit, JoinUnit):
        return FreeJoin(unit)
    if isinstance(unit, ConstantUnit):
        return FreeConstant(unit)
    assert part.product  # a matrix: there is no other
    return FreeMatrix(part.product)


class FreeChain(wiring.Component):
    """Features and the matrix that weighs them, as one component.

    Ports
    -----
    i, early, o
        Those of the first and of the last.
    """

    def __init__(self, units: tuple[PipelinedUnit, ...]) -> None:
        self.first, self.last = (free(unit) for unit in units)
        ends = {"i": In(self.first.i.shape()), "early": In(1), "o": Out(self.last.o.shape())}
        super().__init__(ends)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.features, m.submodules.matrix = self.first, self.last
        m.d.comb += [
            self.first.i.eq(self.i),
            self.first.early.eq(self.early),
            self.last.i.eq(self.first.o),
            self.o.eq(self.last.o),
        ]
        return m
