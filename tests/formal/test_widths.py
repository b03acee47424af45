"""Words that are taken apart and put together again come out whole, in order, and the last of a transfer is its last.

Proved by k-induction: for ever, with resets at any time, for words of two parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import prove
import pytest
from amaranth.hdl import Cat, Module, Mux, ValueLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from contract import Contract, implies

from bittrue_rtl.widths import Narrower, Widener

PART, PARTS = 3, 2


class Both(wiring.Component):
    """A `Narrower` and a `Widener`; a word is its transfer's last if it is odd, else it comes out inverted."""

    def __init__(self, narrower: type = Narrower, widener: type = Widener) -> None:
        self.narrower, self.widener = narrower(5, PART, PARTS), widener(PART, 5, PARTS)
        super().__init__({"i": In(stream.Signature(5)), "o": Out(stream.Signature(5))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.narrower, m.submodules.widener = narrower, widener = self.narrower, self.widener
        wiring.connect(m, narrower.o, widener.i)
        word, given = widener.o.payload, narrower.i
        m.d.comb += [
            given.payload.data.eq(self.i.payload),
            given.payload.last.eq(self.i.payload[0]),
            given.valid.eq(self.i.valid),
            self.i.ready.eq(given.ready),
            self.o.payload.eq(Mux(word.last == word.data[0], word.data, ~word.data)),
            self.o.valid.eq(widener.o.valid),
            widener.o.ready.eq(self.o.ready),
        ]
        return m


class BothContract(Contract):
    def __init__(self, narrower: type = Narrower, widener: type = Widener) -> None:
        sound = (narrower, widener) == (Narrower, Widener)
        super().__init__(Both(narrower, widener), capacity=2, patience=6, inductive=sound)

    def open(self) -> ValueLike:
        """Where nothing is inside."""
        return self.dut.i.ready

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        apart, together = prove.inside(self.dut.narrower), prove.inside(self.dut.widener)
        (word, last, left), (put, ends, there, full) = (
            [getattr(part, name) for name in names]
            for part, names in ((apart, ("word", "last", "left")), (together, ("word", "last", "there", "full")))
        )
        first, second = Cat(self.number(0), 0), Mux(full, self.number(1), self.number(0))
        following: Any = Cat(second, 0)
        return [
            (left == 0) | (left == 1) | (left == 3),
            (there == 1) | (there == 2),
            (left == 1) == (there == 2),
            implies(full, there == 1),
            self.held == full + (left != 0),
            implies(full, (put == first) & (ends == first[0])),
            implies(left == 3, word == following),
            implies(left != 0, last == following[0]),
            implies(left == 1, (word[:PART] == following[PART:]) & (put[PART:] == following[:PART])),
        ]


def test_widths_by_induction() -> None:
    prove.assert_proved(BothContract(), "prove", 12)


@pytest.mark.parametrize(
    "part, old, new",
    [
        pytest.param(Narrower, "last & ~left[1]", "last & left[1]", id="ends no transfer", marks=pytest.mark.heavy),
        pytest.param(Narrower, "(self.o.ready & ~left[1])", "self.o.ready", id="loses a part"),
        pytest.param(Widener, "~full | self.o.ready", "1", id="takes a part too many"),
        pytest.param(Widener, "Cat(word[self.part :], self.i.payload.data)", "Cat(self.i.payload.data, word)",
                     id="puts the first part on top", marks=pytest.mark.heavy),
    ],
)  # fmt: skip
def test_widths_with_a_bug(part: type, old: str, new: str) -> None:
    broken = prove.mutant(part, old, new)
    prove.assert_refuted(BothContract(**{part.__name__.lower(): broken}), 20)
