"""A pipeline that never stops between streams that do: nothing is lost, doubled, invented or reordered.

Proved by k-induction: for ever, with resets at any time, for short pipelines.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import prove
import pytest
from amaranth.hdl import Module, Signal, ValueLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from contract import Contract, implies
from test_beats import stored_beats

from bittrue.lower.pipelined import queue_depth
from bittrue_rtl.admission import Admission
from bittrue_rtl.beats import BeatQueue
from bittrue_rtl.delay import delayed

pytestmark = prove.needs_tools


class Row(wiring.Component):
    """Registers in a row between an `Admission` and the queue of `bittrue.lower.pipelined.queue_depth`."""

    def __init__(self, bits: int, latency: int, admission: type = Admission, depth: int | None = None) -> None:
        self.bits, self.latency, self.admission = bits, latency, admission
        self.depth = queue_depth(latency) if depth is None else depth
        super().__init__({"i": In(stream.Signature(bits)), "o": Out(stream.Signature(bits))})
        self.stages: list[tuple[Signal, Signal]] = []

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.queue = queue = BeatQueue(self.bits, self.depth)
        m.submodules.admission = admission = self.admission([self.depth])
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        m.d.comb += [
            admission.offered.eq(self.i.valid),
            admission.taken.eq(queue.taken),
            self.i.ready.eq(admission.accept),
        ]
        valid, word = admission.accept, self.i.payload
        for k in range(self.latency):
            valid, word = delayed(m, valid, 1, f"valid{k}", reset=True), delayed(m, word, 1, f"word{k}")
            self.stages.append((valid, word))
        m.d.comb += [queue.write.eq(valid), queue.payload.eq(word)]
        return m


class RowContract(Contract):
    """A word that is offered is let in within a few clocks where the pipeline is empty: ready waits for valid."""

    def __init__(self, latency: int, admission: type = Admission, depth: int | None = None) -> None:
        dut = Row(self.bits, latency, admission, depth)
        sound = admission is Admission and depth is None
        super().__init__(dut, capacity=dut.depth + 1, patience=latency + 6, inductive=sound)

    def open(self) -> ValueLike:
        return self.dut.i.ready | ~self.offer

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        inside = prove.inside(self.dut)
        found, stored, loaded = stored_beats(self, m, inside.submodules.queue)
        books = prove.inside(inside.submodules.admission)
        ahead, due = stored + loaded, []
        for valid, word in reversed(self.dut.stages):
            due.append(implies(valid, word == self.number(ahead)))
            ahead = ahead + valid
        under_way = reduce(add, (valid for valid, _ in self.dut.stages))
        return [
            *found,
            *due,
            self.held == ahead,
            books.credit0 + books.returned0 + under_way + stored == self.dut.depth,
            implies(books.is_open, books.credit0 != 0),
        ]


@pytest.mark.parametrize("latency", [1, *(pytest.param(k, marks=pytest.mark.heavy) for k in (2, 3))])
def test_admission_by_induction(latency: int) -> None:
    prove.assert_proved(RowContract(latency), "prove", latency + 8)


@pytest.mark.parametrize(
    "old, new",
    [
        pytest.param("may_follow.append(credit > 1)", "may_follow.append(credit != 0)", id="decides late"),
        pytest.param(
            "range(depth + 1), init=depth,",
            "range(depth + 2), init=depth + 1,",
            id="one place too many",
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            "returned.eq(self.taken[k])",
            "returned.eq(self.taken[k] | is_open)",
            id="gives places back that were not left",
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            "m.If(returned & ~self.accept)", "m.If(returned)", id="counts up instead of down", marks=pytest.mark.heavy
        ),
        pytest.param("self.accept.eq(self.offered & is_open)", "self.accept.eq(is_open)", id="takes noise"),
    ],
)
def test_admission_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(RowContract(2, prove.mutant(Admission, old, new)), 24)
