"""Division by a constant, cut off toward zero."""

from __future__ import annotations

from amaranth.hdl import C, Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.reducers import DIVISION
from bittrue_rtl.delay import delayed


class Divide(wiring.Component):
    """``y = trunc(x / divisor)``, ``latency`` clocks later, a word a clock: long division, one bit a stage.

    Non-restoring: stage ``k`` subtracts ``divisor * 2**k`` from a rest that is not negative and adds it to one that is;
    the bit is 1 if the new rest is not negative. A register holds the rest without its sign, which the last bit tells.

    Parameters
    ----------
    bits : int
        Of ``y``: ``|x|`` is at most ``divisor * 2**(bits - 1)``, and ``x`` less than that.
    divisor : int

    Ports
    -----
    x : signed, in
    y : signed(bits), out
    """

    def __init__(self, bits: int, divisor: int) -> None:
        self.bits, self.divisor, self.latency = bits, divisor, bits + DIVISION
        most = divisor << (bits - 1)
        super().__init__({"x": In(signed(most.bit_length() + 1)), "y": Out(signed(bits))})

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        negative = self.x[-1]
        rest = Signal(len(self.x) - 1, name="magnitude", reset_less=True)
        m.d.sync += rest.eq((self.x ^ negative.replicate(len(self.x))) + negative)
        quotient, positive = C(0, 0), C(1, 1)
        for k in reversed(range(self.bits)):
            part = self.divisor << k
            width = part.bit_length()
            less, more = (step % (2 << width) ^ 1 << width for step in (-part, part))
            total = Signal(width + 1, name=f"total{k}")  # its top bit is the sign turned round
            left = Signal(width, name=f"rest{k}", reset_less=True)
            found = Signal(self.bits - k, name=f"quotient{k}", reset_less=True)
            m.d.comb += total.eq(Mux(positive, less, more) + rest)
            m.d.sync += [left.eq(total), found.eq(Cat(total[-1], quotient))]
            rest, quotient, positive = left, found, found[0]
        sign = delayed(m, negative, 1 + self.bits, "negative")
        y = Signal(signed(self.bits), reset_less=True)
        m.d.sync += y.eq((quotient ^ sign.replicate(self.bits)) + sign)
        m.d.comb += self.y.eq(y)
        return m
