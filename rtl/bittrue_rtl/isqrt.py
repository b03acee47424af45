"""Exact integer square root, one bit of the root a pipeline stage."""

from __future__ import annotations

from amaranth.hdl import C, Cat, Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue_rtl.delay import delayed


class IntegerSquareRoot(wiring.Component):
    """``root = floor(sqrt(value))``, ``bits`` clocks later, one value a clock.

    Non-restoring: stage ``k`` brings down two bits ``d`` of the value, and adds or subtracts once. With the root ``q``
    so far, ``r = 4 * r + d - (4 * q + 1)`` where the rest ``r`` was not negative, and ``r = 4 * r + d + (4 * q + 3)``
    where it was; the next digit is 1 if the new rest is not negative. ``-2 * q - 1 <= r <= 2 * q``, so a register holds
    ``r`` without its sign, which the last digit tells.

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
        rest, root, positive = C(0, 0), C(0, 0), C(1, 1)
        for k in range(self.bits):
            pair = delayed(m, self.value[2 * (self.bits - 1 - k) :][:2], max(0, k - 1), f"pair{k + 1}")
            brought = delayed(m, pair, min(k, 1), f"brought{k + 1}", reset=True)  # a shift register would be late
            total = Signal(unsigned(k + 3), name=f"total{k + 1}")  # its top bit is the sign turned round
            next_rest = Signal(unsigned(k + 2), name=f"rest{k + 1}", reset_less=True)
            next_root = Signal(unsigned(k + 1), name=f"root{k + 1}", reset_less=k + 1 < self.bits)  # nor this one
            step = Cat(C(3, 2), root ^ positive.replicate(k), ~positive)  # 4 * q + 3, or -(4 * q + 1)
            m.d.comb += total.eq(Cat(brought, rest) + step)
            m.d.sync += [next_rest.eq(total), next_root.eq(Cat(total[-1], root))]
            rest, root, positive = next_rest, next_root, next_root[0]
        m.d.comb += self.root.eq(root)
        return m
