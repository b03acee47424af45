"""Units that take inputs every clock, as `bittrue.lower.pipelined` has them: no handshake, no enable, no reset of data.

Only delay lines of samples know when a sample comes: a pipeline also carries clocks in which there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.bram import PORTS
from bittrue.lower.pipelined import PipelinedUnit
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.products import odd_part, signed_bits
from bittrue.lower.units import ConstantUnit, ElementUnit, FeatureUnit, JoinUnit
from bittrue.spec import ComplexMul, Table
from bittrue_rtl.adders import Adders
from bittrue_rtl.delay import delayed
from bittrue_rtl.eltwise import ElementDatapath
from bittrue_rtl.features import WordDatapath
from bittrue_rtl.pipelined_lanes import LaneMatrix
from bittrue_rtl.pipelined_rows import finish, summed
from bittrue_rtl.rom import Rom
from bittrue_rtl.shapes import drive, vector


class FreeFeatures(wiring.Component):
    """The words of every sample, and the delayed ones that make up a vector; history is zero at first.

    Parameters
    ----------
    part : PipelinedUnit
        Of a `FeatureUnit`.
    flagged : bool

    Ports
    -----
    i : vector(source, 2), in
        ``i0``, ``i1``, .. where several samples are taken in a clock, the oldest first; so are vectors given.
    early : in
        High ``features.latency - 1`` clocks after a sample was on ``i``: the delay lines move two clocks later.
    o : vector(output, len(picks)), out
    clamped : out
        With ``flagged``: a word of the newest samples in ``o`` was clamped.
    """

    def __init__(self, part: PipelinedUnit, *, flagged: bool = False) -> None:
        assert isinstance(part.unit, FeatureUnit)
        self.part, self.features, self.samples, self.flagged = part, part.unit.features, part.samples, flagged
        features, each = self.features, ([""] if self.samples == 1 else list(map(str, range(self.samples))))
        ports = {f"i{k}": In(vector(features.source, 2)) for k in each} | {"early": In(1)}
        ports |= {f"o{k}": Out(vector(features.output, len(features.picks))) for k in each}
        super().__init__(ports | ({"clamped": Out(1)} if flagged else {}))
        self.inputs, self.outputs = ([getattr(self, f"{end}{k}") for k in each] for end in "io")

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        words, clamped = [], []
        for k, given in enumerate(self.inputs):
            inner = m if self.samples == 1 else Module()
            datapath = WordDatapath(self.features, flagged=self.flagged)
            words.append(datapath.words(inner, given))
            clamped += self._late_flags(inner, datapath) if self.flagged else []
            if inner is not m:
                m.submodules[f"sample{k}"] = inner
        shift = delayed(m, self.early, 1, "shift", reset=True, wide=True)
        lines: list[list[list[Signal]]] = []
        for k, reaches in enumerate(self.part.reaches):
            lines.append([])
            for sample, reach in enumerate(reaches):
                name = f"word{k}_t" if self.samples == 1 else f"word{k}_{sample}_t"
                line = [Signal(signed(self.features.output.bits), name=f"{name}{t}") for t in range(reach + 1)]
                with m.If(shift):
                    m.d.sync += [to.eq(source) for to, source in zip(line, [words[sample][k], *line], strict=False)]
                lines[-1].append(line)
        for k, made in enumerate(self.outputs):
            places = ((word, divmod(k - delay, self.samples)) for word, delay in self.features.picks)
            drive(m, made, (lines[word][sample][-back] for word, (back, sample) in places))
        if self.flagged:
            m.d.comb += self.clamped.eq(delayed(m, Cat(*clamped).any(), 1, "clamped"))
        return m

    def _late_flags(self, m: Module, datapath: WordDatapath) -> list[Value]:
        """Whether words were clamped, in the clock of all of them."""
        found = []
        for word in self.features.words:
            name = f"power{word.power}" if word.part == "E" else f"{word.part.lower()}{word.power}"
            wait = self.features.latency - self.features.ready_at(word)
            found.append(delayed(m, datapath.clamped[name], wait, f"clamped_{name}"))
        return found


class FreeMatrix(wiring.Component):
    """A matrix-vector product: adders, chains of DSP48E1, and a requantiser a row.

    Ports
    -----
    i : vector(given, inputs), in
    o : vector(output, rows), out
    clamped : out
        With ``flagged``: a word of the vector on ``o`` was clamped.
    """

    def __init__(self, plan: PipelinedMatrix, *, flagged: bool = False) -> None:
        self.plan, self.flagged, matrix = plan, flagged, plan.matrix
        rows, inputs = matrix.weight.shape
        ports = {"i": In(vector(matrix.given, inputs)), "o": Out(vector(matrix.output, rows))}
        super().__init__(ports | ({"clamped": Out(1)} if flagged else {}))

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan = self.plan
        adders, sums = Adders(m, plan, list(self.i)), []
        for row in plan.rows():
            acc = Signal(signed(max(1, plan.acc[row].bits)), name=f"acc{row}")
            m.d.comb += acc.eq(
                self._chain(m, adders, row) if plan.chains[row] else summed(adders, row, plan.summed(row))
            )
            sums.append(acc)
        finish(m, self, sums)
        return m

    def _chain(self, m: Module, adders: Adders, row: int) -> Value:
        """The sum of a row with products in DSP48E1: operand, product and sum registers, and one for the first addend.

        A product's operand comes a clock after that before it, so that every block adds the sum of the one before.
        """
        plan, matrix = self.plan, self.plan.matrix
        first = summed(adders, row, plan.start)
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
    clamped : out
        With ``flagged``: a word of the vector on ``o`` was clamped.
    """

    def __init__(self, unit: ElementUnit, *, flagged: bool = False) -> None:
        self.unit, self.flagged, lanes = unit, flagged, unit.output.lanes
        ports = {f"i{k}": In(vector(fmt, lanes)) for k, fmt in enumerate(unit.given)}
        super().__init__({**ports, "o": Out(vector(unit.format, lanes))} | ({"clamped": Out(1)} if flagged else {}))
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
        datapath, found, clamped = ElementDatapath(self.unit, flagged=self.flagged), [], []
        for n in range(0, self.unit.output.lanes, pair):
            operands = [[words[n + part] for words in registered] for part in range(pair)]
            for part in range(pair):
                result, flags = datapath.result(m, str(n + part), operands, part)
                found.append(result)
                clamped += flags
        drive(m, self.o, found)
        if self.flagged:
            m.d.comb += self.clamped.eq(Cat(*clamped).any())
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


