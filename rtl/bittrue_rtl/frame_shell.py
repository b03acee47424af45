"""The stream side of the shell of a net that takes or gives frames."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data

from bittrue.lower.stream_shell import held_words
from bittrue_rtl.bank_use import BankUse
from bittrue_rtl.containers import packed, unpacked
from bittrue_rtl.frame_marks import marked
from bittrue_rtl.framer import Framer
from bittrue_rtl.network import Network
from bittrue_rtl.queue import Queue
from bittrue_rtl.stream_shell import SPARE, StreamShell
from bittrue_rtl.streams import SkidBuffer

LATE = 3
"""Frames of one word that can become whole until the sidecar's count stops them."""


class FrameShell(StreamShell):
    """A `StreamShell` whose words are beats of frames: `Framer` lets whole frames into the net and no others.

    A frame's companion is written when the frame is whole, and leaves with the last word of its result.

    Ports
    -----
    As of `StreamShell`, and

    packets : in
        As of `Framer`.
    short, long : out
        High for one clock: a frame was dropped.
    """

    framed = True

    @property
    def _words(self) -> int:
        """Words of a frame on s_axis."""
        return self.layouts[0].transfers

    def _depth(self) -> int:
        """Frames that are in the net at a time, and those that wait in front of it."""
        clocks = self.network.schedule.clocks
        inside = -(-(self.network.steps[self.net.last].arrival + clocks + SPARE) // clocks) + 1
        return inside + held_words(self.layouts[0]) // self._words + LATE

    def _enter(self, m: Module, network: Network, source: SkidBuffer) -> Queue:
        """Let whole frames into the net while the sidecar has room for their companions."""
        m.submodules.sidecar = sidecar = Queue(data.StructLayout({"last": 1}), self.depth)
        m.submodules.framer = framer = Framer(len(self.s_axis_tdata), self._words, held_words(self.layouts[0]))
        free = Signal(range(self.depth + 1), init=self.depth)
        m.d.sync += [
            free.eq(free - framer.whole + sidecar.taken),
            self.short.eq(framer.short),
            self.long.eq(framer.long),
        ]
        m.d.comb += [
            framer.i.payload.eq(source.o.payload),
            framer.i.valid.eq(source.o.valid),
            source.o.ready.eq(framer.i.ready),
            framer.packets.eq(self.packets),
            framer.open.eq(free > LATE),
            sidecar.write.eq(framer.whole),
            sidecar.payload.last.eq(framer.last),
            network.i.valid.eq(framer.o.valid),
            framer.o.ready.eq(network.i.ready),
        ]
        unpacked(m, network.i.payload, framer.o.payload.data, self.net.input.format)
        enter = framer.o.valid & network.i.ready & framer.o.payload.first
        if self.plan is not None:
            m.d.comb += network.bank.eq(self.bank)
        with m.If(enter):
            m.d.sync += self.active.eq(self.bank)
        m.submodules.use = use = BankUse(self.count, self.depth + 2)
        m.d.comb += [use.select.eq(self.bank), use.enter.eq(enter), use.enter_bank.eq(self.bank)]
        m.d.comb += self.busy.eq(use.busy)
        self._use = use
        return sidecar

    def _leave(self, m: Module, network: Network, sidecar: Queue, sink: SkidBuffer) -> None:
        """Join the last word of every result with its companion."""
        words = self.layouts[1].transfers
        gone = Signal()
        _, ends = marked(m, gone, words, "made")
        go = network.o.valid & (sidecar.o.valid | ~ends)
        m.d.comb += [
            gone.eq(go & sink.i.ready),
            sink.i.valid.eq(go),
            sink.i.payload.data.eq(packed(m, network.o.payload, self.net.output.format, "result")),
            sink.i.payload.last.eq(sidecar.o.payload.last & ends),
            network.o.ready.eq(sink.i.ready & (sidecar.o.valid | ~ends)),
            sidecar.o.ready.eq(gone & ends),
            self._use.leave.eq(gone & ends),
        ]
        if self.plan is not None:
            m.d.comb += self._use.leave_bank.eq(network.o_bank)
