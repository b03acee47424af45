"""The module that users instantiate: a net between AXI4-Streams."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.ports import module_name, port_bits
from bittrue.lower.sources import Sources
from bittrue.spec import Net
from bittrue_rtl.containers import packed, unpacked
from bittrue_rtl.network import Network
from bittrue_rtl.printing import printed


class Top(wiring.Component):
    """A net with AXI4-Stream names, as Vivado infers them.

    A vector is one transfer, a frame one transfer a column; elements travel in containers of 8, 16, 32 or 64 bits,
    element 0 in the least significant one, sign-extended. The input ignores the bits of a container above the word.

    Parameters
    ----------
    net, interval, probes
        As for `Network`.

    Ports
    -----
    s_axis_tdata, s_axis_tvalid : in; s_axis_tready : out
    m_axis_tdata, m_axis_tvalid : out; m_axis_tready : in
    tap_<node>_tdata, tap_<node>_tvalid : out
        With ``probes``: that node's tensor, valid for one clock.
    """

    def __init__(self, net: Net, interval: int, *, probes: bool = False) -> None:
        self.network = Network(net, interval, probes=probes)
        ports: dict[str, Any] = {
            "s_axis_tdata": In(port_bits(net.input)),
            "s_axis_tvalid": In(1),
            "s_axis_tready": Out(1),
            "m_axis_tdata": Out(port_bits(net.output)),
            "m_axis_tvalid": Out(1),
            "m_axis_tready": In(1),
        }
        if probes:
            for node in net.nodes:
                ports[f"tap_{node.name}_tdata"] = Out(port_bits(net.types[node.name]))
                ports[f"tap_{node.name}_tvalid"] = Out(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        net, inner = self.network.net, self.network
        m.submodules.network = inner
        unpacked(m, inner.i.payload, self.s_axis_tdata, net.input)
        m.d.comb += [
            inner.i.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(inner.i.ready),
            self.m_axis_tdata.eq(packed(m, inner.o.payload, net.output, "output")),
            self.m_axis_tvalid.eq(inner.o.valid),
            inner.o.ready.eq(self.m_axis_tready),
        ]
        if inner.probes:
            for node in net.nodes:
                tensor = getattr(inner, f"tap_{node.name}")
                m.d.comb += [
                    getattr(self, f"tap_{node.name}_tdata").eq(packed(m, tensor, net.types[node.name], node.name)),
                    getattr(self, f"tap_{node.name}_tvalid").eq(getattr(inner, f"tap_{node.name}_valid")),
                ]
        return m


def verilog(net: Net, interval: int, *, probes: bool = False) -> Sources:
    """Verilog-2005 of ``net`` as module `bittrue.lower.ports.module_name`; it depends on nothing else.

    Ports: ``clk``, ``rst`` (synchronous, active high), then those of `Top`.
    """
    return printed(Top(net, interval, probes=probes), module_name(net))