def free(part: PipelinedUnit, interval: int, *, flagged: bool = False) -> Any:
    """The component of a unit: vectors ``i`` or ``i0``, ``i1``, ... in, ``o`` out; of one sample of several, but for
    features. With ``flagged``, what clamps has a port ``clamped``."""
    unit = part.unit
    if isinstance(unit, FeatureUnit):
        return FreeFeatures(part, flagged=flagged)
    if isinstance(unit, ElementUnit):
        return FreeTable(unit) if isinstance(unit.layer, Table) else FreeElements(unit, flagged=flagged)
    if isinstance(unit, JoinUnit):
        return FreeJoin(unit)
    if isinstance(unit, ConstantUnit):
        return FreeConstant(unit)
    assert part.product  # a matrix: there is no other
    if interval > 1:
        return LaneMatrix(part.product, interval, flagged=flagged)
    return FreeMatrix(part.product, flagged=flagged)


class FreeChain(wiring.Component):
    """Features and the matrix that weighs them, as one component.

    Parameters
    ----------
    first : FreeFeatures
    last : sequence of FreeMatrix or LaneMatrix
        One a sample of a clock.

    Ports
    -----
    i, early, o, clamped
        Those of the first and of the last.
    phase, bank, load
        Of the last, counted from when it takes its vector.
    """

    def __init__(self, first: FreeFeatures, last: Sequence[Any]) -> None:
        self.first, self.last = first, last
        each = [""] if len(last) == 1 else list(map(str, range(len(last))))
        ports = {f"i{k}": In(first.inputs[0].shape()) for k in each} | {"early": In(1)}
        ports |= {f"o{k}": Out(last[0].o.shape()) for k in each}
        self.steering = [name for name in ("phase", "bank", "load") if hasattr(last[0], name)]
        ports |= {name: In(getattr(last[0], name).shape()) for name in self.steering}
        self.flagged = hasattr(last[0], "clamped")
        super().__init__(ports | ({"clamped": Out(1)} if self.flagged else {}))
        self.inputs, self.outputs = ([getattr(self, f"{end}{k}") for k in each] for end in "io")

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.features = self.first
        for k, last in enumerate(self.last):
            m.submodules["matrix" if len(self.last) == 1 else f"matrix{k}"] = last
        m.d.comb += [inner.eq(outer) for inner, outer in zip(self.first.inputs, self.inputs, strict=True)]
        m.d.comb += self.first.early.eq(self.early)
        for made, last, outer in zip(self.first.outputs, self.last, self.outputs, strict=True):
            m.d.comb += [last.i.eq(made), outer.eq(last.o)]
            m.d.comb += [getattr(last, name).eq(getattr(self, name)) for name in self.steering]
        if self.flagged:
            m.d.comb += self.clamped.eq(Cat(last.clamped for last in self.last).any())
        return m
