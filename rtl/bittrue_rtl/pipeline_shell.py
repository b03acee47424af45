"""The stream side of the shell of a net that is a pipeline: a word of samples every clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module
from amaranth.lib import data, wiring

from bittrue.lower.ports import port_bits
from bittrue.lower.stream_shell import can_bypass
from bittrue.spec import Net
from bittrue.spec.net import INPUT
from bittrue_rtl.bank_use import BankUse
from bittrue_rtl.beats import BeatQueue
from bittrue_rtl.containers import unpacked
from bittrue_rtl.pipeline import Pipeline
from bittrue_rtl.stream_shell import StreamShell
from bittrue_rtl.streams import SkidBuffer
from bittrue_rtl.widths import Narrower, Widener


class PipelineShell(StreamShell):
    """A `StreamShell` around a `Pipeline`: as many words a clock as that takes.

    What belongs to a word but not to the net waits in a queue with a place for every word that can be in the pipeline,
    its registers and its queue, so it needs no count of its own: the pipeline lets in no more.

    Ports
    -----
    As of `StreamShell`; samples are counted in words of the streams.
    """

    network: Pipeline

    def _network(self, net: Net, banks: Sequence[Net]) -> Pipeline:
        """The pipeline, with flags for words that are clamped."""
        return Pipeline(net, self.interval, banks=banks, flagged=True, means=self.means)

    def _depth(self) -> int:
        """Words that are in the pipeline at a time."""
        return self.network.inside

    def _enter(self, m: Module, network: Pipeline, source: SkidBuffer) -> BeatQueue:  # type: ignore[override]
        """Let words into the net, and their companions into the queue beside it."""
        given = source.o
        if self.means.parts > 1:
            part = port_bits(network.layouts[INPUT], self.net.input.format)
            m.submodules.narrower = narrower = Narrower(len(self.s_axis_tdata), part, self.means.parts)
            wiring.connect(m, source.o, narrower.i)
            given = narrower.o
        bypass = can_bypass(self.net)
        companion = data.StructLayout({"last": 1, **({"bypass": 1, "data": len(given.payload.data)} if bypass else {})})
        m.submodules.sidecar = sidecar = BeatQueue(companion, self.depth)
        unpacked(m, network.i.payload, given.payload.data, self.net.input.format)
        accept = given.valid & network.i.ready
        m.d.comb += [
            network.i.valid.eq(given.valid),
            given.ready.eq(network.i.ready),
            sidecar.write.eq(accept),
            sidecar.payload.last.eq(given.payload.last),
        ]
        if bypass:
            m.d.comb += [sidecar.payload.bypass.eq(self.bypass), sidecar.payload.data.eq(given.payload.data)]
        if self.plan is not None:
            m.d.comb += network.bank.eq(self.bank)
        with m.If(accept):
            m.d.sync += self.active.eq(self.bank)
        m.submodules.use = use = BankUse(self.count, self.depth + 2)
        m.d.comb += [use.select.eq(self.bank), use.enter.eq(accept), use.enter_bank.eq(self.bank)]
        m.d.comb += self.busy.eq(use.busy)
        self._use = use
        return sidecar

    def _leave(self, m: Module, network: Pipeline, sidecar: BeatQueue, sink: Any) -> None:  # type: ignore[override]
        """Join results with their companions, and put as many together as a word of the stream has."""
        if self.means.parts > 1:
            part = port_bits(network.layouts[self.net.last], self.net.output.format)
            m.submodules.widener = widener = Widener(part, len(self.m_axis_tdata), self.means.parts)
            wiring.connect(m, widener.o, sink.i)
            sink = widener
        super()._leave(m, network, sidecar, sink)  # type: ignore[arg-type]
