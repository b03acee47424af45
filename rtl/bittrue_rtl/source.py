"""A noise source: generators, a net and a gain; a signal without end and without an input."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, ClockDomain, Const, DomainRenamer, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.layout import Layout
from bittrue.lower.ports import container_bits
from bittrue.lower.source import LOADING, SEED_BITS, SourcePlan, parameter_port, source_name, source_plan
from bittrue.lower.sources import Sources
from bittrue.num import Format
from bittrue.spec.source import GAIN, START_BITS, Source
from bittrue_rtl.containers import packed
from bittrue_rtl.gain import Gain
from bittrue_rtl.latent_feed import LatentFeed
from bittrue_rtl.network import Network, port
from bittrue_rtl.printing import printed
from bittrue_rtl.shapes import drive, vector
from bittrue_rtl.threefry import Threefry, key_of


class ParameterFeed(wiring.Component):
    """The same code in all beats of a frame: what ``value`` is when the frame before has been taken.

    Ports
    -----
    loading : in
        High after a reset; the first frame has the value of its last clock.
    value : signed(bits), in
    o : stream of vector(fmt, lanes), out
    """

    def __init__(self, layout: Layout, fmt: Format) -> None:
        self.layout, self.format = layout, fmt
        self.payload = vector(fmt, layout.lanes)
        ports = {"loading": In(1), "value": In(signed(fmt.bits)), "o": Out(stream.Signature(self.payload))}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        beats = self.layout.transfers
        held, valid, beat = Signal(signed(self.format.bits)), Signal(), Signal(range(max(2, beats)))
        taken, last = valid & self.o.ready, beat == beats - 1
        with m.If(taken):
            m.d.sync += beat.eq(Mux(last, 0, beat + 1))
        with m.If(self.loading | (taken & last)):
            m.d.sync += held.eq(self.value)
        m.d.sync += valid.eq(~self.loading)
        m.d.comb += self.o.valid.eq(valid)
        drive(m, self.o.payload, [held] * self.layout.lanes)
        return m


class SourceStream(wiring.Component):
    """A source in one clock domain. A reset starts it anew: from the frame ``start`` of the noise of ``seed``.

    Parameters
    ----------
    plan : SourcePlan
    flagged : bool
        Tell which layers clamp, and when the gain does.

    Ports
    -----
    seed : unsigned(64), start : unsigned(32), in
        They must not change from a reset on until ``LOADING`` clocks after it, and ``seed`` never in between.
    gain : signed(16), in
        A code of Q4.12, for samples from now on.
    param_<name> : in
        A code in its container, for the frames that have not begun.
    o : stream of vector(format, lanes), out
        The signal, in the layout of the net's output.
    saturated, clamped : out
        With ``flagged``: as of `Network` and `Gain`.
    """

    def __init__(self, plan: SourcePlan, *, flagged: bool = False) -> None:
        self.plan, self.source, self.flagged = plan, plan.source, flagged
        self.network = Network(plan.source.net, plan.interval, flagged=flagged)
        ports: dict[str, Any] = {"seed": In(SEED_BITS), "start": In(START_BITS), "gain": In(signed(GAIN.bits))}
        for name, (_, fmt) in self.source.settings.items():
            ports[parameter_port(name)] = In(container_bits(fmt))
        if flagged:
            ports |= {"saturated": Out(len(self.source.net.nodes)), "clamped": Out(1)}
        self.format = self.source.net.output.format
        super().__init__({**ports, "o": Out(stream.Signature(vector(self.format, plan.output.lanes)))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.submodules.network = network = self.network
        m.submodules.gain = gain = Gain(self.format, self.plan.output.lanes, flagged=self.flagged)
        m.d.comb += gain.gain.eq(self.gain)
        if self.flagged:
            m.d.comb += [self.saturated.eq(network.saturated), self.clamped.eq(gain.clamped)]
        wiring.connect(m, network.o, gain.i)
        wiring.connect(m, gain.o, wiring.flipped(self.o))
        self.loading, self.bit, self.second = self._load(m)
        key = key_of(m, self.seed)
        for number, engine in enumerate(self.plan.engines):
            m.submodules[f"generator{number}"] = generator = Threefry(range(2 * len(engine)))
            m.d.comb += generator.key.eq(key)
            feeds = [LatentFeed(feed, len(engine)) for feed in engine]
            for feed in feeds:
                m.submodules[f"latent_{feed.feed.name}"] = feed
                self._connect(m, feed.feed.name, feed)
            self._serve(m, generator, feeds)
        for name, given in self.source.parameters.items():
            fmt = self.source.net.types[name].format
            m.submodules[f"parameter_{name}"] = part = ParameterFeed(self.network.layouts[name], fmt)
            m.d.comb += part.value.eq(getattr(self, parameter_port(given.name))[: fmt.bits])
            self._connect(m, name, part)
        return m

    def _load(self, m: Module) -> tuple[Value, Value, Value]:
        """High for ``LOADING`` clocks after a reset; meanwhile the bits of ``start``, the most significant first, each
        for two clocks; whether it is the second one."""
        loading, left, bits = Signal(init=1), Signal(range(LOADING), init=LOADING - 1), Signal(START_BITS)
        first, second = Signal(init=1), Signal()
        with m.If(loading):
            m.d.sync += [left.eq(left - 1), loading.eq(left != 0), first.eq(0), second.eq(~second)]
            with m.If(first):
                m.d.sync += bits.eq(self.start)
            with m.Elif(second):
                m.d.sync += bits.eq(bits << 1)
        return loading, bits[-1], second

    def _connect(self, m: Module, name: str, part: Any) -> None:
        """A feed in front of its input of the net."""
        m.d.comb += part.loading.eq(self.loading)
        if isinstance(part, LatentFeed):
            m.d.comb += [part.bit.eq(self.bit), part.second.eq(self.second)]
        wiring.connect(m, part.o, getattr(self.network, port("i", name, tuple(self.source.net.inputs))))

    def _serve(self, m: Module, generator: Threefry, feeds: list[LatentFeed]) -> None:
        """The first of those that ask is granted a block, which comes back with its number."""
        asked: Value = Const(0, 1)
        counter, tag = Signal(64, reset_less=True), Signal(generator.tag.shape(), reset_less=True)
        valid = Signal()
        choice: list[Value] = []
        for feed in feeds:
            m.d.comb += feed.granted.eq(feed.asks & ~asked)
            asked = asked | feed.asks
        for number, feed in enumerate(feeds):
            wanted = Cat(feed.counter, feed.last, Const(number, len(tag)))
            choice.append(Mux(feed.granted, wanted, 0))
            given, whole = (Signal(name=f"{what}_{feed.feed.name}") for what in ("given", "whole"))
            here = generator.o_valid & (generator.o_tag >> 1 == number)
            m.d.sync += [given.eq(here), whole.eq(here & generator.o_tag[0])]
            m.d.comb += [feed.given.eq(given), feed.whole.eq(whole), feed.block.eq(generator.block)]
        chosen = choice[0]
        for other in choice[1:]:
            chosen = chosen | other
        m.d.sync += [counter.eq(chosen[:64]), tag.eq(chosen[64:]), valid.eq(asked)]
        m.d.comb += [generator.counter.eq(counter), generator.tag.eq(tag), generator.valid.eq(valid)]


class SourceTop(wiring.Component):
    """The module that users instantiate: a source with registers' ports and an AXI4-Stream.

    Parameters
    ----------
    plan : SourcePlan

    Ports
    -----
    clk, rst : in
        Clock, and synchronous reset, active high.
    restart : in
        High for a clock or more: whatever is under way is forgotten, and the signal begins anew. A sample that is
        offered in its first clock is an old one, none later is. ``seed`` and ``start`` are to be there from its last
        clock on, ``start`` for ``LOADING + 2`` clocks, ``seed`` as long as the signal runs.
    seed, start, gain, param_<name> : in
        As of `SourceStream`.
    m_axis_tdata, m_axis_tvalid : out; m_axis_tready : in
        As of `bittrue_rtl.top.Top`.
    """

    def __init__(self, plan: SourcePlan) -> None:
        self.plan, self.inner = plan, SourceStream(plan)
        super().__init__({name: (In if way == "input" else Out)(bits) for name, (way, bits) in plan.ports.items()})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        domain = ClockDomain("sync")
        domain.clk = self.clk
        m.domains += domain
        again = Signal(init=1)
        m.domains += (outer := ClockDomain("outer"))
        outer.clk = self.clk
        m.d.comb += [outer.rst.eq(self.rst), domain.rst.eq(again)]
        m.d.outer += again.eq(self.restart)
        m.submodules.source = inner = DomainRenamer("sync")(self.inner)
        for name in self.plan.ports:
            if name in self.inner.signature.members:
                m.d.comb += getattr(inner, name).eq(getattr(self, name))
        payload = self.inner.o.payload
        m.d.comb += [
            self.m_axis_tdata.eq(packed(m, payload, self.inner.format, "sample")),
            self.m_axis_tvalid.eq(self.inner.o.valid & ~again),
            self.inner.o.ready.eq(self.m_axis_tready),
        ]
        return m


def source_verilog(source: Source, interval: int) -> Sources:
    """Verilog-2005 of ``source`` as module `bittrue.lower.source.source_name`; it depends on nothing else.

    Ports: those of `SourceTop`. Raises `BadInput` as `bittrue.lower.source.source_plan` does.
    """
    return printed(SourceTop(source_plan(source, interval)), source_name(source.net))
