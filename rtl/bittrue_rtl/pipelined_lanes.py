"""Chains of DSP48E1 with weights that change: in turn, where a vector comes every second or third clock, or by loading.

Nothing stalls: which turn it is depends on the clock alone, so that all steering is the same for every vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from amaranth.hdl import C, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.loaded_matrix import READ
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.lower.products import signed_bits
from bittrue_rtl.adders import Adders
from bittrue_rtl.banks import Banks
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.load import hop, loaded_words
from bittrue_rtl.mac import Lane
from bittrue_rtl.pipelined_rows import finish, summed
from bittrue_rtl.shapes import load_bus, vector


class LaneMatrix(wiring.Component):
    """A matrix-vector product every ``interval`` clocks: adders, and chains of lanes, each with some weights in turn.

    Parameters
    ----------
    plan : PipelinedMatrix
    interval : int
        Clocks a vector, as many as ``plan.turns`` or more.
    banks : Banks, optional
        Memories of weights and biases, for a `bittrue.lower.loaded_matrix.LoadedMatrix`.
    flagged : bool

    Ports
    -----
    i : vector(given, inputs), in
    phase : in
        Bit ``c % interval`` is high ``c`` clocks after a vector may have been on ``i``.
    bank : in
        With banks: that of the vector, with it and until the next may come.
    load : load_bus, in
        With banks.
    o : vector(output, rows), out
    clamped : out
        With ``flagged``: a word of the vector on ``o`` was clamped.
    """

    def __init__(
        self, plan: PipelinedMatrix, interval: int, banks: Banks | None = None, *, flagged: bool = False
    ) -> None:
        self.plan, self.interval, self.banks, self.flagged = plan, interval, banks, flagged
        matrix = plan.matrix
        rows, inputs = matrix.weight.shape
        ports = {"i": In(vector(matrix.given, inputs)), "phase": In(interval), "o": Out(vector(matrix.output, rows))}
        if banks:
            ports |= {"bank": In(banks.plan.bank_bits), "load": In(load_bus(banks.plan))}
        super().__init__(ports | ({"clamped": Out(1)} if flagged else {}))

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan = self.plan
        later = Signal(self.interval, attrs=WIDE)  # a copy of its own, so that a register here steers what is here
        m.d.sync += later.eq(self.phase)
        self._phases = [later[(clock - 1) % self.interval] for clock in range(self.interval)]
        self._chosen: dict[tuple[int, ...], Value] = {}
        adders = Adders(m, plan, list(self.i))
        words = self._memories(m)
        sums = []
        for row in plan.rows():
            chain = plan.chains[row]
            acc = Signal(signed(max(1, plan.acc[row].bits)), name=f"acc{row}")
            m.d.comb += acc.eq(self._chain(m, adders, row, words) if chain else summed(adders, row, plan.summed(row)))
            sums.append(acc)
        finish(m, self, sums)
        return m

    def _at(self, clock: int) -> Value:
        """High in a clock, counted from that in which a vector came, and an interval before and after."""
        return self._phases[clock % self.interval]

    def _memories(self, m: Module) -> dict[tuple[str, int], list[Value]]:
        """Words of every row, by kind and place in the chain, in the clock in which that takes them."""
        if self.banks is None:
            return {}
        plan, found = self.plan, {}
        bus = hop(m, self.load, "load_here")
        last = plan.operand((len(plan.chains[0]) - 1) // plan.turns * plan.turns) - READ
        line = [self.bank]
        for clock in range(1, max(READ, last) + 1):
            line.append(delayed(m, line[-1], 1, f"bank{clock}"))
        if plan.matrix.bias_word:
            clock = plan.start if plan.turns > 1 else plan.start + 1
            found["bias", 0] = loaded_words(m, bus, self.banks, "bias", 0, C(0, 1), line[clock - READ])
        for segment, place in enumerate(range(0, len(plan.chains[0]), plan.turns)):
            clock = plan.operand(place) - READ
            turn = Cat(reduce(or_, high) for high in self._bits_of_turn(clock))
            m.submodules[f"segment{segment}"] = inner = Module()
            found["weight", segment] = loaded_words(inner, bus, self.banks, "weight", segment, turn, line[clock])
        return found

    def _bits_of_turn(self, clock: int) -> list[list[Value]]:
        """What the bits of the number of a turn are made of, the first turn being in a clock."""
        bits = (self.plan.turns - 1).bit_length()
        turns = range(self.plan.turns)
        return [[self._at(clock + turn) for turn in turns if turn >> k & 1] for k in range(bits)]

    def _chain(self, m: Module, adders: Adders, row: int, words: dict[tuple[str, int], list[Value]]) -> Value:
        """The sum of a row, over its blocks."""
        plan = self.plan
        total: Value
        if self.banks is None:
            total = summed(adders, row, plan.start)
        else:
            total = words["bias", 0][row] if plan.matrix.bias_word else C(0, 1)
        for block, place in enumerate(range(0, len(plan.chains[row]), plan.turns)):
            group = plan.chains[row][place : place + plan.turns]
            x = self._operand(m, adders, place, group)
            name = f"block{row}_{block}"
            if self.banks is not None:
                weight = words["weight", block][row]
                if plan.turns == 1:
                    total = _direct(m, x, weight, total, plan.matrix.acc_bits, name)
                else:
                    total = self._lane(m, x, weight, 0, total, row, place, name)
                continue
            codes = [plan.weight(row, given) for given in group]
            zeros = (reduce(or_, codes) & -reduce(or_, codes)).bit_length() - 1
            weight = self._in_turn(m, codes, zeros, place, name)
            total = self._lane(m, x, weight, zeros, total, row, place, name)
        return total

    def _operand(self, m: Module, adders: Adders, place: int, group: Sequence[int]) -> Value:
        """The input of a block in each turn."""
        key = (place, *group)
        if key not in self._chosen:
            given = [(place + turn, x) for turn, x in enumerate(group)]
            values = [(self._at(self.plan.operand(at)), adders.at(x, self.plan.operand(at))) for at, x in given]
            if len(values) == 1:
                self._chosen[key] = values[0][1]
            else:
                x = Signal(signed(max(len(v) + 1 - v.shape().signed for _, v in values)), name=f"x{len(self._chosen)}")
                m.d.comb += x.eq(reduce(or_, (Mux(now, _wide(value, len(x)), 0) for now, value in values)))
                self._chosen[key] = x
        return self._chosen[key]

    def _in_turn(self, m: Module, codes: Sequence[int], zeros: int, place: int, name: str) -> Value:
        """Weights without their common zeros at the lower end, each in its turn; none in turns that are left."""
        odd = [code >> zeros for code in codes]
        weight = Signal(signed(max(map(signed_bits, odd))), name=f"{name}_w")
        turns = [(self._at(self.plan.operand(place + turn)), code) for turn, code in enumerate(odd)]
        m.d.comb += weight.eq(reduce(or_, (Mux(now, C(code, weight.shape()).as_unsigned(), 0) for now, code in turns)))
        return weight

    def _lane(
        self, m: Module, x: Value, weight: Value, zeros: int, total: Value, row: int, place: int, name: str
    ) -> Value:
        """A lane that starts from ``total`` and adds up the products of its turns; bits below ``zeros`` pass.

        ``total`` is there a clock after the first operand.
        """
        first = self.plan.operand(place)
        constant = total.value if isinstance(total, C) else None
        bits = max(zeros + 1, self.plan.acc[row].bits) - zeros
        start = None if constant is None else constant >> zeros
        m.submodules[name] = lane = Lane(len(weight), len(x) + 1 - x.shape().signed, bits, start)
        begins = self._at(first + Lane.first_lead)
        m.d.comb += [lane.weight.eq(weight), lane.given.eq(x), lane.first.eq(begins)]
        if start is None:
            m.d.comb += lane.carry.eq(total.shift_right(zeros))
        if not zeros:
            return lane.acc
        passed = Signal(zeros, name=f"{name}_low")
        if constant is not None:
            m.d.comb += passed.eq(constant)
        else:
            waiting = delayed(m, total[:zeros], 1, f"{name}_waiting")
            with m.If(begins):
                m.d.sync += passed.eq(waiting)
        return Cat(passed, lane.acc).as_signed()


def _wide(value: Value, bits: int) -> Value:
    """A signed word of so many bits, as a pattern."""
    return Cat(value, (value[-1] if value.shape().signed else C(0, 1)).replicate(bits - len(value)))


def _direct(m: Module, x: Value, weight: Value, total: Value, acc_bits: int, name: str) -> Value:
    """``total + weight * x``, one weight a block: registers of both operands, of the product, of the sum.

    ``total`` comes with the product.
    """
    a = delayed(m, weight, 1, f"{name}_a")
    b = delayed(m, x, 1, f"{name}_b")
    product = Signal(signed(len(a) + len(b)), name=f"{name}_m", reset_less=True)
    acc = Signal(signed(acc_bits), name=f"{name}_p", reset_less=True)
    m.d.sync += [product.eq(a * b), acc.eq(total + product)]
    return acc
