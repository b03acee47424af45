"""The matrix-vector engine behind Dense and ComplexFIR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any

from amaranth.hdl import C, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.fold import Fold
from bittrue.lower.lanes import biases, weights
from bittrue.lower.load import BIAS, WEIGHT
from bittrue.lower.matrix import Matrix
from bittrue_rtl.banks import Banks, bank_ports
from bittrue_rtl.copies import Copied, Words
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE, spread
from bittrue_rtl.flow import Flow
from bittrue_rtl.load import hop, loaded_words
from bittrue_rtl.mac import Lane
from bittrue_rtl.pieces import rom_contents
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.rom import Rom
from bittrue_rtl.rounders import rounded
from bittrue_rtl.serial import busy, collected, serialised
from bittrue_rtl.shapes import content, drive, load_bus, tagged, vector
from bittrue_rtl.tree import added

GIVEN_LOADS, FIRST_LOADS = 8, 4
"""Lanes that share the registers of an operand, and those of the mark of a turn's first operands."""


class Segment(Copied):
    """The lanes that weigh one segment of the inputs: a counter, and a ROM and a lane a row; with banks, a RAM a row.

    Parameters
    ----------
    matrix, fold
    index : int
        Of the segment.
    banks : Banks, optional
    starts : list of int, optional
        What every row starts each turn from, where that is always the same; without, it starts from ``carry``.

    Ports
    -----
    start : in
        The first input of a vector is on ``given``.
    given : signed, in
        The segment's inputs, one a clock, again for every turn.
    carry : list of signed, in
        What the rows start from, one an output of the segment before.
    acc : list of signed, out
    last : out
        ``acc`` holds the sums of a turn in this clock.
    bank : in
        With banks: that of the vector, as long as its weights are read.
    load : load_bus, in
    """

    apart = ("index",)

    def __init__(
        self, matrix: Matrix, fold: Fold, index: int, banks: Banks | None = None, starts: Sequence[int] = ()
    ) -> None:
        self.matrix, self.fold, self.index, self.banks, self.starts = matrix, fold, index, banks, starts
        acc = signed(matrix.acc_bits)
        super().__init__(
            {
                "start": In(1),
                "given": In(signed(matrix.given.bits)),
                "carry": In(acc).array(fold.rows),
                "turn": Out(range(max(2, fold.turns))),
                "acc": Out(acc).array(fold.rows),
                "active": Out(1),
                "last": Out(1),
            }
            | segment_ports(banks)
        )

    def contents(self) -> dict[str, Words] | None:
        """Contents of the rows' weight ROMs; memories that can be loaded know the numbers of their lanes."""
        if self.banks:
            return None
        lanes = weights(self.matrix, self.fold)
        return rom_contents(self.matrix.weight_bits, lanes[:, self.index])

    def circuit(self) -> Module:
        """Build the circuit."""
        m = Module()
        fold, matrix = self.fold, self.matrix
        address = Signal(range(max(2, fold.turns * fold.steps)), attrs=WIDE)
        step = Signal(range(max(2, fold.steps)))
        end_of_turn = step == fold.steps - 1
        m.d.comb += self.active.eq(self.start | (address != 0))
        with m.If(self.active):
            m.d.sync += step.eq(Mux(end_of_turn, 0, step + 1))
            with m.If(address == fold.turns * fold.steps - 1):
                m.d.sync += [address.eq(0), self.turn.eq(0)]
            with m.Else():
                m.d.sync += address.eq(address + 1)
                with m.If(end_of_turn):
                    m.d.sync += self.turn.eq(self.turn + 1)
        given = spread(m, delayed(m, self.given, Rom.latency - 1, "given"), fold.rows, GIVEN_LOADS, "given")
        early = delayed(m, step == 0, Rom.latency + Lane.first_lead - 1, "first")
        first = spread(m, early, fold.rows, FIRST_LOADS, "first", reset=True)
        loaded = loaded_words(m, self.load, self.banks, WEIGHT, self.index, address, self.bank) if self.banks else []
        widths = matrix.weight_bits, matrix.given.bits, matrix.acc_bits
        for row in range(fold.rows):
            weight = loaded[row] if loaded else self._rom(m, row, address)
            m.submodules[f"lane{row}"] = lane = Lane(*widths, self.starts[row] if self.starts else None)
            m.d.comb += [
                lane.weight.eq(weight),
                lane.given.eq(given[row]),
                lane.first.eq(first[row]),
                lane.carry.eq(self.carry[row]),
                self.acc[row].eq(lane.acc),
            ]
        last = delayed(m, self.active & end_of_turn, Rom.latency + Lane.latency, "last", reset=True, wide=True)
        m.d.comb += self.last.eq(last)
        return m

    def _rom(self, m: Module, row: int, address: Value) -> Value:
        """The weights of a row, a clock after their address."""
        m.submodules[f"rom{row}"] = rom = Rom(self.matrix.weight_bits, weights(self.matrix, self.fold)[row, self.index])
        m.d.comb += rom.address[0].eq(address)
        return rom.data[0]


