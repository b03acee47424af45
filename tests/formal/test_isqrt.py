"""The integer square root is the largest integer whose square does not exceed the value, for every value."""

from __future__ import annotations

import prove
import pytest
from amaranth.hdl import Assert, Module, Mux, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from bittrue_rtl.isqrt import IntegerSquareRoot

pytestmark = prove.needs_tools


class AgainstDefinition(wiring.Component):
    """``root**2 <= value < (root + 1)**2`` for the value of ``latency`` clocks before."""

    def __init__(self, dut: IntegerSquareRoot) -> None:
        self.dut = dut
        super().__init__({"value": In(dut.value.shape())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        m.d.comb += dut.value.eq(self.value)
        value = self.value
        for k in range(dut.bits):
            later = Signal.like(value, name=f"value_d{k + 1}", reset_less=True)
            m.d.sync += later.eq(value)
            value = later
        age = Signal(range(dut.bits + 1))
        m.d.sync += age.eq(Mux(age == dut.bits, age, age + 1))
        wide = unsigned(2 * dut.bits + 2)
        square, following = Signal(wide), Signal(wide)
        m.d.comb += [square.eq(dut.root * dut.root), following.eq((dut.root + 1) * (dut.root + 1))]
        with m.If(age == dut.bits):
            m.d.comb += [Assert(square <= value), Assert(value < following)]
        return m


@pytest.mark.parametrize("bits", [1, 2, 3, 6, 8, 10])
def test_is_the_root_of_every_value(bits: int) -> None:
    prove.assert_proved(AgainstDefinition(IntegerSquareRoot(bits)), "prove", bits + 2)


@pytest.mark.parametrize(
    "old, new",
    [
        ("Cat(C(3, 2), root", "Cat(C(2, 2), root"),
        ("next_rest = Signal(unsigned(k + 2)", "next_rest = Signal(unsigned(k + 1)"),
        ("next_root.eq(Cat(total[-1], root))", "next_root.eq(Cat(total[-1], root[:max(1, k - 1)]))"),
        ("root ^ positive.replicate(k)", "~root"),
    ],
    ids=["misses exact squares", "drops a bit of the rest", "drops a digit", "never adds back"],
)
def test_a_bug_is_found(old: str, new: str) -> None:
    prove.assert_refuted(AgainstDefinition(prove.mutant(IntegerSquareRoot, old, new)(6)), 8)
