"""Windows whose filters stream their weights: they stand still where the next word has not come."""

from __future__ import annotations

from amaranth.hdl import Cat, EnableInserter, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.filters import Filters
from bittrue.lower.streaming import StreamedLayer
from bittrue.lower.units import WindowUnit
from bittrue_rtl.beats import BeatQueue, any_left
from bittrue_rtl.delay import delayed
from bittrue_rtl.fanout import WIDE
from bittrue_rtl.filters import FilterEngine
from bittrue_rtl.shapes import vector
from bittrue_rtl.streamed_filters import StreamedEngine
from bittrue_rtl.streams import SkidBuffer
from bittrue_rtl.windows import Windows


class _Inner(Windows):
    """`Windows` with engines that stream their weights."""

    def __init__(self, unit: WindowUnit, *, flagged: bool = False) -> None:
        super().__init__(unit, flagged=flagged)
        assert isinstance(unit.plan, Filters)
        self.engines = [StreamedEngine(unit.plan, e, flagged=flagged) for e in range(unit.plan.engines)]

    def _engines(self, plan: Filters) -> list[FilterEngine]:
        return list(self.engines)


class StreamedWindows(wiring.Component):
    """`Windows` whose weights come on a stream, in the order in which they are read.

    All registers and memories of the inner component, which never stops on its own, have one enable: it is high while a
    word waits for the first segment. A segment of a chain is behind, so its word has come long before. What comes in or
    goes out counts only with the enable, so an under-run takes clocks and nothing else.

    Parameters
    ----------
    unit : WindowUnit
    layer : StreamedLayer

    Ports
    -----
    i, o, saturated
        As of `Windows`; ``o`` a clock later.
    starved : out
        High in every clock in which lanes wait for weights.

    Attributes
    ----------
    weights : stream of layer.word_bits bits, in
        No member of the signature.
    """

    LATER = 1
    """Clocks by which a result is later than that of `Windows`."""

    def __init__(self, unit: WindowUnit, layer: StreamedLayer, *, flagged: bool = False) -> None:
        self.unit, self.layer, self.flagged = unit, layer, flagged
        self.inner = _Inner(unit, flagged=flagged)
        self.shape = vector(unit.format, unit.output.lanes)
        given = vector(unit.given, unit.plan.buffer.source.lanes)
        flag = {"saturated": Out(1)} if flagged else {}
        super().__init__(
            {"i": In(stream.Signature(given)), "o": Out(stream.Signature(self.shape)), "starved": Out(1), **flag}
        )
        self.weights = stream.Signature(layer.word_bits).create(path=("weights",))

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        inner, go = self.inner, Signal(attrs=WIDE)
        m.submodules.inner = EnableInserter(go)(inner)
        m.submodules.out = out = SkidBuffer(self.shape)
        wiring.connect(m, out.o, wiring.flipped(self.o))
        m.d.comb += [
            inner.i.payload.eq(self.i.payload),
            inner.i.valid.eq(self.i.valid),
            self.i.ready.eq(inner.i.ready & go),
            out.i.payload.eq(inner.o.payload),
            out.i.valid.eq(inner.o.valid & go),
            inner.o.ready.eq(out.i.ready),
        ]
        if self.flagged:
            m.d.comb += self.saturated.eq(inner.saturated & go)
        self._feed(m, go)
        return m

    def _feed(self, m: Module, go: Signal) -> None:
        """A queue in front of every segment, written at once with what its lanes of all engines take."""
        engines, fold = self.inner.engines, self.layer.plan.fold
        bits = self.layer.plan.matrix.weight_bits
        depths = [depth for depth, _ in self.layer.queues]
        takes = engines[0].segments[0].take
        accept, taken = self.weights.valid & self.weights.ready, takes & go
        free, total = Signal(range(depths[0] + 1), init=depths[0]), Signal(range(depths[0] + 2))
        there, some = Signal(range(depths[0] + 1)), Signal(range(depths[0] + 2))
        room = Signal()
        m.d.comb += [
            total.eq(free + taken),
            some.eq(there + delayed(m, accept, BeatQueue.latency - 1, "arrived", reset=True)),
            self.weights.ready.eq(room),
            self.starved.eq(takes & ~go),
        ]
        m.d.sync += [
            free.eq(total - accept),
            room.eq(any_left(total, accept)),
            there.eq(some - taken),
            go.eq(any_left(some, taken)),
        ]
        words = [self.weights.payload.word_select(k, bits) for k in range(self.layer.plan.lanes)]
        for j, depth in enumerate(depths):
            mine = [(e * fold.segments + j) * fold.rows + row for e in range(len(engines)) for row in range(fold.rows)]
            m.submodules[f"queue{j}"] = queue = BeatQueue(len(mine) * bits, depth)
            m.d.comb += [
                queue.write.eq(accept),
                queue.payload.eq(Cat(words[k] for k in mine)),
                queue.o.ready.eq(engines[0].segments[j].take & go),
            ]
            for e, engine in enumerate(engines):
                for row, weight in enumerate(engine.segments[j].weights):
                    m.d.comb += weight.eq(queue.o.payload.word_select(e * fold.rows + row, bits))
