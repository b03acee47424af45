"""Filters whose weights come from outside, a word a lane and clock."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value, signed

from bittrue.lower.filters import FilterFold, Filters
from bittrue.lower.matrix import Matrix
from bittrue_rtl.delay import delayed
from bittrue_rtl.filters import Codes, FilterEngine, FilterSegment
from bittrue_rtl.rom import Rom


class StreamedSegment(FilterSegment):
    """A `FilterSegment` without ROMs. It is made for its place, so none is a copy of another.

    Attributes
    ----------
    weights : list of signed, driven from outside
        Of the rows: what is multiplied `Rom.latency` clocks later.
    take : Signal
        ``weights`` are used in this clock, and the next ones follow.
    """

    def __init__(self, matrix: Matrix, fold: FilterFold, lanes: Codes, starts: tuple[int, ...] = ()) -> None:
        super().__init__(matrix, fold, lanes, starts)
        self.weights = [Signal(signed(matrix.weight_bits), name=f"weight{row}") for row in range(fold.rows)]
        self.take = Signal()

    def contents(self) -> None:
        """It has no memories."""

    def _weights(self, m: Module, address: Value, active: Value) -> list[Value]:
        """The words that come while ``active``, as late as a ROM would give them."""
        m.d.comb += self.take.eq(active)
        return [delayed(m, word, Rom.latency, f"weight{row}") for row, word in enumerate(self.weights)]


class StreamedEngine(FilterEngine):
    """A `FilterEngine` of `StreamedSegment`, which are ``segments``."""

    def __init__(self, plan: Filters, index: int, *, flagged: bool = False) -> None:
        super().__init__(plan, index, flagged=flagged)
        self.segments = [
            StreamedSegment(self.plan.matrix, self.plan.fold, self._words[j], self._starts(j))
            for j in range(self.plan.fold.segments)
        ]

    def _segment(self, index: int) -> FilterSegment:
        return self.segments[index]
