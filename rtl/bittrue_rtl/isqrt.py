"""Exact integer square root, one bit of the root a pipeline stage."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class IntegerSquareRoot(wiring.Component):
    """``root = floor(sqrt(value))``, ``bits`` clocks later, one value a clock.

    Digit by digit: stage ``k`` brings down two bits of the value and tries a one as the next bit of the root; the
    remainder never exceeds twice the root.

    Parameters
    ----------
    bits : int
        Width of the root; the value has ``2 * bits``.

    Ports
    -----
    value : unsigned(2 * bits), in
    root : unsigned(bits), out
    """

    def __init__(self, bits: int) -> None:
        self.bits = bits
        super().__init__({"value": In(unsigned(2 * bits)), "root": Out(unsigned(bits))})

    @property
    def latency(self) -> int:
        """Clocks from ``value`` to ``root``."""
        return self.bits

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        remainder, root, value = Signal(1, name="remainder0"), Signal(1, name="root0"), self.value
        for k in range(self.bits):
            left = len(value) - 2
            trial = Signal(unsigned(k + 2), name=f"trial{k + 1}")  # 4 * root + 1 with the digits found so far
            brought = Signal(unsigned(k + 4), name=f"brought{k + 1}")
            fits = Signal(name=f"fits{k + 1}")
            next_remainder = Signal(unsigned(k + 2), name=f"remainder{k + 1}", reset_less=True)
            next_root = Signal(unsigned(k + 1), name=f"root{k + 1}", reset_less=True)
            next_value = Signal(unsigned(left), name=f"value{k + 1}", reset_less=True)
            m.d.comb += [
                brought.eq(Cat(value[left:], remainder)),
                trial.eq(Cat(1, 0, root[:k])),
                fits.eq(brought >= trial),
            ]
            m.d.sync += [
                next_remainder.eq(Mux(fits, brought - trial, brought)),
                next_root.eq(Cat(fits, root[:k])),
                next_value.eq(value),
            ]
            remainder, root, value = next_remainder, next_root, next_value
        m.d.comb += self.root.eq(root)
        return m
