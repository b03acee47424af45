"""The module that users instantiate: a net between AXI4-Streams."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.fold import is_pipeline
from bittrue.lower.means import PLAIN, Means
from bittrue.lower.ports import module_name, port_bits
from bittrue.lower.products import DSPS
from bittrue.lower.sources import Sources
from bittrue.spec import Net
from bittrue_rtl.containers import packed, unpacked
from bittrue_rtl.network import Network, port
from bittrue_rtl.pipeline import Pipeline
from bittrue_rtl.printing import printed


class Top(wiring.Component):
    """A net with AXI4-Stream names, as Vivado infers them.

    Tensors travel in the beats of their layout (`bittrue.lower.schedule.Schedule.layouts`), a vector in one; elements
    in containers of 8, 16, 32 or 64 bits, lane 0 in the least significant one, sign-extended. An input ignores the bits
    of a container above the word.

    Parameters
    ----------
    net, interval, probes, means
        As for `network`.

    Ports
    -----
    s_axis_tdata, s_axis_tvalid : in; s_axis_tready : out
    m_axis_tdata, m_axis_tvalid : out; m_axis_tready : in
        ``s_axis_<name>_...`` and ``m_axis_<name>_...`` where there are several.
    tap_<node>_tdata, tap_<node>_tvalid : out
        With ``probes``: a beat of that node's tensor, valid for one clock.
    """

    def __init__(self, net: Net, interval: int, *, probes: bool = False, means: Means = PLAIN) -> None:
        self.network = inner = self._network(net, interval, probes, means)
        self.bits = {name: port_bits(layout, net.types[name].format) for name, layout in inner.layouts.items()}
        ports: dict[str, Any] = {}
        for kind, names, there, back in (("s_axis", tuple(net.inputs), In, Out), ("m_axis", net.outputs, Out, In)):
            for name in names:
                stream = port(kind, name, names)
                ports |= {f"{stream}_tdata": there(self.bits[name]), f"{stream}_tvalid": there(1)}
                ports[f"{stream}_tready"] = back(1)
        if probes:
            for node in net.nodes:
                ports[f"tap_{node.name}_tdata"] = Out(self.bits[node.name])
                ports[f"tap_{node.name}_tvalid"] = Out(1)
        super().__init__({**ports, **self._more_ports()})

    def _network(self, net: Net, interval: int, probes: bool, means: Means) -> Network | Pipeline:
        return network(net, interval, probes=probes, means=means)

    def _more_ports(self) -> dict[str, Any]:
        return {}

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        net, inner = self.network.net, self.network
        m.submodules.network = inner
        for name in net.inputs:
            outer, there = port("s_axis", name, tuple(net.inputs)), getattr(inner, port("i", name, tuple(net.inputs)))
            unpacked(m, there.payload, getattr(self, f"{outer}_tdata"), net.types[name].format)
            m.d.comb += [
                there.valid.eq(getattr(self, f"{outer}_tvalid")),
                getattr(self, f"{outer}_tready").eq(there.ready),
            ]
        for name in net.outputs:
            outer, there = port("m_axis", name, net.outputs), getattr(inner, port("o", name, net.outputs))
            m.d.comb += [
                getattr(self, f"{outer}_tdata").eq(packed(m, there.payload, net.types[name].format, f"output_{name}")),
                getattr(self, f"{outer}_tvalid").eq(there.valid),
                there.ready.eq(getattr(self, f"{outer}_tready")),
            ]
        if inner.probes:
            for node in net.nodes:
                tensor, fmt = getattr(inner, f"tap_{node.name}"), net.types[node.name].format
                m.d.comb += [
                    getattr(self, f"tap_{node.name}_tdata").eq(packed(m, tensor, fmt, node.name)),
                    getattr(self, f"tap_{node.name}_tvalid").eq(getattr(inner, f"tap_{node.name}_valid")),
                ]
        return m


def network(net: Net, interval: int, *, probes: bool = False, means: Means = PLAIN) -> Network | Pipeline:
    """A net as one component: a `Pipeline` where a sample comes within fewer clocks than handshakes take, else a
    `Network`."""
    means.check(interval, False)
    if is_pipeline(interval):
        return Pipeline(net, interval, probes=probes, means=means)
    return Network(net, interval, probes=probes)


def verilog(
    net: Net, interval: int, *, probes: bool = False, dsps: int = DSPS, luts: int | None = None, samples: int = 1
) -> Sources:
    """Verilog-2005 of ``net`` as module `bittrue.lower.ports.module_name`; it depends on nothing else.

    ``dsps``, ``luts`` and ``samples`` are the `bittrue.lower.means.Means` of a pipeline. Ports: ``clk``, ``rst``
    (synchronous, active high), then those of `Top`.
    """
    return printed(Top(net, interval, probes=probes, means=Means(dsps, luts, samples)), module_name(net))
