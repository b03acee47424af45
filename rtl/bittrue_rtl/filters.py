"""Filters that slide over a tensor: convolutions of all kinds, and Dense layers over beats."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.filters import FilterFold, Filters
from bittrue.lower.load import BIAS, WEIGHT
from bittrue.lower.matrix import Matrix
from bittrue_rtl.banks import Banks
from bittrue_rtl.copies import Copied, Words
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE, spread
from bittrue_rtl.load import loaded_words
from bittrue_rtl.mac import Lane
from bittrue_rtl.matrix import FIRST_LOADS, GIVEN_LOADS, segment_ports
from bittrue_rtl.pieces import rom_contents
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.rom import Rom
from bittrue_rtl.rounders import rounded
from bittrue_rtl.serial import busy
from bittrue_rtl.shapes import vector
from bittrue_rtl.tree import added
from bittrue_rtl.window_flow import chosen

Codes = npt.NDArray[np.int64]


class FilterSegment(Copied):
    """The lanes that weigh one segment of the words of a window: a counter, and a ROM and a lane a row; with banks, a
    RAM a row.

    Parameters
    ----------
    matrix : Matrix
    fold : FilterFold
    lanes : int64 array (rows, words)
        What the ROMs hold.
    starts : tuple of int, optional
        What every row starts each turn from, where that is always the same; without, it starts from ``carry``.
    banks : Banks, optional
    index : int
        Of the segment, counted over all engines.

    Ports
    -----
    early : in
        In the next clock the first word of a window is on ``given``.
    phase : in
        Of that window.
    bank, load : in
        With banks: of that window, and a word to load.
    weighs, follows : out
        With banks: that of the window whose weights are read, and what the next segment of a chain takes for ``bank``.
    given : signed, in
        The segment's words, one a clock, again for every turn.
    carry : list of signed, in
        What the rows start from.
    acc : list of signed, out
    turn : out
    last : out
        ``acc`` holds the sums of a turn in this clock.
    """

    apart = ("lanes",)

    def __init__(
        self,
        matrix: Matrix,
        fold: FilterFold,
        lanes: Codes,
        starts: tuple[int, ...] = (),
        banks: Banks | None = None,
        index: int = 0,
    ) -> None:
        self.matrix, self.fold, self.lanes, self.starts = matrix, fold, lanes, starts
        self.banks, self.index = banks, index
        numbers = {name: Out(banks.plan.bank_bits) for name in ("weighs", "follows")} if banks else {}
        acc = signed(matrix.acc_bits)
        super().__init__(
            {
                "early": In(1),
                "phase": In(range(max(2, len(fold.steps)))),
                "given": In(signed(matrix.given.bits)),
                "carry": In(acc).array(fold.rows),
                "turn": Out(range(max(2, fold.turns))),
                "acc": Out(acc).array(fold.rows),
                "last": Out(1),
            }
            | segment_ports(banks)
            | numbers
        )

    def contents(self) -> dict[str, Words] | None:
        """Contents of the rows' weight ROMs; memories that can be loaded know the numbers of their lanes."""
        if self.banks:
            return None
        return rom_contents(self.matrix.weight_bits, self.lanes)

    def circuit(self) -> Module:
        """Build the circuit."""
        m = Module()
        fold, matrix = self.fold, self.matrix
        firsts = tuple(fold.turns * sum(fold.steps[:phase]) for phase in range(len(fold.steps)))
        address, step = Signal(range(max(2, fold.words))), Signal(range(max(2, *fold.steps)))
        last_step, active = Signal(range(max(2, *fold.steps))), Signal()
        end_of_turn = step == last_step
        with m.If(self.early):
            m.d.sync += [active.eq(1), step.eq(0), self.turn.eq(0), address.eq(chosen(firsts, self.phase))]
            m.d.sync += last_step.eq(chosen(tuple(steps - 1 for steps in fold.steps), self.phase))
        with m.Elif(active):
            m.d.sync += [address.eq(address + 1), step.eq(Mux(end_of_turn, 0, step + 1))]
            with m.If(end_of_turn):
                m.d.sync += [active.eq(self.turn != fold.turns - 1), self.turn.eq(self.turn + 1)]
        given = spread(m, delayed(m, self.given, Rom.latency - 1, "given"), fold.rows, GIVEN_LOADS, "given")
        begins = delayed(m, step == 0, Rom.latency + Lane.first_lead - 1, "first")
        first = spread(m, begins, fold.rows, FIRST_LOADS, "first", reset=True)
        widths = matrix.weight_bits, matrix.given.bits, matrix.acc_bits
        weights = self._weights(m, address, active)
        for row in range(fold.rows):
            m.submodules[f"lane{row}"] = lane = Lane(*widths, self.starts[row] if self.starts else None)
            m.d.comb += [
                lane.weight.eq(weights[row]),
                lane.given.eq(given[row]),
                lane.first.eq(first[row]),
                lane.carry.eq(self.carry[row]),
                self.acc[row].eq(lane.acc),
            ]
        last = active & end_of_turn
        m.d.comb += self.last.eq(delayed(m, last, Rom.latency + Lane.latency, "last", reset=True, wide=True))
        return m

    def _weights(self, m: Module, address: Value, active: Value) -> list[Value]:
        """The weights of all rows, `Rom.latency` clocks after their address; while not ``active``, nobody looks."""
        if self.banks:
            return self._loaded(m, address, self.banks)
        words = []
        for row in range(self.fold.rows):
            m.submodules[f"rom{row}"] = rom = Rom(self.matrix.weight_bits, self.lanes[row])
            m.d.comb += rom.address[0].eq(address)
            words.append(rom.data[0])
        return words

    def _loaded(self, m: Module, address: Value, banks: Banks) -> list[Value]:
        """Those of the bank of the window.

        In a chain, the next segment begins with a window 2 clocks after this one at the earliest, and at the latest in
        the clock after this one has begun with the window after.
        """
        number = Signal(banks.plan.bank_bits, name="number", reset_less=True, attrs=WIDE)
        with m.If(self.early):
            m.d.sync += number.eq(self.bank)
        m.d.comb += [self.weighs.eq(number), self.follows.eq(delayed(m, number, 1, "follows"))]
        return loaded_words(m, self.load, banks, WEIGHT, self.index, address, number)


