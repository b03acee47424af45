"""Filters that slide along frames: Conv1d, and Dense behind a Flatten."""

from __future__ import annotations

from amaranth.hdl import Module, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.conv1d import Filters
from bittrue.lower.fold import Fold
from bittrue.lower.matrix import Matrix
from bittrue_rtl.flow import Flow
from bittrue_rtl.frame_buffer import FrameBuffer
from bittrue_rtl.matrix import MatrixEngine, Segment
from bittrue_rtl.shapes import drive, vector


class FilterEngine(MatrixEngine):
    """``result = requantise(weight @ window + bias)``, the words of every segment of a window given one a clock.

    Parameters
    ----------
    matrix : Matrix
    fold : Fold

    Ports
    -----
    begin : list, in
        One a segment: the first word of a window is on ``words``.
    words : list of signed(matrix.given.bits), in
        One a segment, again for every turn.
    result : vector(matrix.output, outputs), out
    done : out
        High in the clock in which ``result`` holds the column of a window.
    """

    def __init__(self, matrix: Matrix, fold: Fold) -> None:
        self.matrix, self.fold = matrix, fold
        super().__init__(
            {
                "begin": In(1).array(fold.segments),
                "words": In(signed(matrix.given.bits)).array(fold.segments),
                "result": Out(vector(matrix.output, fold.outputs)),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        segments = []
        for index in range(self.fold.segments):
            m.submodules[f"segment{index}"] = segment = Segment(
                self.matrix, self.fold, index, None, self._starts(index)
            )
            m.d.comb += [segment.given.eq(self.words[index]), segment.start.eq(self.begin[index])]
            segments.append(segment)
        self._carries(m, segments)
        self._round(m, self, segments)
        return m


class FrameFilters(wiring.Component):
    """A `FrameBuffer` in front of engines side by side, and a `Flow` that lets windows into them.

    Ports
    -----
    i : stream of vector(given, channels), in
        The columns of frames.
    o : stream of vector(output, filters), out
        A column a window.
    """

    def __init__(self, plan: Filters, channels: int) -> None:
        self.plan, self.channels = plan, channels
        self.shape = vector(plan.matrix.output, len(plan.matrix.weight))
        super().__init__(
            {
                "i": In(stream.Signature(vector(plan.matrix.given, channels))),
                "o": Out(stream.Signature(self.shape)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        plan, segments = self.plan, self.plan.fold.segments
        m.submodules.buffer = buffer = FrameBuffer(plan.buffer, plan.matrix.given, self.channels)
        m.submodules.flow = flow = Flow(self.shape, plan.buffer.interval, plan.latency)
        wiring.connect(m, wiring.flipped(self.i), buffer.i)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        m.d.comb += [flow.valid.eq(buffer.ready), buffer.start.eq(flow.start)]
        engines = [FilterEngine(matrix, plan.fold) for matrix in plan.matrices()]
        for e, engine in enumerate(engines):
            m.submodules[f"engine{e}"] = engine
            for j in range(segments):
                m.d.comb += [engine.begin[j].eq(buffer.begin[j]), engine.words[j].eq(buffer.words[e * segments + j])]
        drive(m, flow.result, (engines[e].result[output] for e, output in plan.places))
        m.d.comb += flow.done.eq(engines[0].done)
        return m
