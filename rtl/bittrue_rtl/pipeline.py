"""A whole net as one pipeline that takes a sample every clock."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.fold import EVERY_CLOCK
from bittrue.lower.pipelined import queue_depth
from bittrue.lower.products import DSPS
from bittrue.lower.schedule import SKID, schedule
from bittrue.lower.units import FeatureUnit
from bittrue.spec import Net, Node
from bittrue_rtl.admission import Admission
from bittrue_rtl.beats import BeatQueue
from bittrue_rtl.delay import delayed
from bittrue_rtl.network import port
from bittrue_rtl.pipelined import FreeChain, free
from bittrue_rtl.shapes import vector
from bittrue_rtl.streams import SkidBuffer


class Pipeline(wiring.Component):
    """A net whose data moves every clock, beside a row of bits that tell which clocks have a sample.

    Nothing in it stalls. A sample is let in only when every output's queue will have a place for its result, so that
    the streams stall as others do: between them, no register has an enable but the delay lines of samples.

    Parameters
    ----------
    net : Net
        Of vectors.
    probes : bool
        As for `bittrue_rtl.network.Network`.
    dsps : int
        Most DSP48E1 (`bittrue.lower.schedule.schedule`).

    Ports
    -----
    i, o, tap_<node>, tap_<node>_valid
        As those of `bittrue_rtl.network.Network`.
    """

    def __init__(self, net: Net, *, probes: bool = False, dsps: int = DSPS) -> None:
        self.net, self.probes = net, probes
        self.schedule = schedule(net, EVERY_CLOCK, dsps=dsps)
        self.layouts = self.schedule.layouts
        ports: dict[str, Any] = {}
        for kind, names, flow in (("i", tuple(net.inputs), In), ("o", net.outputs, Out)):
            ports |= {port(kind, name, names): flow(stream.Signature(self.beat(name))) for name in names}
        if probes:
            for node in net.nodes:
                ports |= {f"tap_{node.name}": Out(self.beat(node.name)), f"tap_{node.name}_valid": Out(1)}
        super().__init__(ports)
        self._values: dict[str, dict[int, Any]] = {}
        self._queues: dict[str, BeatQueue] = {}

    def beat(self, name: str) -> Any:
        """Payload shape of the stream that carries a tensor."""
        return vector(self.net.types[name].format, self.layouts[name].lanes)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        registers = [self._enter(m, name) for name in self.net.inputs]
        for name in self.net.outputs:
            m.submodules[port("queue", name, self.net.outputs)] = self._queues[name] = self._queue(name)
        m.submodules.admission = admission = Admission([queue.depth for queue in self._queues.values()])
        m.d.comb += [
            admission.offered.eq(Cat(register.o.valid for register in registers).all()),
            admission.taken.eq(Cat(queue.taken for queue in self._queues.values())),
            *(register.o.ready.eq(admission.accept) for register in registers),
        ]
        self._strobes(m, admission.accept)
        for node in self.net.nodes:
            self._build(m, node)
            if self.probes:
                self._probe(m, node.name)
        return self._leave(m)

    def _enter(self, m: Module, name: str) -> SkidBuffer:
        """The register stage of an input."""
        names = tuple(self.net.inputs)
        m.submodules[port("register", name, names)] = register = SkidBuffer(self.beat(name))
        wiring.connect(m, wiring.flipped(getattr(self, port("i", name, names))), register.i)
        self._values[name] = {SKID: register.o.payload}
        return register

    def _arrival(self, name: str) -> int:
        """The clock in which a tensor is there."""
        return SKID if name in self.net.inputs else self.schedule.steps[name].arrival

    def _queue(self, name: str) -> BeatQueue:
        """The queue of an output: it holds all samples that can be under way."""
        return BeatQueue(self.beat(name), queue_depth(self._arrival(name) - SKID))

    def _strobes(self, m: Module, accept: Value) -> None:
        """A bit for every clock that a sample is under way."""
        line = Signal(max(self._arrival(name) for name in self.schedule.steps) - SKID, name="valid")
        m.d.sync += line.eq(Cat(accept, line))
        self._valid = [accept, *line]

    def _strobe(self, clock: int) -> Value:
        """High when a sample is there that has come so many clocks ago."""
        return self._valid[clock - SKID]

    def _at(self, m: Module, name: str, clock: int) -> Any:
        """A tensor as it is in a clock, its own or later."""
        source = self.schedule.carried[name]
        known = self._values[source]
        if clock not in known:
            latest = max(k for k in known if k < clock)
            known[clock] = delayed(m, known[latest], clock - latest, f"{source}_at{clock}")
        return known[clock]

    def _build(self, m: Module, node: Node) -> None:
        """A node's component."""
        step = self.schedule.steps[node.name]
        if not step.units:
            return
        m.submodules[node.name] = part = FreeChain(step.units) if len(step.units) > 1 else free(step.units[0])  # type: ignore[arg-type]
        start = step.arrival - step.latency
        inputs = part.inputs if hasattr(part, "inputs") else [part.i]
        for there, name in zip(inputs, node.inputs, strict=True):
            m.d.comb += there.eq(self._at(m, name, start))
        first = step.units[0].unit  # type: ignore[attr-defined]
        if isinstance(first, FeatureUnit):
            m.d.comb += part.early.eq(self._strobe(start + first.features.latency - 1))
        self._values[node.name] = {step.arrival: part.o}

    def _leave(self, m: Module) -> Module:
        """Results go to the queues of the outputs."""
        for name in self.net.outputs:
            queue = self._queues[name]
            clock = self._arrival(name)
            m.d.comb += [queue.write.eq(self._strobe(clock)), queue.payload.eq(self._at(m, name, clock))]
            wiring.connect(m, queue.o, wiring.flipped(getattr(self, port("o", name, self.net.outputs))))
        return m

    def _probe(self, m: Module, name: str) -> None:
        tensor, valid = getattr(self, f"tap_{name}"), getattr(self, f"tap_{name}_valid")
        latest, strobe = Signal(tensor.shape(), name=f"latest_{name}", reset_less=True), Signal(name=f"strobe_{name}")
        clock = self._arrival(name)
        m.d.sync += [latest.eq(self._at(m, name, clock)), strobe.eq(self._strobe(clock))]
        m.d.comb += [tensor.eq(latest), valid.eq(strobe)]
