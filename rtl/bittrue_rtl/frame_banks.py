"""Which bank computes which frame: a number a frame, in the order of the frames, for every layer that has weights."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from bittrue_rtl.beats import any_left


class FrameBanks(wiring.Component):
    """A queue for each of ``ways`` users of the number that a frame enters with.

    Frames never overtake one another, so a user takes the next number when the first or the last of a frame has reached
    it, and no beat carries one.

    Parameters
    ----------
    bits : int
        Of a number.
    ways, depth : int
        Users, and the most frames between the entry and any of them; one less may enter before one is taken.

    Ports
    -----
    enter, bank : in
        A frame enters with that bank.
    room : out
        A frame may enter; a register.
    o0, o1, ... : stream of unsigned(bits), out
        A clock after ``enter`` at the earliest, and one in every clock.
    """

    def __init__(self, bits: int, ways: int, depth: int) -> None:
        self.bits, self.ways, self.depth = bits, ways, depth
        ports = {f"o{k}": Out(stream.Signature(bits)) for k in range(ways)}
        super().__init__({"enter": In(1), "bank": In(bits), "room": Out(1), **ports})
        self.outputs = [getattr(self, name) for name in ports]

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        rooms = []
        for k, out in enumerate(self.outputs):
            m.submodules[f"numbers{k}"] = numbers = memory.Memory(
                shape=self.bits, depth=self.depth, init=[], attrs={"ram_style": "distributed"}
            )
            write, read = numbers.write_port(), numbers.read_port(domain="comb")
            stored = Signal(range(self.depth + 1), name=f"stored{k}")
            total = Signal(range(self.depth + 2), name=f"total{k}")
            valid = Signal(name=f"valid{k}")
            taken = valid & out.ready
            m.d.comb += [
                total.eq(stored + self.enter),
                write.en.eq(self.enter),
                write.data.eq(self.bank),
                out.valid.eq(valid),
                out.payload.eq(read.data),
            ]
            m.d.sync += [stored.eq(total - taken), valid.eq(any_left(total, taken))]
            for strobe, port in ((self.enter, write), (taken, read)):
                with m.If(strobe):
                    m.d.sync += port.addr.eq(Mux(port.addr == self.depth - 1, 0, port.addr + 1))
            rooms.append(stored < self.depth - 1)
        m.d.sync += self.room.eq(Cat(*rooms).all())
        return m
