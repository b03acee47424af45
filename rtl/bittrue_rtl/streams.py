"""Stream plumbing: a register stage and a fork."""

from __future__ import annotations

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


class SkidBuffer(wiring.Component):
    """A register stage in both directions: payload, valid and ready all leave registers, at one payload a clock.

    Ports
    -----
    i : stream, in
    o : stream, out
    """

    def __init__(self, shape: ShapeLike) -> None:
        self.shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        held = Signal(self.shape, reset_less=True)
        payload = Signal(self.shape, reset_less=True)
        full = Signal()  # `held` is in use
        valid = Signal()  # `payload` is in use
        empty = Signal(init=1)  # it is not: a register of its own for the enable of many
        with m.If(~full):
            m.d.sync += held.eq(self.i.payload)
        with m.If(self.o.ready | empty):
            m.d.sync += [valid.eq(full | self.i.valid), empty.eq(~(full | self.i.valid)), full.eq(0)]
            with m.If(full):
                m.d.sync += payload.eq(held)
            with m.Else():
                m.d.sync += payload.eq(self.i.payload)
        with m.Else():
            m.d.sync += full.eq(full | self.i.valid)
        m.d.comb += [self.i.ready.eq(~full), self.o.valid.eq(valid), self.o.payload.eq(payload)]
        return m


class Fork(wiring.Component):
    """Gives every payload to each of several streams; each takes it when it is ready, none sees it twice.

    Ports
    -----
    i : stream, in
    o0, o1, ... : stream, out
    """

    def __init__(self, shape: ShapeLike, ways: int) -> None:
        self.shape = shape
        ports = {f"o{k}": Out(stream.Signature(shape)) for k in range(ways)}
        super().__init__({"i": In(stream.Signature(shape)), **ports})
        self.outputs = [getattr(self, name) for name in ports]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        served = Signal(len(self.outputs))
        serving = Signal(len(self.outputs))
        for k, port in enumerate(self.outputs):
            m.d.comb += [
                port.payload.eq(self.i.payload),
                port.valid.eq(self.i.valid & ~served[k]),
                serving[k].eq(served[k] | port.ready),
            ]
        m.d.comb += self.i.ready.eq(serving.all())
        with m.If(self.i.valid):
            with m.If(self.i.ready):
                m.d.sync += served.eq(0)
            with m.Else():
                m.d.sync += served.eq(serving)
        return m
