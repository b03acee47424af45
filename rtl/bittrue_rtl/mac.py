"""One multiply-accumulate lane, in the shape of a DSP48E1."""

from __future__ import annotations

from amaranth.hdl import C, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue_rtl.delay import delayed


class Lane(wiring.Component):
    """``acc <- (first ? carry : acc) + weight * given``, with registers as in a DSP48E1.

    Operands, product and accumulator are registered (A, B, M, P), and so is the carry-in (C) unless it is a constant: a
    load goes through the adder's third operand, which synthesis folds into the block as well, so that a lane is exactly
    one DSP48E1. The lane never stops; what it sums up between two turns is not looked at.

    Parameters
    ----------
    weight_bits, given_bits, acc_bits : int
    start : int, optional
        What every turn starts from, where that is always the same: ``carry`` is not looked at then.

    Ports
    -----
    weight : signed(weight_bits), in
    given : signed(given_bits), in
    first : in
        High ``first_lead`` clocks after the first operands of a turn: it steers the adder and has no register here.
    carry : signed(acc_bits), in
        What a turn starts from; taken ``carry_lead`` clocks after its first operands.
    acc : signed(acc_bits), out
        The running sum, ``latency`` clocks after the operands.
    """

    latency = 3
    carry_lead = 1
    first_lead = 2

    def __init__(self, weight_bits: int, given_bits: int, acc_bits: int, start: int | None = None) -> None:
        self.start = start
        super().__init__(
            {
                "weight": In(signed(weight_bits)),
                "given": In(signed(given_bits)),
                "first": In(1),
                "carry": In(signed(acc_bits)),
                "acc": Out(signed(acc_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        weight = delayed(m, self.weight, 1, "a")
        given = delayed(m, self.given, 1, "b")
        carry = delayed(m, self.carry, 1, "c") if self.start is None else C(self.start, self.carry.shape())
        product = Signal(signed(len(self.weight) + len(self.given)), name="m", reset_less=True)
        acc = Signal(signed(len(self.acc)), name="p", reset_less=True)
        m.d.sync += [product.eq(weight * given), acc.eq(Mux(self.first, carry, acc) + product)]
        m.d.comb += self.acc.eq(acc)
        return m
