"""The module of a net that streams weights: AXI4-Streams, and an AXI4 read master."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, DomainRenamer, Module, ResetSignal
from amaranth.lib.wiring import In, Out

from bittrue.lower.means import Means
from bittrue.lower.ports import module_name
from bittrue.lower.sources import Sources
from bittrue.lower.streaming import StreamPlan
from bittrue.spec import Net
from bittrue_rtl.printing import printed
from bittrue_rtl.streamed_network import StreamedNetwork
from bittrue_rtl.top import Top
from bittrue_rtl.weight_reader import PORTS, WeightReader

MASTER = "m_axi_weights"
"""Prefix of the master's ports."""


class StreamedTop(Top):
    """A `Top` of a `StreamedNetwork` and its `WeightReader`.

    A reset forgets samples; what has been asked of the memory still comes, and is not used. No reset reaches the
    master: it starts when the module is configured.

    Ports
    -----
    As of `Top`, and

    m_axi_weights_* : AXI4 read master
    weights_base : unsigned(32), in
        Address of the image of the weights, a multiple of 4096. It stands still while ``rst`` is low.
    weights_error : out
        As of `WeightReader`: nothing comes out any more until a reset.
    weights_starved : out
        High in every clock in which lanes wait for weights.
    """

    def __init__(self, net: Net, interval: int, streaming: StreamPlan, *, probes: bool = False) -> None:
        self.streaming = streaming
        super().__init__(net, interval, probes=probes)

    def _network(self, net: Net, interval: int, probes: bool, means: Means) -> StreamedNetwork:
        return StreamedNetwork(net, interval, self.streaming, probes=probes)

    def _more_ports(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            f"{MASTER}_{name}": (Out if way == "output" else In)(bits) for name, (way, bits) in PORTS.items()
        }
        return found | {"weights_base": In(32), "weights_error": Out(2), "weights_starved": Out(1)}

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = super().elaborate(platform)
        m.domains.memory = ClockDomain(reset_less=True)
        m.d.comb += ClockSignal("memory").eq(ClockSignal("sync"))
        reader = WeightReader(self.streaming.layers)
        m.submodules.reader = DomainRenamer("memory")(reader)
        attach(m, self, reader)
        join(m, reader, self.network)  # type: ignore[arg-type]
        m.d.comb += [
            reader.base.eq(self.weights_base),
            reader.stop.eq(ResetSignal("sync")),
            self.weights_error.eq(reader.error),
            self.weights_starved.eq(self.network.starved),  # type: ignore[union-attr]
        ]
        return m


def attach(m: Module, outer: Any, reader: WeightReader) -> None:
    """The ports `MASTER` of a component to its reader."""
    for name, (way, _) in PORTS.items():
        port, inner = getattr(outer, f"{MASTER}_{name}"), getattr(reader, f"m_{name}")
        m.d.comb += port.eq(inner) if way == "output" else inner.eq(port)


def join(m: Module, reader: WeightReader, network: StreamedNetwork) -> None:
    """What the reader gives to the layers that take it."""
    for given, there in zip(reader.words, network.weights, strict=True):
        m.d.comb += [there.payload.eq(given.payload), there.valid.eq(given.valid), given.ready.eq(there.ready)]


def verilog(net: Net, interval: int, streaming: StreamPlan, *, probes: bool = False) -> Sources:
    """Verilog-2005 of a net as module `bittrue.lower.ports.module_name`, with the ports of `StreamedTop`."""
    return printed(StreamedTop(net, interval, streaming, probes=probes), module_name(net))
