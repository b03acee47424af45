"""One channel of TMDS: a byte, or two control bits, to a word of ten bits with few transitions and no direct current.

Source: Digital Visual Interface, revision 1.0 (DDWG 1999), section 3.3.3 and figure 3-5.
"""

from __future__ import annotations

from functools import reduce
from operator import add, xor

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

CONTROL = (0b1101010100, 0b0010101011, 0b0101010100, 0b1010101011)
"""Words of the control bits 0 to 3 outside of the picture; bit 0 goes first."""


class Encoder(wiring.Component):
    """A word a clock, `latency` clocks after its byte.

    With ``q`` the byte as a chain of XOR, or of XNOR where it has more than four ones (or four and an even byte)::

        q[0] = d[0];  q[i] = q[i - 1] ^ d[i] ^ xnor;  q[8] = !xnor

    the word is ``q``, or ``q`` with bits 0 to 7 inverted and bit 9 set, whichever brings the sum of ones less zeros
    that were sent since the last control word nearer to 0; where both are as good, it is inverted for ``xnor``.

    Its logic is deeper than that of a net: a pixel clock has 13 ns.

    Ports
    -----
    data : unsigned(8), in
    control : unsigned(2), in
    active : in
        ``data`` counts, else ``control``.
    word : unsigned(10), out
        Bit 0 is sent first.
    """

    latency = 3

    def __init__(self) -> None:
        super().__init__({"data": In(8), "control": In(2), "active": In(1), "word": Out(10)})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        xnor, data, ones = Signal(), Signal(8), Signal(range(9))
        active, control = (
            [Signal(name=f"active{k}") for k in range(2)],
            [Signal(2, name=f"control{k}") for k in range(2)],
        )
        m.d.sync += [active[0].eq(self.active), active[1].eq(active[0])]
        m.d.sync += [control[0].eq(self.control), control[1].eq(control[0])]
        m.d.comb += ones.eq(_ones(self.data))
        m.d.sync += [data.eq(self.data), xnor.eq((ones > 4) | ((ones == 4) & ~self.data[0]))]

        chain = Signal(9)
        excess = Signal(signed(4))  # half of the ones less the zeros among the low eight: -4 to 4
        with_xnor = [data[0]]
        for k in range(1, 8):
            with_xnor.append(reduce(xor, data[: k + 1]) ^ (xnor if k % 2 else Const(0)))
        m.d.sync += [chain.eq(Cat(*with_xnor, ~xnor)), excess.eq(_ones(Cat(*with_xnor)) - 4)]

        sent = Signal(signed(4))  # half of the ones less the zeros that were sent
        inverted, even = Signal(), Signal()
        m.d.comb += [
            even.eq((sent == 0) | (excess == 0)),
            inverted.eq(Mux(even, ~chain[8], (sent > 0) == (excess > 0))),
        ]
        with m.If(active[1]):
            m.d.sync += [
                self.word.eq(Cat(chain[:8] ^ inverted.replicate(8), chain[8], inverted)),
                # bits 8 and 9 are a pair: both ones, both zeros, or one of each
                sent.eq(sent + Mux(inverted, -excess, excess) + Mux(chain[8] == inverted, Mux(inverted, 1, -1), 0)),
            ]
        with m.Else():
            m.d.sync += [self.word.eq(Array(CONTROL)[control[1]]), sent.eq(0)]
        return m


def _ones(value: Value) -> Value:
    return reduce(add, list(value))
