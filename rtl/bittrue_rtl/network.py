"""A whole net as one component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.load import LoadPlan, bank_count
from bittrue.lower.schedule import schedule
from bittrue.lower.units import ElementUnit
from bittrue.num import Interval
from bittrue.ranges import node_range
from bittrue.spec import Constant, Eltwise, Net, Node
from bittrue_rtl.banks import Banks, contents
from bittrue_rtl.beats import BeatStreamQueue
from bittrue_rtl.components import Chain, component, inputs
from bittrue_rtl.deep_queue import DeepStreamQueue
from bittrue_rtl.frame_banks import FrameBanks
from bittrue_rtl.frame_marks import marked
from bittrue_rtl.load import hop
from bittrue_rtl.pacer import Pacer
from bittrue_rtl.queue import StreamQueue
from bittrue_rtl.shapes import content, load_bus, tagged, vector
from bittrue_rtl.streams import Fork, SkidBuffer

Edge = tuple[str, int]
"""A node and the number of its input; or ``""`` and the number of an output of the net."""


def port(kind: str, name: str, names: Sequence[str]) -> str:
    """Name of the stream of an input or output: ``kind`` alone where there is but one."""
    return kind if len(names) == 1 else f"{kind}_{name}"


class Network(wiring.Component):
    """A net: layers work at the same time, joined by streams, one sample every ``interval`` clocks.

    Vectors travel whole, frames and images as `bittrue.lower.layout.Layout` says. Of several inputs or outputs each has
    a stream of its own; all inputs give their samples at the same rate.

    Parameters
    ----------
    net : Net
    interval : int
        Initiation interval in clocks.
    probes : bool
        Add, for every node, the ports ``tap_<node>``, the latest beat of that node's tensor, and ``tap_<node>_valid``,
        high for one clock a beat.
    banks : sequence of Net
        Nets like ``net`` but for their weights and biases, which then lie in memories that hold so many of them: the
        next power of two, at least 2. Banks beyond those given start as copies of the first. Without, weights and
        biases are constants.
    flagged : bool
        Add the port ``saturated``, which nets with banks have anyway.

    Ports
    -----
    i : stream of the net's input, in
    o : stream of the net's output, out
        ``i_<name>`` and ``o_<name>`` where there are several.
    bank, o_bank
        With banks: the bank that computes the sample on ``i``, in, and that of the sample on ``o``, out. It travels
        with the sample, so any two samples may have different ones; that of a frame is taken with its first beat, of
        the first of several inputs.
    load : load_bus, in
        With banks: a word for a bank that no sample under way uses, as `bittrue.lower.load.LoadPlan` addresses it. One
        may come in every clock; a sample accepted `bittrue.lower.load.LOAD_CLOCKS` later is computed with it.
    saturated : out, a bit a node in the net's order
        If ``flagged``: high for a clock when words of that node's result were clamped to its format, at the latest when
        the sample is on ``o``. A delayed copy of a clamped feature is not clamped again, and a table never clamps.

    Raises
    ------
    BadInput
        As `bittrue.lower.schedule.schedule` and, with banks, `bittrue.lower.load.LoadPlan` do.
    """

    def __init__(
        self, net: Net, interval: int, *, probes: bool = False, banks: Sequence[Net] = (), flagged: bool = False
    ) -> None:
        self.net, self.interval, self.probes, self.flagged = net, interval, probes, flagged or bool(banks)
        self.plan = LoadPlan(net, interval, bank_count(len(banks))) if banks else None
        self.contents = contents(self.plan, banks) if self.plan else []
        self.schedule = self.plan.schedule if self.plan else schedule(net, interval)
        self.steps, self.carried, self.layouts = self.schedule.steps, self.schedule.carried, self.schedule.layouts
        self.bank_bits = self.plan.bank_bits if self.plan else 0
        self.tag_bits = 0 if self.schedule.streamed else self.bank_bits
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

    def beat(self, name: str) -> Any:
        """Payload shape of the stream that carries a tensor."""
        return vector(self.net.types[name].format, self.layouts[name].lanes)

    def _tagged(self, name: str) -> Any:
        """Payload shape of the stream inside that carries a tensor."""
        return tagged(self.beat(name), self.tag_bits)

    def _component(self, node: Node) -> Any:
        units = self.steps[node.name].units
        banks = Banks(self.plan, node.name, self.contents) if self.plan else None
        if len(units) > 1:
            return Chain(units, banks, flagged=self.flagged)
        (unit,) = units
        if isinstance(unit, ElementUnit) and self.plan and isinstance(unit.layer, Eltwise):
            unit = replace(unit, acc_bits=self._any_sum_bits(node))
        varying = [k for k, name in enumerate(node.inputs) if name not in self._constants]
        return component(unit, banks, varying[0] if varying else 0, flagged=self.flagged)

    @cached_property
    def _constants(self) -> set[str]:
        """Tensors that depend on no input."""
        found: set[str] = set()
        for node in self.net.nodes:
            if isinstance(node.layer, Constant) or (node.inputs and found.issuperset(node.inputs)):
                found.add(node.name)
        return found

    def _any_sum_bits(self, node: Node) -> int:
        """Width of a sum or product of any operands."""
        types = self.net.input_types(node)
        return node_range(node.layer, types, [(Interval.of(t.format),) * t.shape[0] for t in types]).acc_bits

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        if self.plan:
            self.load_here = hop(m, self.load, "load_here")
        self.numbers = self._frame_banks(m)
        waiting = self._consumers()
        streams = {name: self._enter(m, name) for name in self.net.inputs}
        for name, source in streams.items():
            self._offer(m, name, source, waiting)
        for node in self.net.nodes:
            if self.carried[node.name] == node.name:
                streams[node.name] = self._built(m, node, waiting)
            if self.probes:
                self._probe(m, node.name, streams[self.carried[node.name]])
        for k, name in enumerate(self.net.outputs):
            self._leave(m, name, waiting["", k])
        return m

    def _built(self, m: Module, node: Node, waiting: dict[Edge, Any]) -> Any:
        """A node's component between its inputs and its consumers; its stream."""
        m.submodules[node.name] = part = self._component(node)
        for k, there in enumerate(inputs(part)):
            source = waiting[node.name, k]
            adapter = self.steps[node.name].adapters.get(k)
            if adapter:
                m.submodules[f"adapter_{node.name}_{k}"] = copy = component(adapter)
                wiring.connect(m, source, copy.i)
                source = self._slack(m, node.name, k, copy.o)
            wiring.connect(m, source, there)
        self._offer(m, node.name, part.o, waiting)
        self._attend(m, node, part)
        return part.o

    def _enter(self, m: Module, name: str) -> Any:
        """The stream of an input behind a register stage: paced, or with the number of its bank."""
        outer = getattr(self, port("i", name, tuple(self.net.inputs)))
        label = port("register", name, tuple(self.net.inputs))
        m.submodules[label] = register = SkidBuffer(self._tagged(name))
        if self.tag_bits:
            m.d.comb += [register.i.payload.content.eq(outer.payload), register.i.payload.bank.eq(self.bank)]
            m.d.comb += [register.i.valid.eq(outer.valid), outer.ready.eq(register.i.ready)]
            return register.o
        if self.numbers and name == next(iter(self.net.inputs)):
            self._number(m, name, outer, register.i)
        else:
            wiring.connect(m, wiring.flipped(outer), register.i)
        if not self.schedule.streamed:
            return register.o
        pacer = Pacer(self.layouts[name], self.net.types[name].format, self.schedule.clocks)
        m.submodules[port("pacer", name, tuple(self.net.inputs))] = pacer
        wiring.connect(m, register.o, pacer.i)
        return pacer.o

    def _leave(self, m: Module, name: str, source: Any) -> None:
        outer = getattr(self, port("o", name, self.net.outputs))
        if not self.tag_bits:
            wiring.connect(m, source, wiring.flipped(outer))
            if self.numbers and name == self.net.outputs[0]:
                self._count_off(m, name, outer)
            return
        m.d.comb += [outer.payload.eq(source.payload.content), self.o_bank.eq(source.payload.bank)]
        m.d.comb += [outer.valid.eq(source.valid), source.ready.eq(outer.ready)]

    def _attend(self, m: Module, node: Node, part: Any) -> None:
        """Words to load to those layers that have any, and flags from those that clamp."""
        if self.plan and self.steps[node.name].weighs:
            m.d.comb += part.load.eq(self.load_here)
            if self.numbers:
                wiring.connect(m, self.numbers[node.name], part.bank)
        if self.flagged and hasattr(part, "saturated"):
            m.d.comb += self.saturated[self.net.nodes.index(node)].eq(part.saturated)

    def _frame_banks(self, m: Module) -> dict[str, Any]:
        """Streams of the banks' numbers by node, and that of the output by ``""``; none where they travel as tags."""
        if not self.plan or self.tag_bits:
            return {}
        clocks, latest = self.schedule.clocks, max(step.arrival for step in self.steps.values())
        users = [node.name for node in self.net.nodes if self.steps[node.name].weighs]
        under_way = -(-(latest + clocks) // clocks) + 1
        m.submodules.frame_banks = self.frame_banks = FrameBanks(self.bank_bits, len(users) + 1, under_way + 2)
        return dict(zip([*users, ""], self.frame_banks.outputs, strict=True))

    def _number(self, m: Module, name: str, outer: Any, inner: Any) -> None:
        """Take the number of a frame's bank with its first beat, as soon as there is room for it."""
        accept = Signal(name="accept")
        first, _ = marked(m, accept, self.layouts[name].transfers, "given")
        go = self.frame_banks.room | ~first
        m.d.comb += [
            inner.payload.eq(outer.payload),
            inner.valid.eq(outer.valid & go),
            outer.ready.eq(inner.ready & go),
            accept.eq(outer.valid & inner.ready & go),
            self.frame_banks.enter.eq(accept & first),
            self.frame_banks.bank.eq(self.bank),
        ]

    def _count_off(self, m: Module, name: str, outer: Any) -> None:
        """A frame's number is that of the output until its last beat is taken."""
        gone = outer.valid & outer.ready
        _, ends = marked(m, gone, self.layouts[name].transfers, "made")
        m.d.comb += [self.o_bank.eq(self.numbers[""].payload), self.numbers[""].ready.eq(gone & ends)]

    def _consumers(self) -> dict[Edge, Any]:
        """The tensor at every edge, in the order of the net; streams are carried past nodes that need no hardware."""
        edges: dict[Edge, Any] = {
            (node.name, k): self.carried[source]
            for node in self.net.nodes
            if self.carried[node.name] == node.name
            for k, source in enumerate(node.inputs)
        }
        return edges | {("", k): self.carried[name] for k, name in enumerate(self.net.outputs)}

    def _offer(self, m: Module, source: str, given: Any, waiting: dict[Edge, Any]) -> None:
        """Replace ``source`` in ``waiting`` by streams: forked, and queued where the consumer has slack."""
        edges = [edge for edge, wanted in waiting.items() if isinstance(wanted, str) and wanted == source]
        streams = [given]
        if len(edges) > 1:
            m.submodules[f"fork_{source}"] = fork = Fork(self._tagged(source), len(edges))
            wiring.connect(m, given, fork.i)
            streams = fork.outputs
        for (name, k), there in zip(edges, streams, strict=True):
            adapted = name and k in self.steps[name].adapters
            waiting[name, k] = there if adapted or not name else self._slack(m, name, k, there)

    def _slack(self, m: Module, name: str, k: int, given: Any) -> Any:
        """A stream behind the queue that an input of a node needs."""
        slack = self.steps[name].queues[k]
        if not slack:
            return given
        shallow = BeatStreamQueue if self.schedule.streamed else StreamQueue
        kind = DeepStreamQueue if slack.deep else shallow
        m.submodules[f"slack_{name}_{k}"] = queue = kind(given.payload.shape(), slack.words)
        wiring.connect(m, given, queue.i)
        return queue.o

    def _probe(self, m: Module, name: str, given: Any) -> None:
        tensor, valid = getattr(self, f"tap_{name}"), getattr(self, f"tap_{name}_valid")
        latest = Signal(tensor.shape(), name=f"latest_{name}", reset_less=True)
        strobe = Signal(name=f"strobe_{name}")
        m.d.sync += [latest.eq(content(given.payload)), strobe.eq(given.valid & given.ready)]
        m.d.comb += [tensor.eq(latest), valid.eq(strobe)]