class FilterEngine(wiring.Component):
    """``result = requantise(weight @ window + bias)``, the words of every segment of a window given one a clock.

    Parameters
    ----------
    plan : Filters
    index : int
        Of the engine.
    banks : Banks, optional

    Ports
    -----
    early : list, in
        One a segment: in the next clock the first word of a window is on ``words``.
    phase : in
        Of the window whose first words come next.
    bank, load : in
        With banks: of that window, and a word to load.
    words : list of signed(matrix.given.bits), in
        One a segment, again for every turn.
    result : vector(matrix.output, rounders), out
    done : out
        ``result`` holds a beat, or what would be one if there were filters for it.
    saturated : out
        With ``flagged``: high for a clock when elements of a beat were clamped.
    """

    def __init__(self, plan: Filters, index: int, banks: Banks | None = None, *, flagged: bool = False) -> None:
        self.plan, self.index, self.banks, self.flagged = plan, index, banks, flagged
        fold, matrix = plan.fold, plan.matrix
        super().__init__(
            {
                "early": In(1).array(fold.segments),
                "phase": In(range(max(2, len(fold.steps)))),
                "words": In(signed(matrix.given.bits)).array(fold.segments),
                "result": Out(vector(matrix.output, fold.rounders)),
                "done": Out(1),
            }
            | segment_ports(banks)
            | ({"saturated": Out(1)} if flagged else {})
        )

    @cached_property
    def _words(self) -> Codes:
        words: Codes = self.plan.words()[self.index]
        return words

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        fold = self.plan.fold
        segments: list[FilterSegment] = []
        for j in range(fold.segments):
            m.submodules[f"segment{j}"] = segment = self._segment(j)
            m.d.comb += [segment.given.eq(self.words[j]), segment.early.eq(self.early[j]), segment.phase.eq(self.phase)]
            if self.banks:
                bank = segments[-1].follows if segments and fold.chained else self.bank
                m.d.comb += [segment.bank.eq(bank), segment.load.eq(self.load)]
            segments.append(segment)
        self._carry(m, segments)
        ends = segments[-1:] if fold.chained else segments
        sums = [added(m, [end.acc[row] for end in ends], f"total{row}_") for row in range(fold.rows)]
        last = delayed(m, ends[-1].last, fold.adding, "added", reset=True, wide=True)
        self._round(m, last, sums)
        return m

    def _segment(self, index: int) -> FilterSegment:
        fold, number = self.plan.fold, self.index * self.plan.fold.segments + index
        return FilterSegment(self.plan.matrix, fold, self._words[index], self._starts(index), self.banks, number)

    def _starts(self, index: int) -> tuple[int, ...]:
        """What the rows of a segment always start from, if it is the first and has one turn, or stands in no chain."""
        fold = self.plan.fold
        if index:
            return () if fold.chained else (0,) * fold.rows
        fixed = fold.turns == 1 and not self.banks
        return tuple(self.plan.biases()[self.index][:, 0].tolist()) if fixed else ()

    def _carry(self, m: Module, segments: Sequence[FilterSegment]) -> None:
        """The first segment starts from the biases of the turn, one in a chain from the sums of the one before."""
        plan, fold = self.plan, self.plan.fold
        biases, first = plan.biases()[self.index], segments[0]
        loaded = (
            loaded_words(m, self.load, self.banks, BIAS, self.index, first.turn, first.weighs) if self.banks else []
        )
        for row in range(fold.rows):
            if loaded:
                m.d.comb += first.carry[row].eq(delayed(m, loaded[row], Lane.carry_lead, f"bias{row}_"))
            elif not first.starts:
                m.submodules[f"bias{row}"] = rom = Rom(plan.matrix.acc_bits, biases[row])
                m.d.comb += rom.address[0].eq(first.turn)
                m.d.comb += first.carry[row].eq(delayed(m, rom.data[0], Lane.carry_lead, f"bias{row}_"))
            if fold.chained:
                for before, segment in pairwise(segments):
                    m.d.comb += segment.carry[row].eq(before.acc[row])

    def _round(self, m: Module, last: Value, sums: Sequence[Value]) -> None:
        """Capture the sums of each turn, and round them through few requantisers."""
        fold = self.plan.fold
        words, clamped = rounded(m, fold, self.plan.matrix, last, sums, flagged=self.flagged)
        m.d.comb += [self.result[r].eq(word) for r, word in enumerate(words)]
        m.d.comb += self.done.eq(busy(m, last, fold.queue, 1 + Requantise.latency))
        if self.flagged:
            saturated = Signal()
            m.d.sync += saturated.eq(self.done & Cat(*clamped).any())
            m.d.comb += self.saturated.eq(saturated)


def filled(m: Module, plan: Filters, done: Value) -> Value:
    """``done`` where some engine has a filter for the beat."""
    fold = plan.fold
    beats, there = fold.turns * fold.queue, set(plan.slots)
    if len(there) == beats:
        return done
    count = Signal(range(beats), name="beat")
    with m.If(done):
        m.d.sync += count.eq(Mux(count == beats - 1, 0, count + 1))
    kept = tuple(int(divmod(beat, fold.queue) in there) for beat in range(beats))
    result: Value = done & chosen(kept, count)
    return result
