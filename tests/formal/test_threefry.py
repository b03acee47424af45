"""The generator's pipeline computes the formula of docs/noise-source.md, for every key and every counter in any clock.

Stage by stage: beside each register stands one of the formula, in which the second word is a register of its own.
The proof is an induction over clocks, so it holds for pipelines filled with anything.
"""

from __future__ import annotations

import prove
import pytest
from amaranth.hdl import Assert, Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from bittrue_rtl.threefry import Threefry

pytestmark = prove.needs_tools
ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)


class Formula(wiring.Component):
    """The pipeline beside the formula, a clock a round and one for each addition of the key."""

    def __init__(self, kind: type = Threefry) -> None:
        self.dut = kind(1)
        self.inductive = kind is Threefry
        super().__init__({"counter": In(64), "key": In(96)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        inside = vars(prove.inside(dut))
        m.d.comb += [dut.counter.eq(self.counter), dut.key.eq(self.key)]
        key = [self.key[32 * k : 32 * k + 32] for k in range(3)]
        x0, x1, pairs = self.counter[:32], self.counter[32:], []

        def clocked(first, second, name):
            words = tuple(Signal(32, name=f"{name}_{k}", reset_less=True) for k in range(2))
            m.d.sync += [words[0].eq(first), words[1].eq(second)]
            return words

        for r in range(13):
            if r % 4 == 0:
                t = r // 4
                late = key[1]
                if t:
                    late = Signal(32, name=f"late{t}", reset_less=True)
                    m.d.sync += late.eq(key[(t + 1) % 3] + t)
                x0, x1 = clocked(x0 + key[t % 3], x1 + late, f"added{t}")
                pairs += [(inside[f"key{t}_0"], x0), (inside[f"key{t}_1"], x1)]
            turn, total = ROTATIONS[r % 8], (x0 + x1)[:32]
            rotated = Cat(x1[32 - turn :], x1[: 32 - turn])
            x0, x1 = clocked(total, rotated ^ total, f"round{r}")
            pairs += [(inside[f"sum{r}"], x0), (inside[f"turned{r}"] ^ inside[f"sum{r}"], x1)]
        wanted = pairs if self.inductive else []
        m.d.comb += [Assert(found == given) for found, given in [*wanted, (dut.block, Cat(x0, x1))]]
        return m


def test_the_pipeline_is_the_formula() -> None:
    prove.assert_proved(Formula(), "prove", 2)


@pytest.mark.parametrize(
    "old, new",
    [
        ("mixed.rotate_left(ROTATIONS", "mixed.rotate_right(ROTATIONS"),
        ("word.eq(second + turn)", "word.eq(second + 1)"),
    ],
    ids=["rotates the other way", "counts no turns"],
)
def test_a_pipeline_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(Formula(prove.mutant(Threefry, old, new)), 20)
