"""The stream side of the shell: a net between AXI4-Streams with TLAST, bypass, banks and counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.means import PLAIN, Means
from bittrue.lower.stream_shell import bank_count, can_bypass, end_layouts, stream_bits
from bittrue.spec import Net
from bittrue_rtl.bank_use import BankUse
from bittrue_rtl.containers import packed, unpacked
from bittrue_rtl.loader import load_layout
from bittrue_rtl.network import Network
from bittrue_rtl.queue import Queue
from bittrue_rtl.streams import SkidBuffer

SPARE = 6
"""Clocks that a sample's companion waits in the sidecar besides the net's latency."""


class StreamShell(wiring.Component):
    """One sample a transfer. What belongs to a sample but not to the net waits in a sidecar, and leaves with it.

    A reset empties everything, so that no sample, companion or count is left without the others.

    Parameters
    ----------
    net, interval, banks
        As for `Network`.
    means : Means
        As for `bittrue_rtl.pipeline.Pipeline`, where the net is one.

    Ports
    -----
    s_axis_tdata, s_axis_tkeep, s_axis_tlast, s_axis_tvalid : in; s_axis_tready : out
    m_axis_tdata, m_axis_tkeep, m_axis_tlast, m_axis_tvalid : out; m_axis_tready : in
    bypass, bank : in
        For samples that the net takes from now on.
    load : load_layout, in
        With banks: a word for the net's memories.
    samples_in, samples_out, stalls : unsigned(32), out
    malformed : out
        High for one clock: a word came with TKEEP not all ones.
    saturated : out
        A bit a node, high for one clock: a result was clamped.
    active : out
        Bank of the sample that the net took last.
    busy : out
        A bit a bank, as of `BankUse`.
    """

    framed = False

    def __init__(self, net: Net, interval: int, banks: Sequence[Net], means: Means = PLAIN) -> None:
        self.net, self.count, self.interval, self.means = net, bank_count(len(banks)), interval, means
        self.network = self._network(net, banks)
        self.plan = self.network.plan
        self.layouts = end_layouts(net, interval, bool(banks), means)
        self.depth = self._depth()
        bank_bits = (self.count - 1).bit_length()
        widths = [stream_bits(end, layout) for end, layout in zip((net.input, net.output), self.layouts, strict=True)]
        ports: dict[str, Any] = {"bypass": In(1), "bank": In(bank_bits), "m_axis_tready": In(1)}
        for name, bits, flow in (("s_axis", widths[0], In), ("m_axis", widths[1], Out)):
            ports |= {f"{name}_tdata": flow(bits), f"{name}_tkeep": flow(bits // 8)}
            ports |= {f"{name}_tlast": flow(1), f"{name}_tvalid": flow(1)}
        if self.plan is not None:
            ports["load"] = In(load_layout(self.plan.address_bits, self.plan.data_bits))
        ports |= {name: Out(32) for name in ("samples_in", "samples_out", "stalls")}
        ports |= {"s_axis_tready": Out(1), "malformed": Out(1), "saturated": Out(len(net.nodes))}
        if self.framed:
            ports |= {"packets": In(1), "short": Out(1), "long": Out(1)}
        super().__init__({**ports, "active": Out(bank_bits), "busy": Out(self.count)})

    def _network(self, net: Net, banks: Sequence[Net]) -> Network:
        """The net."""
        return Network(net, self.interval, banks=banks, flagged=self.framed)

    def _depth(self) -> int:
        """Samples that are in the net at a time."""
        return -(-(self.network.steps[self.net.last].arrival + SPARE) // self.interval) + 1

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.network = network = self.network
        given = data.StructLayout({"data": len(self.s_axis_tdata), "last": 1})
        taken = data.StructLayout({"data": len(self.m_axis_tdata), "last": 1})
        m.submodules.source = source = SkidBuffer(given)
        m.submodules.sink = sink = SkidBuffer(taken)
        awake = Signal()  # nothing is taken while a reset would lose it
        m.d.sync += awake.eq(1)
        m.d.comb += [
            source.i.payload.data.eq(self.s_axis_tdata),
            source.i.payload.last.eq(self.s_axis_tlast),
            source.i.valid.eq(self.s_axis_tvalid & awake),
            self.s_axis_tready.eq(source.i.ready & awake),
            self.m_axis_tdata.eq(sink.o.payload.data),
            self.m_axis_tkeep.eq(-1),
            self.m_axis_tlast.eq(sink.o.payload.last),
            self.m_axis_tvalid.eq(sink.o.valid),
            sink.o.ready.eq(self.m_axis_tready),
        ]
        companions = self._enter(m, network, source)
        self._leave(m, network, companions, sink)
        self._count(m)
        if self.plan is not None:
            m.d.comb += network.load.eq(self.load)
        if network.flagged:
            m.d.comb += self.saturated.eq(network.saturated)
        return m

    def _enter(self, m: Module, network: Network, source: SkidBuffer) -> Queue:
        """Let samples into the net while the sidecar has room for their companions."""
        bypass = can_bypass(self.net)
        companion = data.StructLayout({"last": 1, **({"bypass": 1, "data": len(self.s_axis_tdata)} if bypass else {})})
        m.submodules.sidecar = sidecar = Queue(companion, self.depth)
        free, room = Signal(range(self.depth + 1), init=self.depth), Signal()
        entering, beside = Signal(), Signal(companion, reset_less=True)
        content = network.i.payload
        unpacked(m, content, source.o.payload.data, self.net.input.format)
        accept = source.o.valid & network.i.ready & room
        m.d.comb += [
            network.i.valid.eq(source.o.valid & room),
            source.o.ready.eq(network.i.ready & room),
            sidecar.write.eq(entering),
            sidecar.payload.eq(beside),
        ]
        m.d.sync += [
            free.eq(free - accept + sidecar.taken),
            room.eq(~accept & (free != 0)),
            entering.eq(accept),
            beside.last.eq(source.o.payload.last),
        ]
        if bypass:
            m.d.sync += [beside.bypass.eq(self.bypass), beside.data.eq(source.o.payload.data)]
        if self.plan is not None:
            m.d.comb += network.bank.eq(self.bank)
        with m.If(accept):
            m.d.sync += self.active.eq(self.bank)
        m.submodules.use = use = BankUse(self.count, self.depth + 2)
        m.d.comb += [use.select.eq(self.bank), use.enter.eq(accept), use.enter_bank.eq(self.bank)]
        m.d.comb += self.busy.eq(use.busy)
        self._use = use
        return sidecar

    def _leave(self, m: Module, network: Network, sidecar: Queue, sink: SkidBuffer) -> None:
        """Join results with their companions."""
        content = network.o.payload
        result = packed(m, content, self.net.output.format, "result")
        both = network.o.valid & sidecar.o.valid
        if can_bypass(self.net):
            result = Mux(sidecar.o.payload.bypass, sidecar.o.payload.data, result)
        m.d.comb += [
            sink.i.valid.eq(both),
            sink.i.payload.data.eq(result),
            sink.i.payload.last.eq(sidecar.o.payload.last),
            network.o.ready.eq(sink.i.ready & sidecar.o.valid),
            sidecar.o.ready.eq(sink.i.ready & network.o.valid),
            self._use.leave.eq(both & sink.i.ready),
        ]
        if self.plan is not None:
            m.d.comb += self._use.leave_bank.eq(network.o_bank)

    def _count(self, m: Module) -> None:
        """Count what happens on the ports, from registers."""
        came, went, stuck, whole = Signal(), Signal(), Signal(), Signal(len(self.s_axis_tkeep), reset_less=True)
        m.d.sync += [
            came.eq(self.s_axis_tvalid & self.s_axis_tready),
            went.eq(self.m_axis_tvalid & self.m_axis_tready),
            stuck.eq(self.m_axis_tvalid & ~self.m_axis_tready),
            whole.eq(self.s_axis_tkeep),
            self.malformed.eq(came & ~whole.all()),
            self.samples_in.eq(self.samples_in + came),
            self.samples_out.eq(self.samples_out + went),
            self.stalls.eq(self.stalls + stuck),
        ]
