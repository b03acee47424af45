"""Register stage, queues, fork and delay line: nothing lost, doubled, invented or reordered, stable under stalls.

Proved by k-induction: for ever, with resets at any time, for a small width and depth of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import prove
import pytest
from amaranth.hdl import Assert, Assume, Module, Mux, Signal, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from contract import Books, Contract, implies, stored_words

from bittrue.lower.features import Features, Word
from bittrue.num import Format
from bittrue_rtl.features import Taps
from bittrue_rtl.queue import Queue, StreamQueue
from bittrue_rtl.streams import Fork, SkidBuffer

pytestmark = prove.needs_tools


# ---- register stage -------------------------------------------------------------------------------------------------


class SkidContract(Contract):
    def __init__(self, stage: type = SkidBuffer) -> None:
        super().__init__(stage(self.bits), capacity=2, patience=2, inductive=stage is SkidBuffer)

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        inside = prove.inside(self.dut)
        return [
            self.held == inside.valid + inside.full,
            inside.empty == ~inside.valid,
            implies(inside.full, inside.valid),
            implies(inside.full, inside.held == self.number(1)),
        ]


def test_register_stage_by_induction() -> None:
    prove.assert_proved(SkidContract(), "prove", 3)


@pytest.mark.parametrize(
    "old, new",
    [
        ("full.eq(full | self.i.valid)", "full.eq(full)"),
        ("with m.If(~full):", "with m.If(1):"),
        ("valid.eq(full | self.i.valid)", "valid.eq(self.i.valid)"),
        ("self.o.ready | empty", "1"),
        ("full.eq(0)]", "full.eq(full & self.i.valid)]"),
    ],
    ids=["overruns", "overwrites the held word", "loses the held word", "ignores a stall", "doubles the held word"],
)
def test_register_stage_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(SkidContract(prove.mutant(SkidBuffer, old, new)), 8)


# ---- queues ---------------------------------------------------------------------------------------------------------


class QueueContract(Books):
    known = Queue

    def __init__(self, depth: int, queue: type = Queue, places: int | None = None) -> None:
        super().__init__(queue, depth, depth + 1, 3, places)

    def inside(self, m: Module) -> tuple[Sequence[ValueLike], ValueLike, ValueLike]:
        return stored_words(self, m, self.dut)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_queue_by_induction(depth: int) -> None:
    prove.assert_proved(QueueContract(depth), "prove", 4)


@pytest.mark.parametrize(
    "old, new",
    [
        ("(~valid | self.o.ready)", "1"),
        ("fetch.eq(~fetch & ", "fetch.eq("),
        ("with m.If(port.addr == last):", "with m.If(port.addr == last - 1):"),
        ("with m.Elif(self.o.ready):", "with m.Elif(0):"),
    ],
    ids=["overwrites its output", "fetches twice", "wraps early", "doubles its output"],
)
def test_queue_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(QueueContract(3, prove.mutant(Queue, old, new)), 12)


def test_queue_with_one_place_too_many() -> None:
    prove.assert_refuted(QueueContract(2, places=3), 12)


class StreamQueueContract(Contract):
    def __init__(self, depth: int, queue: type = StreamQueue) -> None:
        super().__init__(queue(self.bits, depth), capacity=depth + 1, patience=4, inductive=queue is StreamQueue)

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        inside = prove.inside(self.dut)
        found, stored, loaded = stored_words(self, m, inside.submodules.queue)
        return [
            *found,
            self.held == inside.accepted_d1 + stored + loaded,
            inside.free + inside.accepted_d1 + stored == self.dut.depth,
            implies(inside.ready, inside.free != 0),
            implies(inside.accepted_d1, inside.payload == self.number(stored + loaded)),
        ]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_stream_queue_by_induction(depth: int) -> None:
    prove.assert_proved(StreamQueueContract(depth), "prove", 4)


@pytest.mark.parametrize(
    "old, new",
    [
        ("Signal(range(self.depth + 1), init=self.depth)", "Signal(range(self.depth + 2), init=self.depth + 1)"),
        ("ready.eq(~accept & (free != 0))", "ready.eq(free != 0)"),
    ],
    ids=["one place too many", "accepts on its last place twice"],
)
def test_stream_queue_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(StreamQueueContract(2, prove.mutant(StreamQueue, old, new)), 14)


# ---- fork -----------------------------------------------------------------------------------------------------------


class ForkContract(wiring.Component):
    """Numbered words into a fork, whose source keeps to the rule that an offered word stays offered."""

    bits = 4

    def __init__(self, ways: int, fork: type = Fork) -> None:
        self.dut = fork(self.bits, ways)
        super().__init__({"offer": In(1), "ready": In(ways)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        inside = prove.inside(dut)
        sent, refused = Signal(self.bits), Signal()
        accepted = self.offer & dut.i.ready
        m.d.comb += [dut.i.valid.eq(self.offer), dut.i.payload.eq(sent), Assume(implies(refused, self.offer))]
        m.d.sync += [refused.eq(self.offer & ~dut.i.ready), sent.eq(sent + accepted)]
        with m.If(self.offer & self.ready.all()):
            m.d.comb += Assert(dut.i.ready)
        for k, port in enumerate(dut.outputs):
            received, stalled = Signal(self.bits, name=f"received{k}"), Signal(name=f"stalled{k}")
            taken = port.valid & port.ready
            m.d.comb += port.ready.eq(self.ready[k])
            m.d.sync += [received.eq(received + taken), stalled.eq(port.valid & ~port.ready)]
            with m.If(port.valid):
                m.d.comb += [Assert(port.payload == received), Assert(self.offer)]
            with m.If(stalled):
                m.d.comb += Assert(port.valid)
            with m.If(accepted):
                m.d.comb += Assert((received + taken)[: self.bits] == (sent + 1)[: self.bits])
            m.d.comb += [
                Assert(received == (sent + inside.served[k])[: self.bits]),
                Assert(implies(inside.served[k], refused)),
            ]
        return m


@pytest.mark.parametrize("ways", [2, 3])
def test_fork_by_induction(ways: int) -> None:
    prove.assert_proved(ForkContract(ways), "prove", 3)


@pytest.mark.parametrize(
    "old, new",
    [
        ("self.i.valid & ~served[k]", "self.i.valid"),
        ("serving.all()", "serving.any()"),
        ("m.d.sync += served.eq(0)", "m.d.sync += served.eq(served)"),
        ("m.d.sync += served.eq(serving)", "m.d.sync += served.eq(0)"),
    ],
    ids=["gives a word twice", "does not wait for all", "skips a word", "forgets who was served"],
)
def test_fork_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(ForkContract(3, prove.mutant(Fork, old, new)), 8)


# ---- delay line -----------------------------------------------------------------------------------------------------


class TapsContract(Contract):
    """Every vector holds the word that is due and those 1 and 3 before it, zero before the first."""

    delays = (0, 1, 3)

    def __init__(self, taps: type = Taps) -> None:
        word = Format(self.bits, 0)
        features = Features(word, word, (Word("I"),), tuple((0, d) for d in self.delays))
        super().__init__(taps(features), capacity=1, patience=3, inductive=taps is Taps)
        self.seen = Signal(range(max(self.delays) + 2))  # words taken, as far as it matters

    def input(self, m: Module) -> ValueLike:
        with m.If(self.dut.o.valid & self.ready & (self.seen <= max(self.delays))):
            m.d.sync += self.seen.eq(self.seen + 1)
        return super().input(m)

    def expected(self, payload: object) -> ValueLike:
        due = True
        for k, delay in enumerate(self.delays):
            earlier = Mux(self.seen >= delay, (self.received - delay)[: self.bits], 0)
            due &= payload[k].as_unsigned() == earlier
        return due

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        inside = prove.inside(self.dut)
        line = [getattr(inside, f"word0_t{t}").as_unsigned() for t in range(max(self.delays) + 1)]
        # between two vectors the line still stands on the word taken last
        last = [Mux(self.seen > t, (self.received - 1 - t)[: self.bits], 0) for t in range(len(line))]
        due = [Mux(self.seen >= t, (self.received - t)[: self.bits], 0) for t in range(len(line))]
        return [
            self.held == inside.shift + inside.valid,
            inside.is_open == ~(inside.shift | inside.valid),
            implies(inside.shift, inside.newest == self.received),
            *(register == Mux(inside.valid, d, w) for register, d, w in zip(line, due, last, strict=True)),
        ]


def test_delay_line_by_induction() -> None:
    prove.assert_proved(TapsContract(), "prove", 4)


@pytest.mark.parametrize(
    "old, new",
    [
        ("m.d.sync += is_open.eq(0)", "m.d.sync += is_open.eq(self.o.ready)"),
        (
            "with m.If(shift):\n                m.d.sync += [to",
            "with m.If(shift | taken):\n                m.d.sync += [to",
        ),
    ],
    ids=["stays open", "shifts twice"],
)
def test_delay_line_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(TapsContract(prove.mutant(Taps, old, new)), 12)
