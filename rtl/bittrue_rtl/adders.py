"""The adders of a weighted sum between registers, as `bittrue.lower.pipelined_matrix` has them."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import C, Cat, Module, Shape, Signal, Value, signed, unsigned

from bittrue.lower.adder_graph import Adder, word_bits
from bittrue.lower.pipelined_matrix import PipelinedMatrix
from bittrue.num import Interval
from bittrue_rtl.delay import held


def shape_of(interval: Interval) -> Shape:
    """Of a word with values in an interval."""
    bits = word_bits(interval)
    return unsigned(bits) if interval.lo >= 0 else signed(bits)


class Adders:
    """All words of the graph of ``plan``, and their delays, in ``m``.

    Parameters
    ----------
    m : Module
    plan : PipelinedMatrix
    given : sequence of Value
        The inputs, in clock 0.
    """

    def __init__(self, m: Module, plan: PipelinedMatrix, given: Sequence[Value]) -> None:
        self.m, self.plan = m, plan
        self._known: dict[int, dict[int, Value]] = {}
        self._wanted = plan.wanted()
        graph = plan.graph
        for k, value in enumerate(given):
            self._keep(k, value)
        for k, constant in enumerate(graph.constants, graph.inputs):
            self._known[k] = {0: C(constant, shape_of(Interval(constant, constant)))}
        for k, adder in enumerate(graph.adders, graph.first):
            self._keep(k, self._sum(k, adder))

    def at(self, word: int, clock: int) -> Value:
        """A word in a clock: one in which `PipelinedMatrix.wanted` has it, or its own."""
        known = self._known[word]
        return known[0] if self.plan.graph.inputs <= word < self.plan.graph.first else known[clock]

    def _keep(self, word: int, value: Value) -> None:
        """Note a word in its clock, and in all in which it is wanted."""
        own = Signal(shape_of(self.plan.intervals[word]), name=f"word{word}")
        self.m.d.comb += own.eq(value)
        clock = self.plan.clock(word)
        known = self._known[word] = {clock: own}
        for later in self._wanted.get(word, ()):
            known[later] = held(self.m, known[clock], later - clock, f"word{word}_at{later}")
            clock = later

    def _sum(self, word: int, adder: Adder) -> Value:
        """What an adder gives, in as many bits as its word has; it does not touch bits below a shifted operand."""
        clock, bits = self.plan.clock(word), word_bits(self.plan.intervals[word])
        left, right = self.at(adder.left.node, clock), self.at(adder.right.node, clock)
        if adder.left.shift and not adder.subtracts:
            left, right, distance = right, left, adder.left.shift
        elif adder.left.shift:
            return left.shift_left(adder.left.shift) - right
        else:
            distance = adder.right.shift
        if not 0 < distance < bits:
            return left - right if adder.subtracts else left + right
        extended = Signal(signed(bits), name=f"left{word}")
        self.m.d.comb += extended.eq(left)
        upper = left.shift_right(distance) if distance < len(left) else C(0, 1)
        if distance >= len(left) and left.shape().signed:
            upper = left[-1:].as_signed()
        return Cat(extended[:distance], (upper - right if adder.subtracts else upper + right)[: bits - distance])
