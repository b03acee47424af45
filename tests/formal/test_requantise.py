"""The requantiser equals its formula for every input."""

from __future__ import annotations

import prove
import pytest
from amaranth.hdl import Assert, Const, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from bittrue.num import Format
from bittrue_rtl.requantise import Requantise

pytestmark = prove.needs_tools


class AgainstFormula(wiring.Component):
    """``y == clamp(floor(acc * 2**-s + 1/2), lo, hi)`` three clocks later, or the magnitude of that within ``hi``, in
    arithmetic that cannot overflow.

    The formula is written as ``(acc + 2**(s - 1)) >> s`` in a word wide enough for every step, then two comparisons;
    the component halves, adds one and shifts by one.
    """

    def __init__(self, dut: Requantise) -> None:
        self.dut = dut
        super().__init__({"acc": In(dut.acc.shape())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        fmt = dut.output
        shift, more = dut.shift, dut.negative_shift
        wide = signed(len(self.acc) + max(0, -shift) + max(0, shift + (more or 0)) + fmt.bits + 2)

        def rounded(s: int, name: str) -> Signal:
            total, result = Signal(wide, name=f"{name}_total"), Signal(wide, name=name)
            m.d.comb += total.eq((self.acc << max(0, -s)) + Const(1 << s >> 1 if s > 0 else 0, wide))
            m.d.comb += result.eq(total >> max(0, s))
            return result

        above = rounded(shift, "above")
        below = Const(0, wide) if more is None else rounded(shift + more, "below")
        value, expected = Signal(wide), Signal(wide)
        m.d.comb += value.eq(Mux(self.acc < 0, below, above))
        if dut.magnitude:
            m.d.comb += expected.eq(
                Mux(value > fmt.hi, fmt.hi, Mux(value < -fmt.hi, fmt.hi, Mux(value < 0, -value, value)))
            )
        else:
            m.d.comb += expected.eq(Mux(value > fmt.hi, fmt.hi, Mux(value < fmt.lo, fmt.lo, value)))
        for _ in range(3):
            later = Signal(wide, reset_less=True)
            m.d.sync += later.eq(expected)
            expected = later
        age = Signal(range(4))
        m.d.sync += age.eq(Mux(age == 3, 3, age + 1))
        m.d.comb += dut.acc.eq(self.acc)
        with m.If(age == 3):
            m.d.comb += Assert(dut.y == expected)
        return m


CASES = {
    # accumulator bits, shift, output bits, negative shift
    "40 to 16, shift 15": (40, 15, 16, 0),
    "48 to 16, shift 20": (48, 20, 16, 0),
    "32 to 16, shift 17": (32, 17, 16, 0),
    "24 to 8, shift 9": (24, 9, 8, 0),
    "shift 1": (20, 1, 16, 0),
    "shift 0": (20, 0, 16, 0),
    "shift left by 4": (20, -4, 16, 0),
    "shift left, nothing saturates": (8, -3, 16, 0),
    "all bits dropped": (12, 12, 8, 0),
    "shift beyond the word": (12, 20, 8, 0),
    "one bit out": (10, 3, 1, 0),
    "wider output": (12, 2, 16, 0),
    "leaky 2^-2, 40 to 16": (40, 15, 16, 2),
    "leaky 2^-15, 32 to 8": (32, 17, 8, 15),
    "leaky, shift left by 1 and right by 2": (20, -1, 16, 3),
    "relu, 40 to 16": (40, 15, 16, None),
    "relu, shift left by 2": (20, -2, 16, None),
    "relu, shift 0": (20, 0, 8, None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_equals_its_formula_for_all_inputs(case: tuple[int, int, int, int | None]) -> None:
    acc_bits, shift, bits, negative_shift = case
    prove.assert_proved(AgainstFormula(Requantise(acc_bits, shift, Format(bits, 0), negative_shift)), "prove", 5)


MAGNITUDES = ("40 to 16, shift 15", "24 to 8, shift 9", "shift 0", "shift left by 4", "one bit out", "wider output")


@pytest.mark.parametrize("name", MAGNITUDES)
def test_a_magnitude_equals_its_formula_for_all_inputs(name: str) -> None:
    acc_bits, shift, bits, _ = CASES[name]
    prove.assert_proved(AgainstFormula(Requantise(acc_bits, shift, Format(bits, 0), magnitude=True)), "prove", 5)


@pytest.mark.parametrize(
    "old, new", [("~aligned, aligned)", "-aligned, aligned)"), ("Mux(aligned[-1], ~aligned, aligned)", "aligned")]
)
def test_a_bug_of_the_magnitude_is_found(old: str, new: str) -> None:
    broken = prove.mutant(Requantise, old, new)
    prove.assert_refuted(AgainstFormula(broken(24, 9, Format(8, 0), magnitude=True)), 5)


@pytest.mark.parametrize(
    "old, new, negative_shift",
    [
        ("(aligned + 1)", "aligned", 0),
        ("(aligned + 1)", "(aligned + (aligned >= 0))", 0),
        ("Mux(outside, ", "Mux(outside & rounded[-1], ", 0),
        ("Mux(outside, ", "Mux(outside & ~rounded[-1], ", 0),
        ("rounded[self.output.bits - 1 :]", "rounded[self.output.bits - 2 :]", 0),
        ("rounded[self.output.bits - 1 :]", "rounded[self.output.bits :]", 0),
        ("len(negative) + 1)), reset_less=True)", "1) - 1), reset_less=True)", 0),
        ("self._halves(self.shift + self.negative_shift)", "self._halves(self.shift)", 2),
        ("Mux(self.acc[-1],", "Mux(self.acc[-2],", 2),
        ("C(0, 1)", "C(1, 1)", None),
    ],
    ids=[
        "truncates",
        "rounds half down below zero",
        "does not saturate above",
        "does not saturate below",
        "saturates a bit early",
        "saturates a bit late",
        "drops an accumulator bit",
        "ignores the slope",
        "looks at the word without its sign",
        "ReLU leaves one half",
    ],
)
def test_a_bug_is_found(old: str, new: str, negative_shift: int | None) -> None:
    broken = prove.mutant(Requantise, old, new)
    prove.assert_refuted(AgainstFormula(broken(20, 3, Format(16, 0), negative_shift)), 5)
