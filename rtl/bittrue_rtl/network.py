"""A whole net as one component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.frames import column_sources
from bittrue.lower.load import LoadPlan, bank_count
from bittrue.lower.schedule import Step, schedule
from bittrue.num import Interval
from bittrue.ranges import node_range, ranges
from bittrue.spec import Add, Flatten, Net, Node, Table, TensorType
from bittrue.spec.net import INPUT
from bittrue_rtl.add import AddStreams
from bittrue_rtl.banks import Banks, contents
from bittrue_rtl.conv1d import FrameFilters
from bittrue_rtl.delay import delayed
from bittrue_rtl.features import FeatureVector
from bittrue_rtl.flatten import Flattened
from bittrue_rtl.load import hop
from bittrue_rtl.matrix import MatrixVector
from bittrue_rtl.pool1d import FramePool
from bittrue_rtl.queue import StreamQueue
from bittrue_rtl.serial import collected
from bittrue_rtl.shapes import content, load_bus, tagged, vector
from bittrue_rtl.streams import Fork, SkidBuffer
from bittrue_rtl.table import TableLookup


def vector_of(tensor: TensorType) -> Any:
    """Payload shape of the stream that carries a tensor: a vector, or the columns of a frame one after another."""
    return vector(tensor.format, tensor.shape[0])


class ComplexFilter(wiring.Component):
    """`ComplexFIR`: its bases and their delays, then a matrix-vector product.

    Ports
    -----
    i : stream of vector(source, 2), in
    o : stream of vector(output, 2), out
    load, saturated
        With banks, those of the `MatrixVector`.
    """

    def __init__(self, step: Step, interval: int, banks: Banks | None = None) -> None:
        assert step.features is not None and step.matrix is not None  # what a ComplexFIR is scheduled with
        self.banks, bank_bits = banks, banks.plan.bank_bits if banks else 0
        self.features = FeatureVector(step.features, interval, bank_bits)
        self.matrix = MatrixVector(step.matrix, interval, banks)
        super().__init__(
            {
                "i": In(stream.Signature(tagged(vector(step.features.source, 2), bank_bits))),
                "o": Out(stream.Signature(tagged(vector(step.matrix.output, 2), bank_bits))),
            }
            | ({"load": In(load_bus(banks.plan)), "saturated": Out(1)} if banks else {})
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.features, m.submodules.matrix = self.features, self.matrix
        wiring.connect(m, wiring.flipped(self.i), self.features.i)
        wiring.connect(m, self.features.o, self.matrix.i)
        wiring.connect(m, self.matrix.o, wiring.flipped(self.o))
        if self.banks:
            m.d.comb += [self.matrix.load.eq(self.load), self.saturated.eq(self.matrix.saturated)]
        return m


class Network(wiring.Component):
    """A net: layers work at the same time, joined by streams, one sample every ``interval`` clocks.

    Frames travel as their columns, one transfer each.

    Parameters
    ----------
    net : Net
    interval : int
        Initiation interval in clocks.
    probes : bool
        Add, for every node, the ports ``tap_<node>``, that node's latest tensor, and ``tap_<node>_valid``, high for
        one clock a tensor.
    banks : sequence of Net
        Nets like ``net`` but for their weights and biases, which then lie in memories that hold so many of them: the
        next power of two, at least 2. Banks beyond those given start as copies of the first. Without, weights and
        biases are constants.

    Ports
    -----
    i : stream of the net's input, in
    o : stream of the net's output, out
    bank, o_bank
        With banks: the bank that computes the sample on ``i``, in, and that of the sample on ``o``, out. It travels
        with the sample, so any two samples may have different ones.
    load : load_bus, in
        With banks: a word for a bank that no sample under way uses, as `bittrue.lower.load.LoadPlan` addresses it. One
        may come in every clock; a sample accepted `bittrue.lower.load.LOAD_CLOCKS` later is computed with it.
    saturated : out, a bit a node in the net's order
        With banks: high for a clock when words of that node's result were clamped to its format, at the latest when
        the sample is on ``o``. A delayed copy of a clamped feature is not clamped again, and a table never clamps.

    Raises
    ------
    BadInput
        As `bittrue.lower.schedule.schedule` and, with banks, `bittrue.lower.load.LoadPlan` do.
    """

    def __init__(self, net: Net, interval: int, *, probes: bool = False, banks: Sequence[Net] = ()) -> None:
        self.net, self.interval, self.probes = net, interval, probes
        self.carried = column_sources(net)
        self.plan = LoadPlan(net, interval, bank_count(len(banks))) if banks else None
        self.contents = contents(self.plan, banks) if self.plan else []
        self.steps = self.plan.steps if self.plan else schedule(net, interval)
        self.bank_bits = self.plan.bank_bits if self.plan else 0
        ports = {"i": In(stream.Signature(vector_of(net.input))), "o": Out(stream.Signature(vector_of(net.output)))}
        if self.plan:
            ports |= {"bank": In(self.bank_bits), "o_bank": Out(self.bank_bits), "load": In(load_bus(self.plan))}
            ports["saturated"] = Out(len(net.nodes))
        if probes:
            for node in net.nodes:
                ports[f"tap_{node.name}"] = Out(vector_of(net.types[node.name]))
                ports[f"tap_{node.name}_valid"] = Out(1)
        super().__init__(ports)

    def _component(self, node: Node) -> Any:
        step, types, output = self.steps[node.name], self.net.input_types(node), self.net.types[node.name]
        banks = Banks(self.plan, node.name, self.contents) if self.plan else None
        if step.features is not None:
            if step.matrix is not None:
                return ComplexFilter(step, self.interval, banks)
            return FeatureVector(step.features, self.interval, self.bank_bits, flagged=bool(self.plan))
        if step.matrix is not None:
            return MatrixVector(step.matrix, step.interval, banks)
        if step.filters is not None:
            return FrameFilters(step.filters, self.net.types[self.carried[node.inputs[0]]].shape[0])
        if step.pools is not None:
            return FramePool(step.pools, types[0].format)
        if isinstance(node.layer, Flatten):
            return self._flattened(node)
        if isinstance(node.layer, Table):
            return TableLookup(node.layer, types[0].format, types[0].shape[0], step.interval, self.bank_bits)
        assert isinstance(node.layer, Add)  # the schedule knows no other layer
        bits = self._sum_bits(node)
        return AddStreams(node.layer, [t.format for t in types], output.shape[0], bits, step.interval, self.bank_bits)

    def _flattened(self, node: Node) -> Flattened:
        (given,) = self.net.input_types(node)
        channels, length = given.shape
        return Flattened(given.format, channels, length, self.steps[node.name].interval // length)

    def _sum_bits(self, node: Node) -> int:
        """Width of a sum, with banks for any operands."""
        if not self.plan:
            return ranges(self.net)[node.name].acc_bits
        types = self.net.input_types(node)
        return node_range(node.layer, types, [(Interval.of(t.format),) * t.shape[0] for t in types]).acc_bits

    def _tagged(self, tensor: TensorType) -> Any:
        """Payload shape of the stream inside that carries a tensor."""
        return tagged(vector_of(tensor), self.bank_bits)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.register = register = SkidBuffer(self._tagged(self.net.input))
        if self.plan:
            self._enter(m, register.i)
        else:
            wiring.connect(m, wiring.flipped(self.i), register.i)
        waiting = self._consumers()
        self._offer(m, INPUT, register.o, waiting)
        ports = {INPUT: register.o}
        for node in self.net.nodes:
            if self.carried[node.name] != node.name:
                if self.probes:
                    self._probe_columns(m, node, ports[self.carried[node.name]])
                continue
            m.submodules[node.name] = component = self._component(node)
            ports[node.name] = component.o
            inputs = component.inputs if isinstance(component, AddStreams) else [component.i]
            for k, port in enumerate(inputs):
                wiring.connect(m, waiting[node.name, k], port)
            if self.probes:
                self._probe(m, node.name, component.o)
            self._offer(m, node.name, component.o, waiting)
            if self.plan:
                self._attend(m, node, component)
        if self.plan:
            self._leave(m, waiting[None, 0])
        else:
            wiring.connect(m, waiting[None, 0], wiring.flipped(self.o))
        return m

    def _enter(self, m: Module, port: Any) -> None:
        """The input stream, with the number of its bank; and the register of the load port."""
        m.d.comb += [port.payload.content.eq(self.i.payload), port.payload.bank.eq(self.bank)]
        m.d.comb += [port.valid.eq(self.i.valid), self.i.ready.eq(port.ready)]
        self.load_here = hop(m, self.load, "load_here")

    def _leave(self, m: Module, port: Any) -> None:
        m.d.comb += [self.o.payload.eq(port.payload.content), self.o_bank.eq(port.payload.bank)]
        m.d.comb += [self.o.valid.eq(port.valid), port.ready.eq(self.o.ready)]

    def _attend(self, m: Module, node: Node, component: Any) -> None:
        """Words to load to those layers that have any, and flags from those that clamp."""
        if self.steps[node.name].matrix is not None:
            m.d.comb += component.load.eq(self.load_here)
        if not isinstance(component, TableLookup):
            m.d.comb += self.saturated[self.net.nodes.index(node)].eq(component.saturated)

    def _consumers(self) -> dict[tuple[str | None, int], Any]:
        """``(node, input number)`` of every edge, in the order of the net; node ``None`` is the net's output.

        A `Flatten` that columns run through is no node: those behind it take the columns.
        """
        edges: dict[tuple[str | None, int], Any] = {
            (node.name, k): self.carried[source]
            for node in self.net.nodes
            if self.carried[node.name] == node.name
            for k, source in enumerate(node.inputs)
        }
        edges[None, 0] = self.net.nodes[-1].name
        return edges

    def _offer(self, m: Module, source: str, port: Any, waiting: dict[tuple[str | None, int], Any]) -> None:
        """Replace ``source`` in ``waiting`` by streams: forked, and queued where the consumer has slack."""
        edges = [edge for edge, wanted in waiting.items() if isinstance(wanted, str) and wanted == source]
        ports = [port]
        if len(edges) > 1:
            m.submodules[f"fork_{source}"] = fork = Fork(self._tagged(self.net.types[source]), len(edges))
            wiring.connect(m, port, fork.i)
            ports = fork.outputs
        for (name, k), stream_port in zip(edges, ports, strict=True):
            slack = self.steps[name].slack[k] if name is not None else 0
            if slack:
                queue = StreamQueue(self._tagged(self.net.types[source]), slack + 1)
                m.submodules[f"slack_{name}_{k}"] = queue
                wiring.connect(m, stream_port, queue.i)
                stream_port = queue.o
            waiting[name, k] = stream_port

    def _probe(self, m: Module, name: str, port: Any) -> None:
        tensor, valid = getattr(self, f"tap_{name}"), getattr(self, f"tap_{name}_valid")
        latest = Signal(tensor.shape(), name=f"latest_{name}", reset_less=True)
        strobe = Signal(name=f"strobe_{name}")
        m.d.sync += [latest.eq(content(port.payload)), strobe.eq(port.valid & port.ready)]
        m.d.comb += [tensor.eq(latest), valid.eq(strobe)]

    def _probe_columns(self, m: Module, node: Node, port: Any) -> None:
        """The probe of a `Flatten` that columns run through: the vector that it stands for."""
        (channels, length), tensor = self.net.input_types(node)[0].shape, getattr(self, f"tap_{node.name}")
        count = Signal(range(max(2, length)), name=f"count_{node.name}")
        strobe = port.valid & port.ready
        last = strobe & (count == length - 1)
        with m.If(strobe):
            m.d.sync += count.eq(Mux(last, 0, count + 1))
        for n, column in enumerate(collected(m, port.payload, strobe, length, f"column_{node.name}_")):
            m.d.comb += [tensor[c * length + n].eq(column[c]) for c in range(channels)]
        m.d.comb += getattr(self, f"tap_{node.name}_valid").eq(delayed(m, last, 1, f"strobe_{node.name}", reset=True))
