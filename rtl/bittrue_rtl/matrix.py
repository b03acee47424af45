"""The matrix-vector engine behind Dense and ComplexFIR."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from amaranth.hdl import C, Const, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.fold import Fold
from bittrue.lower.matrix import Matrix
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.flow import Flow
from bittrue_rtl.mac import Lane
from bittrue_rtl.requantise import Requantise
from bittrue_rtl.rom import Rom
from bittrue_rtl.serial import busy, collected, serialised
from bittrue_rtl.shapes import vector


class Segment(wiring.Component):
    """The lanes that weigh one segment of the inputs: a counter, a ROM and a lane a row.

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
    """

    def __init__(self, matrix: Matrix, fold: Fold, index: int) -> None:
        self.matrix, self.fold, self.index = matrix, fold, index
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
        )

    def words(self, row: int) -> list[int]:
        """Contents of a row's weight ROM."""
        fold, weight = self.fold, self.matrix.weight
        words = [0] * (fold.turns * fold.steps)
        for output in range(row, fold.outputs, fold.rows):
            for given in range(self.index * fold.steps, min(fold.inputs, (self.index + 1) * fold.steps)):
                at_row, at_segment, address = fold.address(output, given)
                if (at_row, at_segment) == (row, self.index):
                    words[address] = int(weight[output, given])
        return words

    def elaborate(self, platform: object) -> Module:
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
        given = delayed(m, self.given, Rom.latency, "given")
        first = delayed(m, step == 0, Rom.latency, "first")
        for row in range(fold.rows):
            m.submodules[f"rom{row}"] = rom = Rom(matrix.weight_bits, self.words(row))
            m.submodules[f"lane{row}"] = lane = Lane(matrix.weight_bits, matrix.given.bits, matrix.acc_bits)
            m.d.comb += [
                rom.address[0].eq(address),
                lane.weight.eq(rom.data[0]),
                lane.given.eq(given),
                lane.first.eq(first),
                lane.carry.eq(self.carry[row]),
                self.acc[row].eq(lane.acc),
            ]
        last = delayed(m, self.active & end_of_turn, Rom.latency + Lane.latency, "last", reset=True, wide=True)
        m.d.comb += self.last.eq(last)
        return m


class MatrixVector(wiring.Component):
    """``y = requantise(weight @ x + bias)``, a vector every ``interval`` clocks.

    Weights sit in one ROM a lane as `bittrue.lower.fold.Fold` lays them out. Segment ``j`` starts ``j * fold.skew``
    clocks after segment 0, on sums that segment ``j - 1`` has just finished, so no adder stands outside the lanes.

    Parameters
    ----------
    matrix : Matrix
    interval : int

    Ports
    -----
    i : stream of vector(matrix.given, inputs), in
    o : stream of vector(matrix.output, outputs), out
    """

    def __init__(self, matrix: Matrix, interval: int) -> None:
        self.matrix = matrix
        outputs, inputs = matrix.weight.shape
        self.fold = Fold(inputs, outputs, interval)
        super().__init__(
            {
                "i": In(stream.Signature(vector(matrix.given, inputs))),
                "o": Out(stream.Signature(vector(matrix.output, outputs))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        matrix, fold = self.matrix, self.fold
        m.submodules.flow = flow = Flow(vector(matrix.output, fold.outputs), fold.interval, fold.latency)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        m.d.comb += [flow.valid.eq(self.i.valid), self.i.ready.eq(flow.open)]

        segments = []
        start = flow.start
        for index in range(fold.segments):
            m.submodules[f"segment{index}"] = segment = Segment(matrix, fold, index)
            inputs = self._inputs(index)
            head = serialised(m, flow.open, inputs, f"x{index}_", rotate=fold.turns > 1)
            m.d.comb += [
                segment.given.eq(delayed(m, head, index * fold.skew, f"head{index}")),
                segment.start.eq(start),
            ]
            start = delayed(m, start, fold.skew, f"start{index}", reset=True)
            segments.append(segment)
        self._carries(m, segments)
        self._round(m, flow, segments[-1])
        return m

    def _inputs(self, index: int) -> list[Any]:
        steps = self.fold.steps
        zero = C(0, signed(self.matrix.given.bits))
        inputs = [
            self.i.payload[k] if k < self.fold.inputs else zero for k in range(index * steps, (index + 1) * steps)
        ]
        return inputs

    def _carries(self, m: Module, segments: list[Segment]) -> None:
        """Segment 0 starts from the biases, every other one from the sums of the segment before."""
        fold, bias = self.fold, [int(b) for b in self.matrix.bias]
        acc = signed(self.matrix.acc_bits)
        for row in range(fold.rows):
            mine = bias[row :: fold.rows]
            if fold.turns == 1:
                m.d.comb += segments[0].carry[row].eq(Const(mine[0], acc))
            else:
                m.submodules[f"bias{row}"] = rom = Rom(self.matrix.acc_bits, mine + [0] * (fold.turns - len(mine)))
                m.d.comb += rom.address[0].eq(segments[0].turn)
                wait = Rom.latency + Lane.carry_lead - rom.latency
                m.d.comb += segments[0].carry[row].eq(delayed(m, rom.data[0], wait, f"bias{row}"))
            for before, segment in pairwise(segments):
                m.d.comb += segment.carry[row].eq(before.acc[row])

    def _round(self, m: Module, flow: Flow, segment: Segment) -> None:
        """Capture the sums of each turn, round them through few requantisers, collect the vector."""
        fold, matrix = self.fold, self.matrix
        results = []
        strobe = busy(m, segment.last, fold.queue, 1 + Requantise.latency)
        for r in range(fold.rounders):
            rows = [min(k, fold.rows - 1) for k in range(r * fold.queue, (r + 1) * fold.queue)]
            m.submodules[f"round{r}"] = rounder = Requantise(
                matrix.acc_bits, matrix.shift, matrix.output, matrix.negative_shift
            )
            m.d.comb += rounder.acc.eq(serialised(m, segment.last, [segment.acc[k] for k in rows], f"sum{r}_"))
            results.append(collected(m, rounder.y, strobe, fold.turns * fold.queue, f"y{r}_"))
        for output in range(fold.outputs):
            turn, row = divmod(output, fold.rows)
            r, position = divmod(row, fold.queue)
            m.d.comb += flow.result[output].eq(results[r][turn * fold.queue + position])
        m.d.comb += flow.done.eq(self._done(m, segment.last))

    def _done(self, m: Module, last: Any) -> Any:
        """High in the clock in which the whole result vector has been collected."""
        turns_left = Signal(range(max(2, self.fold.turns)), init=self.fold.turns - 1)
        with m.If(last):
            m.d.sync += turns_left.eq(Mux(turns_left == 0, self.fold.turns - 1, turns_left - 1))
        complete = last & (turns_left == 0)
        return delayed(m, complete, 1 + Requantise.latency + self.fold.queue, "done", reset=True)
