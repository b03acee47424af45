"""Division by a constant, cut off toward zero."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.reducers import DIVISION
from bittrue_rtl.delay import delayed


class Divide(wiring.Component):
    """``y = trunc(x / divisor)``, ``latency`` clocks later, a word a clock: long division, one bit a stage.

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
        negative = self.x < 0
        rest = Signal(len(self.x) - 1, name="magnitude", reset_less=True)
        m.d.sync += rest.eq(Mux(negative, -self.x, self.x))
        quotient = Signal(self.bits, name="zero")
        m.d.comb += quotient.eq(0)
        for k in reversed(range(self.bits)):
            part = self.divisor << k
            fits = rest >= part
            left = Signal(min(len(rest), part.bit_length()), name=f"rest{k}", reset_less=True)
            found = Signal(self.bits, name=f"quotient{k}", reset_less=True)
            m.d.sync += [left.eq(Mux(fits, rest - part, rest)), found.eq(Cat(fits, quotient))]
            rest, quotient = left, found
        sign = delayed(m, negative, 1 + self.bits, "negative")
        y = Signal(signed(self.bits), reset_less=True)
        m.d.sync += y.eq(Mux(sign, -quotient, quotient))
        m.d.comb += self.y.eq(y)
        return m