class _Places:
    """A value at every place of a chain, made from that at the place before as soon as it is asked for."""

    def __init__(self, following: Callable[[Any, int], Any], first: Any) -> None:
        self._following, self._values = following, [first]

    def at(self, place: int) -> Any:
        """The value at a place."""
        while len(self._values) <= place:
            self._values.append(self._following(self._values[-1], len(self._values) - 1))
        return self._values[place]


class MatrixEngine(wiring.Component):
    """What a matrix-vector engine does between the inputs of its segments and its result, wherever those come from.

    In a chain, a segment starts ``fold.skew`` clocks after the one before, on sums that that has just finished, so no
    adder stands outside the lanes, but for those that add the sums of several chains.
    """

    matrix: Matrix
    fold: Fold
    banks: Banks | None = None
    flagged = False

    def _starts(self, index: int) -> list[int]:
        """What the rows of a segment start every turn from, where that is always the same: the first of a chain starts
        from the biases, if it is segment 0, or from nothing."""
        fold = self.fold
        if index not in [links[0][0] for links in fold.links()]:
            return []
        if index or (self.banks and not self.matrix.bias_word):
            return [0] * fold.rows
        return [int(b) for b in self.matrix.bias] if fold.turns == 1 and not self.banks else []

    def _carries(self, m: Module, segments: list[Segment]) -> None:
        """Segment 0 starts from the biases, every one behind another from the sums of that."""
        fold, bias = self.fold, biases(self.matrix, self.fold)
        loaded = self._loaded_biases(m, segments[0])
        following = [(before, segment) for links in fold.links() for (before, _), (segment, _) in pairwise(links)]
        for row in range(fold.rows):
            if loaded:
                m.d.comb += segments[0].carry[row].eq(delayed(m, loaded[row], Lane.carry_lead, f"bias{row}"))
            elif not segments[0].starts:
                m.submodules[f"bias{row}"] = rom = Rom(self.matrix.acc_bits, bias[row])
                m.d.comb += rom.address[0].eq(segments[0].turn)
                wait = Rom.latency + Lane.carry_lead - rom.latency
                m.d.comb += segments[0].carry[row].eq(delayed(m, rom.data[0], wait, f"bias{row}"))
            for before, segment in following:
                m.d.comb += segments[segment].carry[row].eq(segments[before].acc[row])

    def _sums(self, m: Module, segments: list[Segment]) -> tuple[Value, list[Value]]:
        """High with the last sums of a turn, and the sums of all rows."""
        fold = self.fold
        ends = [segments[links[-1][0]] for links in fold.links()]
        sums = [added(m, [end.acc[row] for end in ends], f"total{row}") for row in range(fold.rows)]
        return delayed(m, ends[-1].last, fold.adding, "added", reset=True, wide=True), sums

    def _round(self, m: Module, into: Any, segments: list[Segment]) -> None:
        """Capture the sums of each turn, round them through few requantisers, collect the vector ``into.result``."""
        fold, matrix = self.fold, self.matrix
        last, sums = self._sums(m, segments)
        strobe = busy(m, last, fold.queue, 1 + Requantise.latency)
        words, clamped = rounded(m, fold, matrix, last, sums, flagged=self.flagged)
        results = [collected(m, y, strobe, fold.turns * fold.queue, f"y{r}_") for r, y in enumerate(words)]
        places = [(*divmod(output % fold.rows, fold.queue), output // fold.rows) for output in range(fold.outputs)]
        drive(m, into.result, (results[r][turn * fold.queue + position] for r, position, turn in places))
        m.d.comb += into.done.eq(self._done(m, last))
        if self.flagged:
            saturated = Signal()
            m.d.sync += saturated.eq(strobe & Cat(*clamped).any())
            m.d.comb += self.saturated.eq(saturated)

    def _loaded_biases(self, m: Module, segment: Segment) -> list[Value]:
        """With banks: the biases of a turn, a clock after its first address, if the layer has any."""
        if not self.banks or not self.matrix.bias_word:
            return []
        return loaded_words(m, self.load_here, self.banks, BIAS, 0, segment.turn, segment.bank)

    def _done(self, m: Module, last: Any) -> Any:
        """High in the clock in which the whole result vector has been collected."""
        turns_left = Signal(range(max(2, self.fold.turns)), init=self.fold.turns - 1)
        with m.If(last):
            m.d.sync += turns_left.eq(Mux(turns_left == 0, self.fold.turns - 1, turns_left - 1))
        complete = last & (turns_left == 0)
        return delayed(m, complete, 1 + Requantise.latency + self.fold.queue, "done", reset=True)


class MatrixVector(MatrixEngine):
    """``y = requantise(weight @ x + bias)``, a vector every ``interval`` clocks.

    Weights sit in one ROM a lane as `bittrue.lower.fold.Fold` lays them out.

    Parameters
    ----------
    matrix : Matrix
    interval : int
    banks : Banks, optional
        What the memories hold, where the codes can be loaded; payloads carry the number of their bank then, unless
        that is queued.

    Ports
    -----
    i : stream of vector(matrix.given, inputs), in
    o : stream of vector(matrix.output, outputs), out
    load : load_bus, in
        With banks.
    bank : stream, in
        With banks whose numbers are queued: that of every vector.
    saturated : out
        With ``flagged``: high for a clock when elements of a result were clamped, before the result is on ``o``.
    """

    def __init__(self, matrix: Matrix, interval: int, banks: Banks | None = None, *, flagged: bool = False) -> None:
        self.matrix, self.banks, self.bank_bits = matrix, banks, banks.tag_bits if banks else 0
        self.flagged = flagged
        outputs, inputs = matrix.weight.shape
        self.fold = Fold(inputs, outputs, interval)
        super().__init__(
            {
                "i": In(stream.Signature(tagged(vector(matrix.given, inputs), self.bank_bits))),
                "o": Out(stream.Signature(tagged(vector(matrix.output, outputs), self.bank_bits))),
            }
            | bank_ports(banks)
            | ({"saturated": Out(1)} if flagged else {})
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        matrix, fold = self.matrix, self.fold
        shape = vector(matrix.output, fold.outputs)
        m.submodules.flow = flow = Flow(shape, fold.interval, fold.latency, self.bank_bits)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        known = self.bank.valid if self.banks and self.banks.queued else 1
        m.d.comb += [flow.valid.eq(self.i.valid & known), self.i.ready.eq(flow.open & known)]

        starts = _Places(lambda start, place: delayed(m, start, fold.skew, f"start{place}", reset=True), flow.start)
        segments = []
        for index, place in chain.from_iterable(fold.links()):
            m.submodules[f"segment{index}"] = segment = Segment(matrix, fold, index, self.banks, self._starts(index))
            inputs = self._inputs(index)
            head = serialised(m, flow.load, inputs, f"x{index}_", rotate=fold.turns > 1)
            m.d.comb += [
                segment.given.eq(delayed(m, head, place * fold.skew, f"head{index}")),
                segment.start.eq(starts.at(place)),
            ]
            starts.at(place + 1)
            segments.append(segment)
        if self.banks:
            self._route(m, flow, segments)
        self._carries(m, segments)
        self._round(m, flow, segments)
        return m

    def _route(self, m: Module, flow: Flow, segments: list[Segment]) -> None:
        """The number of a vector's bank follows ``start`` from segment to segment; loaded words go to all of them."""
        self.load_here = hop(m, self.load, "load_here")
        if self.bank_bits:
            number = self.i.payload.bank
            m.d.comb += flow.bank.eq(number)
        else:
            number = self.bank.payload
            m.d.comb += self.bank.ready.eq(self.i.valid & flow.open)
        bank = serialised(m, flow.load, [number], "bank")
        banks = _Places(lambda bank, place: delayed(m, bank, self.fold.skew, f"bank{place}_", wide=True), bank)
        for index, place in chain.from_iterable(self.fold.links()):
            m.d.comb += [segments[index].bank.eq(banks.at(place)), segments[index].load.eq(self.load_here)]
            banks.at(place + 1)

    def _inputs(self, index: int) -> list[Any]:
        steps = self.fold.steps
        zero = C(0, signed(self.matrix.given.bits))
        inputs = [
            content(self.i.payload)[k] if k < self.fold.inputs else zero
            for k in range(index * steps, (index + 1) * steps)
        ]
        return inputs


def segment_ports(banks: Banks | None) -> dict[str, Any]:
    """What a segment has besides in a net with banks."""
    return {"bank": In(banks.plan.bank_bits), "load": In(load_bus(banks.plan))} if banks else {}
