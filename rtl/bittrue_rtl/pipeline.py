"""A whole net as one pipeline whose data moves every clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import C, Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.fold import EVERY_CLOCK
from bittrue.lower.load import LoadPlan, bank_count
from bittrue.lower.means import PLAIN, Means
from bittrue.lower.pipelined import LINES, LoadedUnit, queue_depth
from bittrue.lower.schedule import SKID, scheduled_pipeline
from bittrue.lower.units import FeatureUnit, Unit
from bittrue.spec import Net, Node
from bittrue_rtl.admission import Admission
from bittrue_rtl.banks import Banks, contents
from bittrue_rtl.beats import BeatQueue
from bittrue_rtl.delay import delayed
from bittrue_rtl.load import hop
from bittrue_rtl.network import port
from bittrue_rtl.pipelined import FreeChain, free
from bittrue_rtl.pipelined_lanes import LaneMatrix
from bittrue_rtl.shapes import content, load_bus, tagged, vector
from bittrue_rtl.streams import SkidBuffer


class Pipeline(wiring.Component):
    """A net whose data moves every clock, beside a row of bits that tell which clocks have a sample.

    Nothing in it stalls. A sample is let in only when every output's queue will have a place for its result, so that
    the streams stall as others do: between them, no register has an enable but the delay lines of samples. Where a
    sample comes every second or third clock at most, samples are let in in every second or third clock only, so that
    the turns of a multiplier that several products share depend on the clock alone.

    Parameters
    ----------
    net : Net
        Of vectors.
    interval : int
        Clocks a sample, fewer than `bittrue.lower.fold.MIN_INTERVAL`.
    probes, banks, flagged
        As for `bittrue_rtl.network.Network`.
    means : Means
        With several samples a clock, a word of any stream is so many vectors side by side, the oldest lowest.

    Ports
    -----
    i, o, tap_<node>, tap_<node>_valid, bank, o_bank, load, saturated
        As those of `bittrue_rtl.network.Network`.
    """

    def __init__(
        self,
        net: Net,
        interval: int = EVERY_CLOCK,
        *,
        probes: bool = False,
        banks: Sequence[Net] = (),
        flagged: bool = False,
        means: Means = PLAIN,
    ) -> None:
        self.net, self.interval, self.probes, self.flagged = net, interval, probes, flagged or bool(banks)
        self.plan = LoadPlan(net, interval, bank_count(len(banks)), means.dsps, means.luts) if banks else None
        self.contents = contents(self.plan, banks) if self.plan else []
        self.schedule = self.plan.schedule if self.plan else scheduled_pipeline(net, interval, means, False)
        self.steps, self.layouts, self.samples = self.schedule.steps, self.schedule.layouts, means.samples
        self.bank_bits = self.plan.bank_bits if self.plan else 0
        ports: dict[str, Any] = {}
        for kind, names, flow in (("i", tuple(net.inputs), In), ("o", net.outputs, Out)):
            ports |= {port(kind, name, names): flow(stream.Signature(self.beat(name))) for name in names}
        if self.plan:
            ports |= {"bank": In(self.bank_bits), "o_bank": Out(self.bank_bits), "load": In(load_bus(self.plan))}
        if self.flagged:
            ports["saturated"] = Out(len(net.nodes))
        if probes:
            for node in net.nodes:
                ports |= {f"tap_{node.name}": Out(self.beat(node.name)), f"tap_{node.name}_valid": Out(1)}
        super().__init__(ports)
        self._values: dict[str, dict[int, list[Any]]] = {}
        self._queues: dict[str, BeatQueue] = {}

    def beat(self, name: str) -> Any:
        """Payload shape of the stream that carries a tensor."""
        return vector(self.net.types[name].format, self.layouts[name].lanes)

    @property
    def inside(self) -> int:
        """Most samples, or words of several, between an input and its output: in registers and under way."""
        return 2 + max(queue_depth(self._arrival(name) - SKID) for name in self.net.outputs) + 1

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        if self.plan:
            self.load_here = hop(m, self.load, "load_here")
        registers = [self._enter(m, name) for name in self.net.inputs]
        for name in self.net.outputs:
            m.submodules[port("queue", name, self.net.outputs)] = self._queues[name] = self._queue(name)
        m.submodules.admission = admission = Admission([queue.depth for queue in self._queues.values()])
        offered = Cat(register.o.valid for register in registers).all()
        self._ring(m)
        m.d.comb += [
            admission.offered.eq(offered if self.interval == EVERY_CLOCK else offered & self._phases[0]),
            admission.taken.eq(Cat(queue.taken for queue in self._queues.values())),
            *(register.o.ready.eq(admission.accept) for register in registers),
        ]
        self._strobes(m, admission.accept)
        if self.plan:
            self._bank_line(m, registers[0].o.payload.bank)
        for node in self.net.nodes:
            self._build(m, node)
            if self.probes:
                self._probe(m, node.name)
        return self._leave(m)

    def _enter(self, m: Module, name: str) -> SkidBuffer:
        """The register stage of an input."""
        names = tuple(self.net.inputs)
        shape = tagged(self.beat(name), self.bank_bits)
        m.submodules[port("register", name, names)] = register = SkidBuffer(shape)
        outer = getattr(self, port("i", name, names))
        if self.plan:
            m.d.comb += [register.i.payload.content.eq(outer.payload), register.i.payload.bank.eq(self.bank)]
            m.d.comb += [register.i.valid.eq(outer.valid), outer.ready.eq(register.i.ready)]
        else:
            wiring.connect(m, wiring.flipped(outer), register.i)
        self._values[name] = {SKID: self._apart(m, name, content(register.o.payload))}
        return register

    def _apart(self, m: Module, name: str, beat: Any) -> list[Any]:
        """The vectors of the samples of a word."""
        if self.samples == 1:
            return [beat]
        shape = vector(self.net.types[name].format, self.net.types[name].elements)
        parts = [Signal(shape, name=f"{name}_{k}") for k in range(self.samples)]
        m.d.comb += Cat(Value.cast(part) for part in parts).eq(Value.cast(beat))
        return parts

    def _arrival(self, name: str) -> int:
        """The clock in which a tensor is there."""
        return SKID if name in self.net.inputs else self.schedule.steps[name].arrival

    def _queue(self, name: str) -> BeatQueue:
        """The queue of an output: it holds all samples that can be under way."""
        return BeatQueue(tagged(self.beat(name), self.bank_bits), queue_depth(self._arrival(name) - SKID))

    def _ring(self, m: Module) -> None:
        """A bit that goes round: in its place 0 a sample may be let in."""
        self._phases: Value = C(1, 1)
        if self.interval > EVERY_CLOCK:
            self._phases = ring = Signal(self.interval, init=1, name="phases")
            m.d.sync += ring.eq(ring.rotate_left(1))

    def _strobes(self, m: Module, accept: Value) -> None:
        """A bit for every clock that a sample is under way."""
        line = Signal(max(self._arrival(name) for name in self.schedule.steps) - SKID, name="valid")
        m.d.sync += line.eq(Cat(accept, line))
        self._valid = [accept, *line]

    def _bank_line(self, m: Module, bank: Value) -> None:
        """The bank of the sample that may have been let in so many clocks ago, and until the next one may be."""
        if self.interval > EVERY_CLOCK:
            kept = Signal(self.bank_bits, name="bank_kept", reset_less=True)
            with m.If(self._phases[0]):
                m.d.sync += kept.eq(bank)
            bank = Mux(self._phases[0], bank, kept)
        self._banks = [bank]
        for clock in range(1, len(self._valid)):
            self._banks.append(delayed(m, self._banks[-1], 1, f"bank{clock}"))

    def _strobe(self, clock: int) -> Value:
        """High when a sample is there that has come so many clocks ago."""
        return self._valid[clock - SKID]

    def _at(self, m: Module, name: str, clock: int) -> list[Any]:
        """A tensor as it is in a clock, its own or later; one a sample of a clock."""
        source = self.schedule.carried[name]
        known = self._values[source]
        if clock not in known:
            latest = max(k for k in known if k < clock)
            each = [source] if self.samples == 1 else [f"{source}_{k}" for k in range(self.samples)]
            names = [f"{one}_at{clock}" for one in each]
            pairs = zip(known[latest], names, strict=True)
            known[clock] = [delayed(m, value, clock - latest, label) for value, label in pairs]
        return known[clock]

    def _part(self, node: Node, unit: Unit, flagged: bool) -> Any:
        """The component of a unit: of features for all samples of a clock, else for one of them."""
        if not isinstance(unit, LoadedUnit):
            return free(unit, self.interval, flagged=flagged)  # type: ignore[arg-type]
        assert self.plan
        return LaneMatrix(unit.product, self.interval, Banks(self.plan, node.name, self.contents), flagged=flagged)

    def _build(self, m: Module, node: Node) -> None:
        """A node's components."""
        step = self.schedule.steps[node.name]
        if not step.units:
            return
        first, last, start = step.units[0], step.units[-1], step.arrival - step.latency
        if isinstance(getattr(first, "unit", None), FeatureUnit):
            m.submodules[node.name] = part = self._featured(node, first, last)
            for there, value in zip(part.inputs, self._at(m, node.inputs[0], start), strict=True):
                m.d.comb += there.eq(value)
            latency: int = first.latency  # type: ignore[attr-defined]
            m.d.comb += part.early.eq(self._strobe(start + latency - LINES - 1))
            parts, made = [part], part.outputs
        else:
            parts = [self._part(node, last, self.flagged) for _ in range(self.samples)]
            for k, part in enumerate(parts):
                m.submodules[node.name if self.samples == 1 else f"{node.name}_{k}"] = part
                for there, name in zip(part.inputs if hasattr(part, "inputs") else [part.i], node.inputs, strict=True):
                    m.d.comb += there.eq(self._at(m, name, start)[k])
            made = [part.o for part in parts]
        self._steer(m, parts, step.arrival - last.latency - SKID)  # type: ignore[attr-defined]
        self._values[node.name] = {step.arrival: made}
        if self.flagged and hasattr(parts[0], "clamped"):
            clamped = Cat(part.clamped for part in parts).any() & self._strobe(step.arrival)
            m.d.sync += self.saturated[self.net.nodes.index(node)].eq(clamped)

    def _featured(self, node: Node, first: Unit, last: Unit) -> Any:
        """Features, and the matrices behind them where the node has one."""
        if last is first:
            return self._part(node, first, self.flagged)
        return FreeChain(
            self._part(node, first, False), [self._part(node, last, self.flagged) for _ in range(self.samples)]
        )

    def _steer(self, m: Module, parts: Sequence[Any], clock: int) -> None:
        """Turns, banks and words to load for what takes its vector so many clocks after a sample was let in."""
        for part in parts:
            if hasattr(part, "phase"):
                turns = range(clock, clock + self.interval)
                m.d.comb += part.phase.eq(Cat(self._phases[turn % self.interval] for turn in turns))
            if hasattr(part, "load"):
                m.d.comb += [part.bank.eq(self._banks[clock]), part.load.eq(self.load_here)]

    def _together(self, m: Module, name: str, clock: int) -> Any:
        """The word of a tensor in a clock: the vectors of its samples side by side."""
        values = self._at(m, name, clock)
        return values[0] if self.samples == 1 else Cat(Value.cast(value) for value in values)

    def _leave(self, m: Module) -> Module:
        """Results go to the queues of the outputs."""
        for name in self.net.outputs:
            queue, outer = self._queues[name], getattr(self, port("o", name, self.net.outputs))
            clock = self._arrival(name)
            m.d.comb += [
                queue.write.eq(self._strobe(clock)),
                Value.cast(content(queue.payload)).eq(Value.cast(self._together(m, name, clock))),
            ]
            if not self.plan:
                wiring.connect(m, queue.o, wiring.flipped(outer))
                continue
            m.d.comb += [
                queue.payload.bank.eq(self._banks[clock - SKID]),
                outer.payload.eq(queue.o.payload.content),
                outer.valid.eq(queue.o.valid),
                queue.o.ready.eq(outer.ready),
            ]
        if self.plan:
            m.d.comb += self.o_bank.eq(self._queues[self.net.outputs[0]].o.payload.bank)
        return m

    def _probe(self, m: Module, name: str) -> None:
        tensor, valid = getattr(self, f"tap_{name}"), getattr(self, f"tap_{name}_valid")
        latest, strobe = Signal(tensor.shape(), name=f"latest_{name}", reset_less=True), Signal(name=f"strobe_{name}")
        clock = self._arrival(name)
        m.d.sync += [Value.cast(latest).eq(Value.cast(self._together(m, name, clock))), strobe.eq(self._strobe(clock))]
        m.d.comb += [tensor.eq(latest), valid.eq(strobe)]
