"""Windows over a tensor: a ring of rows, what computes a window, and the flow control between them."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.filters import Filters
from bittrue.lower.orders import Reorder
from bittrue.lower.reducers import Reducers
from bittrue.lower.units import WindowUnit
from bittrue_rtl.banks import Banks, bank_ports
from bittrue_rtl.delay import delayed
from bittrue_rtl.divide import Divide
from bittrue_rtl.filters import FilterEngine, filled
from bittrue_rtl.load import hop
from bittrue_rtl.ring import Ring
from bittrue_rtl.shapes import drive, vector
from bittrue_rtl.window_flow import WindowFlow


class Windows(wiring.Component):
    """A `Ring` in front of filters, pools or copies, and a `WindowFlow` that lets windows into them.

    Ports
    -----
    i : stream of vector(unit.given, source lanes), in
    o : stream of vector(unit.format, output lanes), out
    load : load_bus, in; bank : stream, in
        Of filters with banks: a word to load, and the number of every sample's bank.
    saturated : out
        With ``flagged``: high for a clock when elements of a filter's result were clamped; nothing else clamps.
    """

    def __init__(self, unit: WindowUnit, banks: Banks | None = None, *, flagged: bool = False) -> None:
        self.unit, self.flagged = unit, flagged
        self.banks = banks if isinstance(unit.plan, Filters) else None
        self.shape = vector(unit.format, unit.output.lanes)
        given = vector(unit.given, unit.plan.buffer.source.lanes)
        flag = {"saturated": Out(1)} if flagged else {}
        ports = {"i": In(stream.Signature(given)), "o": Out(stream.Signature(self.shape))}
        super().__init__({**ports, **bank_ports(self.banks), **flag})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        unit, plan = self.unit, self.unit.plan
        orders = plan.steps if isinstance(plan, Reorder) else ()
        m.submodules.ring = ring = Ring(plan.buffer, unit.given, orders)
        m.submodules.flow = flow = WindowFlow(self.shape, plan.buffer, unit.under_way, unit.output.beats)
        wiring.connect(m, wiring.flipped(self.i), ring.i)
        wiring.connect(m, flow.o, wiring.flipped(self.o))
        known = self.bank.valid if self.banks else 1
        m.d.comb += [flow.ready.eq(ring.ready & known), ring.row_taken.eq(flow.row_taken), ring.start.eq(flow.start)]
        if isinstance(plan, Filters):
            engines = self._engines(plan)
            _filter(m, plan, ring, flow, engines)
            if self.banks:
                self._route(m, flow, engines)
            if self.flagged:
                m.d.comb += self.saturated.eq(Cat(engine.saturated for engine in engines).any())
        elif isinstance(plan, Reducers):
            _reduce(m, plan, ring, flow)
        else:
            drive(m, flow.result, (delayed(m, word, 1, f"y{k}_") for k, word in enumerate(ring.words)))
            m.d.comb += flow.done.eq(delayed(m, ring.last_of_turn, 1, "done", reset=True))
        return m

    def _route(self, m: Module, flow: WindowFlow, engines: list[FilterEngine]) -> None:
        """The number of a window's bank comes with its phase; loaded words go to all engines."""
        load_here = hop(m, self.load, "load_here")
        number = delayed(m, self.bank.payload, 3, "bank")
        m.d.comb += self.bank.ready.eq(flow.sample_taken)
        for engine in engines:
            m.d.comb += [engine.bank.eq(number), engine.load.eq(load_here)]

    def _engines(self, plan: Filters) -> list[FilterEngine]:
        return [FilterEngine(plan, e, self.banks, flagged=self.flagged) for e in range(plan.engines)]


def _filter(m: Module, plan: Filters, ring: Ring, flow: WindowFlow, engines: list[FilterEngine]) -> None:
    """Engines side by side."""
    segments = plan.fold.segments
    phase = delayed(m, flow.phase, 2, "phase")
    for e, engine in enumerate(engines):
        m.submodules[f"engine{e}"] = engine
        m.d.comb += engine.phase.eq(phase)
        for j in range(segments):
            m.d.comb += [engine.early[j].eq(ring.early[j]), engine.words[j].eq(ring.words[e * segments + j])]
    drive(m, flow.result, (word for engine in engines for word in engine.result))
    m.d.comb += flow.done.eq(filled(m, plan, engines[0].done))


def _reduce(m: Module, plan: Reducers, ring: Ring, flow: WindowFlow) -> None:
    """Units side by side, each with its channels one after another."""
    drive(m, flow.result, (_reduced(m, plan, unit, ring, word) for unit, word in enumerate(ring.words)))
    m.d.comb += flow.done.eq(delayed(m, ring.last_of_turn, 1 + plan.division, "done", reset=True))


def _reduced(m: Module, plan: Reducers, unit: int, ring: Ring, word: Value) -> Value:
    """The result of every window, a clock (and a division) after its last word."""
    if not plan.divisor:
        largest = Signal(signed(plan.format.bits), name=f"largest{unit}", reset_less=True)
        m.d.sync += largest.eq(Mux(ring.first | (word > largest), word, largest))
        return largest
    m.submodules[f"divide{unit}"] = divide = Divide(plan.format.bits, plan.divisor)
    total = Signal(divide.x.shape(), name=f"total{unit}", reset_less=True)
    m.d.sync += total.eq(Mux(ring.first, 0, total) + word)
    m.d.comb += divide.x.eq(total)
    return divide.y
