"""An AXI4-Lite slave in front of registers."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

READ = 2
"""Clocks from a read's index to its word."""


class AxiLiteSlave(wiring.Component):
    """Takes one write and one read at a time, independently of each other, and answers each once, with OKAY.

    Address and data of a write may come in any order. Every output is a register; in reset, ready and valid are low.

    Parameters
    ----------
    address_bits : int
        Width of the byte addresses; the two lowest bits are ignored.
    answer : int
        Clocks from a write's strobe to its response, in which the write does all that it does.

    Ports
    -----
    awaddr, awprot, awvalid, awready, wdata, wstrb, wvalid, wready, bresp, bvalid, bready : AXI4-Lite, writing
    araddr, arprot, arvalid, arready, rdata, rresp, rvalid, rready : AXI4-Lite, reading
    write : out
        High for one clock a write: the registers take ``write_data``.
    write_index, read_index : unsigned(address_bits - 2), out
        Number of the word that is written or read.
    write_data : unsigned(32), out
    write_bytes : unsigned(4), out
        Which bytes of it are meant.
    read_data : unsigned(32), in
        The word at the ``read_index`` of `READ` - 1 clocks before.
    """

    def __init__(self, address_bits: int, answer: int) -> None:
        self.answer = answer
        parts = (("addr", address_bits), ("prot", 3))
        address = {f"{channel}{name}": In(bits) for channel in ("aw", "ar") for name, bits in parts}
        super().__init__(
            {
                **address,
                **{name: In(1) for name in ("awvalid", "wvalid", "bready", "arvalid", "rready")},
                **{name: Out(1) for name in ("awready", "wready", "bvalid", "arready", "rvalid")},
                **{name: Out(2) for name in ("bresp", "rresp")},
                "wdata": In(32),
                "wstrb": In(4),
                "rdata": Out(32),
                "write": Out(1),
                "write_index": Out(address_bits - 2),
                "write_data": Out(32),
                "write_bytes": Out(4),
                "read_index": Out(address_bits - 2),
                "read_data": In(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        m.d.comb += [self.bresp.eq(0), self.rresp.eq(0)]
        self._write(m)
        self._read(m)
        return m

    def _write(self, m: Module) -> None:
        """Hold address and data until both are there and the answer before has been taken; then write, then answer."""
        held = [Signal(name="address_held"), Signal(name="data_held")]
        answering = Signal()
        answer = Signal(self.answer)
        commit = held[0] & held[1] & ~answering
        for valid, ready, here in ((self.awvalid, self.awready, held[0]), (self.wvalid, self.wready, held[1])):
            with m.If(valid & ready):
                m.d.sync += [here.eq(1), ready.eq(0)]
            with m.Elif(~here):
                m.d.sync += ready.eq(1)
            with m.Elif(commit):
                m.d.sync += here.eq(0)
        with m.If(self.awready):
            m.d.sync += self.write_index.eq(self.awaddr[2:])
        with m.If(self.wready):
            m.d.sync += [self.write_data.eq(self.wdata), self.write_bytes.eq(self.wstrb)]
        m.d.sync += [self.write.eq(commit), answer.eq(Cat(self.write, answer))]
        with m.If(commit):
            m.d.sync += answering.eq(1)
        with m.If(answer[-1]):
            m.d.sync += self.bvalid.eq(1)
        with m.Elif(self.bvalid & self.bready):
            m.d.sync += [self.bvalid.eq(0), answering.eq(0)]

    def _read(self, m: Module) -> None:
        """Take an address, wait for the word, offer it."""
        reading = Signal()
        arrives = Signal(READ)
        accept = self.arvalid & self.arready
        m.d.sync += arrives.eq(Cat(accept, arrives))
        with m.If(self.arready):
            m.d.sync += self.read_index.eq(self.araddr[2:])
        with m.If(accept):
            m.d.sync += [reading.eq(1), self.arready.eq(0)]
        with m.Elif(~reading):
            m.d.sync += self.arready.eq(1)
        with m.Elif(self.rvalid & self.rready):
            m.d.sync += reading.eq(0)
        with m.If(arrives[-1]):
            m.d.sync += [self.rdata.eq(self.read_data), self.rvalid.eq(1)]
        with m.Elif(self.rready):
            m.d.sync += self.rvalid.eq(0)


def wire_control(m: Module, top: wiring.Component, slave: AxiLiteSlave) -> None:
    """Bring a slave's channels to the ports ``s_axi_ctrl_*`` of a module."""
    for name, member in slave.signature.members.items():
        outer = getattr(top, f"s_axi_ctrl_{name}", None)
        if outer is not None:
            inner = getattr(slave, name)
            m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)
