"""A matrix-vector product that takes a vector every clock: adders between registers, and chains of DSP48E1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bittrue.lower.adder_graph import AdderGraph, bits_added, word_bits
from bittrue.lower.adder_search import adder_graph
from bittrue.lower.features import REQUANTISE
from bittrue.lower.matrix import Matrix
from bittrue.lower.products import Places, chains_of
from bittrue.lower.stored import SHIFT, Stored
from bittrue.num import Interval

LEVELS = 1
"""Adders in a row between two registers."""

BLOCK = 2
"""Clocks from the register of a chain's first addend to its first sum, and from the operands to a product."""

SHORTEST = 4
"""Clocks of the shortest delay with a shift register: of 3 registers at least, with a flip-flop behind them."""


@dataclass(frozen=True, eq=False)
class PipelinedMatrix:
    """``acc = weight @ x + bias`` for a vector ``x`` every clock, then `Matrix`'s rounding.

    Row ``r`` is the output ``r`` of an adder graph, which has the biases too, and products in a chain of DSP48E1, each
    adding its product to the sum of the one before; the first one adds it to the graph's output. Where a vector comes
    every ``turns`` clocks only, each adds up so many products in turn. Clocks are counted from the one in which ``x``
    is there.

    Parameters
    ----------
    matrix : Matrix
    given : tuple of Interval
        Of every element of ``x``.
    acc : tuple of Interval
        Of every row's running sum.
    offered : frozenset of (int, int)
        Row and input of the weights that may have a DSP48E1.
    turns : int
        Clocks a vector.
    """

    matrix: Matrix
    given: tuple[Interval, ...]
    acc: tuple[Interval, ...]
    offered: Places
    turns: int = 1

    @cached_property
    def chains(self) -> tuple[tuple[int, ...], ...]:
        """Inputs whose products are in the chain of every row, in their order."""
        return chains_of(self.matrix, self.offered, self.turns)

    @cached_property
    def graph(self) -> AdderGraph:
        """What the chains do not multiply."""
        rest = self.matrix.weight.copy()
        for row, chain in enumerate(self.chains):
            rest[row, list(chain)] = 0
        return adder_graph(rest, self.matrix.bias)

    @cached_property
    def intervals(self) -> list[Interval]:
        """Of every word of the graph."""
        return self.graph.intervals(self.given)

    def clock(self, word: int) -> int:
        """The clock in which a word of the graph is added up, or an input or constant is there."""
        return max(0, self.graph.depths[word] - 1) // LEVELS

    def summed(self, row: int) -> int:
        """The clock in which the graph's output of a row is in a register, or a constant."""
        term = self.graph.outputs[row]
        return 0 if term is None or not self.graph.depths[term.node] else self.clock(term.node) + 1

    @cached_property
    def start(self) -> int:
        """The clock in which all chains take up the graph's outputs: the same for all, so that they share operands."""
        return max((self.summed(row) for row, chain in enumerate(self.chains) if chain), default=0) or 1

    def ready(self, row: int) -> int:
        """The clock in which the sum of a row is in a register."""
        chain = self.chains[row]
        if chain and self.turns > 1:
            return self.start + self.blocks(row) * self.skew
        return self.start + BLOCK + len(chain) - 1 if chain else self.summed(row)

    @property
    def skew(self) -> int:
        """Clocks by which a block works behind the one before: one, or its turns and a register of the sum between."""
        return self.turns + 1 if self.turns > 1 else 1

    def blocks(self, row: int) -> int:
        """DSP48E1 of a row."""
        return -(-len(self.chains[row]) // self.turns)

    @cached_property
    def latency(self) -> int:
        """Clocks from a vector to its result, rounded."""
        return max(self.ready(row) for row in range(len(self.chains))) + REQUANTISE

    def operand(self, place: int) -> int:
        """Clocks by which the input at a place of a chain is delayed in front of its block."""
        block, turn = divmod(place, self.turns)
        return self.start - 1 + block * self.skew + turn

    def wanted(self) -> dict[int, list[int]]:
        """Clocks in which every word is used, or registered, later than in its own: in rising order."""
        graph = self.graph
        found: dict[int, set[int]] = {}
        for number, adder in enumerate(graph.adders, graph.first):
            for term in (adder.left, adder.right):
                found.setdefault(term.node, set()).add(self.clock(number))
        for row, output in enumerate(graph.outputs):
            if output is not None:
                end = self.start if self.chains[row] else self.summed(row)
                found.setdefault(output.node, set()).add(end)
            for place, given in enumerate(self.chains[row]):
                found.setdefault(given, set()).add(self.operand(place))
        constants = range(graph.inputs, graph.first)
        return {
            word: sorted(clock for clock in clocks if clock > self.clock(word))
            for word, clocks in found.items()
            if word not in constants
        }

    @property
    def dsps(self) -> int:
        """DSP48E1."""
        return sum(self.blocks(row) for row in self.rows())

    @property
    def full_adders(self) -> int:
        """Bits of all adders of the graph, and of the choice between the inputs of a block, a LUT each."""
        graph = self.graph
        added = sum(bits_added(adder, self.intervals[k]) for k, adder in enumerate(graph.adders, graph.first))
        groups = {
            (place, *chain[place : place + self.turns])
            for chain in self.chains
            for place in range(0, len(chain), self.turns)
        }
        return added + self.matrix.given.bits * sum(len(group) > 2 for group in groups)

    @property
    def stored(self) -> Stored:
        """Registers between adders, delays of words and of results."""
        total = Stored()
        for word, clocks in self.wanted().items():
            bits = word_bits(self.intervals[word])
            total += _delays(bits, [self.clock(word), *clocks])
        for row in range(len(self.chains)):
            total += _delays(self.matrix.output.bits, [self.ready(row) + REQUANTISE, self.latency])
        return total

    def weight(self, row: int, given: int) -> int:
        """A weight."""
        return int(self.matrix.weight[row, given])

    def rows(self) -> Iterator[int]:
        """Numbers of the rows."""
        return iter(range(len(self.chains)))


def _delays(bits: int, clocks: list[int]) -> Stored:
    """A word that is wanted in these clocks: registers, or shift registers where it is long not wanted."""
    total = Stored()
    for gap in np.diff(clocks).tolist():
        total += Stored(bits, bits * -(-(gap - 1) // SHIFT)) if gap >= SHORTEST else Stored(ff=bits * gap)
    return total
