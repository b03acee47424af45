"""The requantiser: align, round half up, saturate; three registers."""

from __future__ import annotations

from amaranth.hdl import C, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bittrue.lower.features import REQUANTISE
from bittrue.num import Format


class Requantise(wiring.Component):
    """``y = clamp(floor(acc * 2**-s + 1/2), lo, hi)``, ``latency`` clocks later, one word a clock.

    ``s`` is ``shift`` for ``acc >= 0`` and ``shift + negative_shift`` below, which is a leaky ReLU of slope
    ``2**-negative_shift``; ``negative_shift=None`` clears negative words (ReLU). With ``magnitude``, ``y`` is
    ``min(|y|, hi)``.

    Parameters
    ----------
    acc_bits : int
        Width of ``acc``, signed.
    shift : int
        Fractional bits to drop; negative adds some.
    output : Format
        Format of ``y``.
    negative_shift : int or None
    magnitude : bool
    flagged : bool
        Tell which words were clamped.

    Ports
    -----
    acc : signed(acc_bits), in
    y : signed(output.bits), out
    clamped : out
        With ``flagged``: the word was outside ``lo..hi`` before it became ``y``; its magnitude, where that is taken.
    """

    latency = REQUANTISE

    def __init__(
        self,
        acc_bits: int,
        shift: int,
        output: Format,
        negative_shift: int | None = 0,
        *,
        magnitude: bool = False,
        flagged: bool = False,
    ) -> None:
        self.shift, self.negative_shift, self.output = shift, negative_shift, output
        self.magnitude, self.flagged = magnitude, flagged
        ports = {"acc": In(signed(acc_bits)), "y": Out(signed(output.bits))}
        super().__init__(ports | ({"clamped": Out(1)} if flagged else {}))

    def _halves(self, shift: int) -> Value:
        """``floor(acc * 2**(1 - shift))``: the word with one fractional bit left."""
        return self.acc.shift_right(shift - 1)

    def elaborate(self, platform: object) -> Module:
        """Build the circuit."""
        m = Module()
        positive = self._halves(self.shift)
        if self.negative_shift is None:
            negative: Value = C(0, 1)
        else:
            negative = self._halves(self.shift + self.negative_shift)
        aligned = Signal(signed(max(len(positive), len(negative) + 1)), reset_less=True)
        rounded = Signal(signed(max(len(aligned), self.output.bits)), reset_less=True)
        y = Signal(signed(self.output.bits), reset_less=True)
        m.d.sync += aligned.eq(Mux(self.acc[-1], negative, positive))
        if self.magnitude:  # -floor(a / 2 + 1/2) is floor(~a / 2 + 1/2)
            aligned = Mux(aligned[-1], ~aligned, aligned)
        dropped = rounded[self.output.bits - 1 :]  # those bits and the sign are alike in a word that fits
        outside = ~(dropped.all() | ~dropped.any())
        m.d.sync += [
            rounded.eq((aligned + 1).shift_right(1)),
            y.eq(Mux(outside, Mux(rounded[-1], self.output.lo, self.output.hi), rounded)),
        ]
        m.d.comb += self.y.eq(y)
        if self.flagged:
            clamped = Signal()
            m.d.sync += clamped.eq(outside)
            m.d.comb += self.clamped.eq(clamped)
        return m
