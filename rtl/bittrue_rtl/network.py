"""A whole net as one component."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.schedule import Step, schedule
from bittrue.ranges import ranges
from bittrue.spec import Add, Net, Node, Table, TensorType
from bittrue.spec.net import INPUT
from bittrue_rtl.add import AddStreams
from bittrue_rtl.features import FeatureVector
from bittrue_rtl.matrix import MatrixVector
from bittrue_rtl.queue import StreamQueue
from bittrue_rtl.shapes import vector
from bittrue_rtl.streams import Fork, SkidBuffer
from bittrue_rtl.table import TableLookup


def vector_of(tensor: TensorType) -> Any:
    """Payload shape of the stream that carries a tensor."""
    return vector(tensor.format, tensor.shape[0])


class ComplexFilter(wiring.Component):
    """`ComplexFIR`: its bases and their delays, then a matrix-vector product.

    Ports
    -----
    i : stream of vector(source, 2), in
    o : stream of vector(output, 2), out
    """

    def __init__(self, step: Step, interval: int) -> None:
        assert step.features is not None and step.matrix is not None  # what a ComplexFIR is scheduled with
        self.features = FeatureVector(step.features, interval)
        self.matrix = MatrixVector(step.matrix, interval)
        super().__init__(
            {
                "i": In(stream.Signature(vector(step.features.source, 2))),
                "o": Out(stream.Signature(vector(step.matrix.output, 2))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.features, m.submodules.matrix = self.features, self.matrix
        wiring.connect(m, wiring.flipped(self.i), self.features.i)
        wiring.connect(m, self.features.o, self.matrix.i)
        wiring.connect(m, self.matrix.o, wiring.flipped(self.o))
        return m


class Network(wiring.Component):
    """A net: layers work at the same time, joined by streams, one sample every ``interval`` clocks.

    Parameters
    ----------
    net : Net
    interval : int
        Initiation interval in clocks.
    probes : bool
        Add, for every node, the ports ``tap_<node>``, that node's latest tensor, and ``tap_<node>_valid``, high for
        one clock a tensor.

    Ports
    -----
    i : stream of the net's input vector, in
    o : stream of the net's output vector, out
    """

    def __init__(self, net: Net, interval: int, *, probes: bool = False) -> None:
        self.net, self.interval, self.probes = net, interval, probes
        self.steps = schedule(net, interval)
        ports = {"i": In(stream.Signature(vector_of(net.input))), "o": Out(stream.Signature(vector_of(net.output)))}
        if probes:
            for node in net.nodes:
                ports[f"tap_{node.name}"] = Out(vector_of(net.types[node.name]))
                ports[f"tap_{node.name}_valid"] = Out(1)
        super().__init__(ports)

    def _component(self, node: Node) -> Any:
        step, types, output = self.steps[node.name], self.net.input_types(node), self.net.types[node.name]
        if step.features is not None:
            return ComplexFilter(step, self.interval) if step.matrix else FeatureVector(step.features, self.interval)
        if step.matrix is not None:
            return MatrixVector(step.matrix, self.interval)
        if isinstance(node.layer, Table):
            return TableLookup(node.layer, types[0].format, types[0].shape[0], self.interval)
        assert isinstance(node.layer, Add)  # the schedule knows no other layer
        bits = ranges(self.net)[node.name].acc_bits
        return AddStreams(node.layer, [t.format for t in types], output.shape[0], bits, self.interval)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.register = register = SkidBuffer(vector_of(self.net.input))
        wiring.connect(m, wiring.flipped(self.i), register.i)
        waiting = self._consumers()
        self._offer(m, INPUT, register.o, waiting)
        for node in self.net.nodes:
            m.submodules[node.name] = component = self._component(node)
            inputs = component.inputs if isinstance(component, AddStreams) else [component.i]
            for k, port in enumerate(inputs):
                wiring.connect(m, waiting[node.name, k], port)
            if self.probes:
                self._probe(m, node.name, component.o)
            self._offer(m, node.name, component.o, waiting)
        wiring.connect(m, waiting[None, 0], wiring.flipped(self.o))
        return m

    def _consumers(self) -> dict[tuple[str | None, int], Any]:
        """``(node, input number)`` of every edge, in the order of the net; node ``None`` is the net's output."""
        edges: dict[tuple[str | None, int], Any] = {
            (node.name, k): source for node in self.net.nodes for k, source in enumerate(node.inputs)
        }
        edges[None, 0] = self.net.nodes[-1].name
        return edges

    def _offer(self, m: Module, source: str, port: Any, waiting: dict[tuple[str | None, int], Any]) -> None:
        """Replace ``source`` in ``waiting`` by streams: forked, and queued where the consumer has slack."""
        edges = [edge for edge, wanted in waiting.items() if isinstance(wanted, str) and wanted == source]
        ports = [port]
        if len(edges) > 1:
            m.submodules[f"fork_{source}"] = fork = Fork(vector_of(self.net.types[source]), len(edges))
            wiring.connect(m, port, fork.i)
            ports = fork.outputs
        for (name, k), stream_port in zip(edges, ports, strict=True):
            slack = self.steps[name].slack[k] if name is not None else 0
            if slack:
                queue = StreamQueue(vector_of(self.net.types[source]), slack + 1)
                m.submodules[f"slack_{name}_{k}"] = queue
                wiring.connect(m, stream_port, queue.i)
                stream_port = queue.o
            waiting[name, k] = stream_port

    def _probe(self, m: Module, name: str, port: Any) -> None:
        tensor, valid = getattr(self, f"tap_{name}"), getattr(self, f"tap_{name}_valid")
        latest = Signal(tensor.shape(), name=f"latest_{name}", reset_less=True)
        strobe = Signal(name=f"strobe_{name}")
        m.d.sync += [latest.eq(port.payload), strobe.eq(port.valid & port.ready)]
        m.d.comb += [tensor.eq(latest), valid.eq(strobe)]
