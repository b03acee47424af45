"""A net with banks as a module with one input and one output stream: bank and a word to load come with every sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from amaranth.hdl import Cat, Module, Mux, ResetSignal, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.cosim.simulation import Simulation
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Stream
from bittrue.lower.load import LoadPlan
from bittrue.num import Format
from bittrue.spec import Net, TensorType
from bittrue_rtl.network import Network
from bittrue_rtl.printing import printed

Codes = npt.NDArray[np.int64]
WORD = Format(32, 0)
FIELDS = 5
"""What a sample carries behind its codes: bank, whether there is a word to load, its address, its two halves."""


class BankedTop(wiring.Component):
    """Codes, bank and a word to load in; codes, bank and flags, a bit a node, out; all in containers of 32 bits.

    The flags are all so far when the result first was offered.
    The load word reaches the net in the clock in which its sample is taken; in a reset there is none.
    """

    def __init__(self, nets: Sequence[Net], interval: int) -> None:
        self.inner = inner = Network(nets[0], interval, banks=nets)
        self.given, self.result = inner.net.input.shape[0], inner.net.output.shape[0]
        super().__init__(
            {
                "s_axis_tdata": In(32 * (self.given + FIELDS)),
                "s_axis_tvalid": In(1),
                "s_axis_tready": Out(1),
                "m_axis_tdata": Out(32 * (self.result + 2)),
                "m_axis_tvalid": Out(1),
                "m_axis_tready": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = self.inner
        words = [self.s_axis_tdata[32 * k : 32 * k + 32] for k in range(self.given + FIELDS)]
        bank, loading, address, low, high = words[self.given :]
        flags, shown, held = (Signal(len(inner.saturated), name=name) for name in ("flags", "shown", "held"))
        waits = Signal()  # a word on the port that was not taken must not change
        m.d.sync += [flags.eq(flags | inner.saturated), held.eq(shown), waits.eq(inner.o.valid & ~inner.o.ready)]
        m.d.comb += shown.eq(Mux(waits, held, flags | inner.saturated))
        results = [inner.o.payload[k] for k in range(self.result)]
        m.d.comb += [
            *(inner.i.payload[k].eq(words[k].as_signed()) for k in range(self.given)),
            inner.i.valid.eq(self.s_axis_tvalid),
            self.s_axis_tready.eq(inner.i.ready),
            inner.bank.eq(bank),
            inner.load.valid.eq(self.s_axis_tvalid & inner.i.ready & loading[0] & ~ResetSignal()),
            inner.load.address.eq(address),
            inner.load.data.eq(Cat(low, high)),
            self.m_axis_tvalid.eq(inner.o.valid),
            inner.o.ready.eq(self.m_axis_tready),
        ]
        for k, value in enumerate([*results, inner.o_bank, shown]):
            container = Signal(signed(32), name=f"container{k}")
            m.d.comb += [container.eq(value), self.m_axis_tdata[32 * k : 32 * k + 32].eq(container)]
        return m


class BankedModel:
    """``nets`` in hardware, simulated by Verilator."""

    def __init__(self, nets: Sequence[Net], interval: int) -> None:
        top = BankedTop(nets, interval)
        assert top.inner.plan is not None
        self.net, self.plan = nets[0], top.inner.plan
        self._given, self._result = top.given, top.result
        source, sink = (TensorType((n,), WORD) for n in (top.given + FIELDS, top.result + 2))
        sources = printed(top, "banked")
        self._simulation = Simulation(sources, "banked", [Stream("s_axis", source)], [Stream("m_axis", sink)])

    def run(
        self,
        codes: Codes,
        banks: Codes,
        loads: dict[int, tuple[int, int]],
        stalls: Stalls | None = None,
        reset_after: int | None = None,
    ) -> tuple[Codes, Codes, Codes]:
        """Output codes, banks and flags so far ``(N, nodes)`` of samples; ``loads``: (address, code) with a sample.

        With ``reset_after``, the samples are fed for that many clocks, then reset, then fed from the beginning.
        """
        words = np.zeros((len(codes), self._given + FIELDS), np.int64)
        words[:, : self._given], words[:, self._given] = codes, banks
        for n, (address, code) in loads.items():
            words[n, self._given + 1 :] = 1, signed32(address), signed32(code), signed32(code >> 32)
        found = self._simulation.run(words, stalls, reset_after=reset_after).outputs["m_axis"]
        flags = found[:, -1:] >> np.arange(len(self.net.nodes)) & 1
        return found[:, : self._result], found[:, -2], flags


def signed32(value: int) -> int:
    """The lower 32 bits as a signed word."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def loads_of(plan: LoadPlan, net: Net, bank: int, start: int) -> dict[int, tuple[int, int]]:
    """The words that put ``net`` into ``bank``, one with every sample from ``start`` on."""
    addresses, codes = plan.words(net)
    offset = plan.address(bank, 0, 0)
    return {start + k: (int(a) + offset, int(c)) for k, (a, c) in enumerate(zip(addresses, codes, strict=True))}
