"""Queues of beats, joins and the pace of an input: nothing lost, doubled, invented or reordered, stable under stalls.

Proved by k-induction: for ever, with resets at any time, for a small width, depth and layout of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import prove
import pytest
from amaranth.hdl import Assert, Assume, Module, Mux, Signal, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from contract import Books, Contract, implies

from bittrue.lower.layout import Layout
from bittrue.lower.units import JoinUnit
from bittrue.num import Format
from bittrue_rtl.beats import BeatQueue, BeatStreamQueue
from bittrue_rtl.join import JoinStreams
from bittrue_rtl.pacer import Pacer

pytestmark = prove.needs_tools

# ---- queues of beats ------------------------------------------------------------------------------------------------


def stored_beats(contract: Contract, m: Module, queue: BeatQueue) -> tuple[list[ValueLike], Signal, Signal]:
    """Invariants of a `BeatQueue`: pointers, count, and the number in every row in use; how many its memory and its
    output register hold."""
    inside = prove.inside(queue)
    storage = inside.submodules.storage
    read, write = storage.read_ports[0], storage.write_ports[0]
    rows = [storage.read_port(domain="comb") for _ in range(storage.depth)]
    m.d.comb += [row.addr.eq(k) for k, row in enumerate(rows)]
    apart = Mux(write.addr >= read.addr, write.addr - read.addr, write.addr + storage.depth - read.addr)
    found: list[ValueLike] = [
        inside.stored <= queue.depth,
        inside.some == (inside.stored != 0),
        implies(queue.write, inside.stored < queue.depth),
        read.addr < storage.depth,
        write.addr < storage.depth,
        Mux(inside.stored == storage.depth, apart == 0, apart == inside.stored),
        implies(inside.valid, queue.o.payload == contract.received),
    ]
    for k, row in enumerate(rows):
        position = Mux(k >= read.addr, k - read.addr, k + storage.depth - read.addr)
        found.append(implies(position < inside.stored, row.data == contract.number(position + inside.valid)))
    return found, inside.stored, inside.valid


class BeatQueueContract(Books):
    known = BeatQueue

    def __init__(self, depth: int, queue: type = BeatQueue, places: int | None = None) -> None:
        super().__init__(queue, depth, depth + 1, 3, places)

    def inside(self, m: Module) -> tuple[Sequence[ValueLike], ValueLike, ValueLike]:
        return stored_beats(self, m, self.dut)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_queue_of_beats_by_induction(depth: int) -> None:
    prove.assert_proved(BeatQueueContract(depth), "prove", 4)


@pytest.mark.parametrize(
    "old, new",
    [
        ("some & (~valid | self.o.ready)", "some"),
        ("total.eq(stored + self.write)", "total.eq(stored + (self.write & ~move))"),
        ("port.addr == depth - 1", "port.addr == depth - 2"),
        ("move | (valid & ~self.o.ready)", "move | valid"),
        ("some.eq(any_left(total, move))", "some.eq(stored != 0)"),
    ],
    ids=["overwrites its output", "loses a beat", "wraps early", "doubles its output", "counts a clock late"],
)
def test_queue_of_beats_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(BeatQueueContract(3, prove.mutant(BeatQueue, old, new)), 14)


def test_queue_of_beats_with_one_place_too_many() -> None:
    prove.assert_refuted(BeatQueueContract(2, places=3), 12)


class BeatStreamContract(Contract):
    def __init__(self, depth: int, queue: type = BeatStreamQueue) -> None:
        super().__init__(queue(self.bits, depth), capacity=depth + 1, patience=5, inductive=queue is BeatStreamQueue)

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        inside = prove.inside(self.dut)
        found, stored, loaded = stored_beats(self, m, inside.submodules.queue)
        return [
            *found,
            self.held == inside.accepted_d1 + stored + loaded,
            inside.free + inside.accepted_d1 + stored == self.dut.depth,
            implies(inside.ready, inside.free != 0),
            implies(inside.accepted_d1, inside.payload == self.number(stored + loaded)),
        ]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_stream_queue_of_beats_by_induction(depth: int) -> None:
    prove.assert_proved(BeatStreamContract(depth), "prove", 6)


@pytest.mark.parametrize(
    "old, new",
    [
        (
            "free = Signal(range(self.depth + 1), init=self.depth)",
            "free = Signal(range(self.depth + 2), init=self.depth + 1)",
        ),
        ("ready.eq(any_left(total, accept))", "ready.eq(free != 0)"),
        ("free.eq(total - accept)", "free.eq(total - (accept & ~queue.taken))"),
    ],
    ids=["one place too many", "accepts on its last place twice", "gives a place back twice"],
)
def test_stream_queue_of_beats_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(BeatStreamContract(2, prove.mutant(BeatStreamQueue, old, new)), 16)


# ---- join -----------------------------------------------------------------------------------------------------------


class JoinContract(wiring.Component):
    """Numbered words, one a lane, into a join of two sources whose beats are taken as `JoinUnit.turns` says.

    A source keeps to the rule that an offered word stays offered. What a beat of the result carries of each source is
    the word that is due, each source's in its order; nothing that is offered is taken without its beat.
    """

    bits = 4

    def __init__(self, aside: bool, join: type = JoinStreams) -> None:
        self.inductive = join is JoinStreams
        word = Format(self.bits, 0)
        left, right = Layout((2, 3), ((0,), (1,))), Layout((1, 3), ((0,),))
        table = ((0, 2), (1, -1)) if aside else ((0,), (1,), (2,))
        unit = JoinUnit(Layout((3, 3), table), word, (left, right), aside)
        self.dut, self.turns = join(unit), unit.turns
        super().__init__({"offer": In(2), "ready": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        inside = prove.inside(dut)
        stage = prove.inside(inside.submodules.stage)
        beats, o = len(self.turns), dut.o
        sent = [Signal(self.bits, name=f"sent{k}") for k in range(2)]
        received = [Signal(self.bits, name=f"received{k}") for k in range(2)]
        out, taken = Signal(range(beats), name="out"), o.valid & o.ready
        m.d.comb += o.ready.eq(self.ready)
        m.d.sync += out.eq(Mux(taken, Mux(out == beats - 1, 0, out + 1), out))
        for k, port in enumerate(dut.inputs):
            refused, accepted = Signal(name=f"refused{k}"), self.offer[k] & port.ready
            m.d.comb += [port.valid.eq(self.offer[k]), port.payload[0].as_unsigned().eq(sent[k])]
            m.d.comb += Assume(implies(refused, self.offer[k]))
            m.d.sync += [refused.eq(self.offer[k] & ~port.ready), sent[k].eq(sent[k] + accepted)]
            mine = self._turn(k, out)
            m.d.sync += received[k].eq(received[k] + (taken & mine))
            m.d.comb += Assert((sent[k] - received[k])[: self.bits] <= 2)
            with m.If(o.valid & mine):
                m.d.comb += [
                    Assert(o.payload[self._lane(k)].as_unsigned() == received[k]),
                    Assert(sent[k] != received[k]),
                ]
        late = Signal(range(4))
        m.d.sync += late.eq(Mux(self.offer.all() & ~o.valid, late + 1, 0))
        m.d.comb += Assert(late < 3)
        if self.inductive:
            self._invariants(m, inside, stage, sent, received, out)
        return m

    def _turn(self, k: int, beat: Signal) -> Any:
        found: Any = False
        for number, turn in enumerate(self.turns):
            found = found | (beat == number) if turn[k] else found
        return found

    def _lane(self, k: int) -> int:
        return k if self.dut.unit.aside else 0

    def _invariants(self, m: Module, inside: Any, stage: Any, sent: list, received: list, out: Signal) -> None:
        """The beats in the register stage are those between what came out and what is next, each with its words."""
        beats = len(self.turns)
        second = Signal(range(beats), name="second")
        m.d.comb += second.eq(Mux(out == beats - 1, 0, out + 1))
        third = Mux(second == beats - 1, 0, second + 1)
        m.d.comb += [
            Assert(out < beats),
            Assert(implies(stage.full, stage.valid)),
            Assert(stage.empty == ~stage.valid),
            Assert(inside.beat == Mux(stage.full, third, Mux(stage.valid, second, out))),
        ]
        for k in range(2):
            if not all(turn[k] for turn in self.turns):
                m.d.comb += Assert(getattr(inside, f"turn{k}") == self._turn(k, inside.beat))
            one, two = self._turn(k, out), self._turn(k, second)
            due = (received[k] + one)[: self.bits]
            held = (stage.valid & one) + (stage.full & two)
            m.d.comb += [
                Assert(sent[k] == (received[k] + held)[: self.bits]),
                Assert(implies(stage.valid & one, stage.payload.word_select(self._lane(k), self.bits) == received[k])),
                Assert(implies(stage.full & two, stage.held.word_select(self._lane(k), self.bits) == due)),
            ]


@pytest.mark.parametrize("aside", [False, True], ids=["in turn", "side by side"])
def test_join_by_induction(aside: bool) -> None:
    prove.assert_proved(JoinContract(aside), "prove", 4)


@pytest.mark.parametrize(
    "old, new",
    [
        ("port.ready.eq(go & stage.i.ready & turn)", "port.ready.eq(go & stage.i.ready)"),
        ("go.eq(~lacking.any())", "go.eq(~lacking.all())"),
        ("with m.If(go & stage.i.ready):", "with m.If(go):"),
        ("port.ready.eq(go & stage.i.ready & turn)", "port.ready.eq(stage.i.ready & turn)"),
        ("turn.eq(ahead)", "turn.eq(~ahead)"),
    ],
    ids=[
        "takes a beat out of turn",
        "does not wait for all",
        "counts a beat that is not taken",
        "takes without the other",
        "turns to the wrong source",
    ],
)
@pytest.mark.parametrize("aside", [False, True], ids=["in turn", "side by side"])
def test_join_with_a_bug(old: str, new: str, aside: bool) -> None:
    if "stage.i.ready & turn)" in new and not aside:
        pytest.skip("one after another none waits for the other")
    prove.assert_refuted(JoinContract(aside, prove.mutant(JoinStreams, old, new)), 10)


# ---- pace -----------------------------------------------------------------------------------------------------------


class PacerContract(wiring.Component):
    """Beats pass in the clock in which they come, or wait outside; the first ones of positions keep their distance, and
    none waits longer than that."""

    bits = 3

    def __init__(self, layout: Layout, clocks: int, pacer: type = Pacer) -> None:
        self.inductive, self.layout, self.clocks = pacer is Pacer, layout, clocks
        self.dut = pacer(layout, Format(self.bits, 0), clocks)
        super().__init__({"offer": In(1), "ready": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dut = dut = self.dut
        inside, layout = prove.inside(dut), self.layout
        sent, refused = Signal(self.bits), Signal()
        accepted, taken = self.offer & dut.i.ready, dut.o.valid & self.ready
        m.d.comb += [dut.i.valid.eq(self.offer), dut.i.payload[0].as_unsigned().eq(sent), dut.o.ready.eq(self.ready)]
        m.d.comb += [Assume(implies(refused, self.offer)), Assert(accepted == taken)]
        m.d.sync += [refused.eq(self.offer & ~dut.i.ready), sent.eq(sent + accepted)]
        with m.If(dut.o.valid):
            m.d.comb += [Assert(self.offer), Assert(dut.o.payload[0].as_unsigned() == sent)]
        stalled = Signal()
        m.d.sync += stalled.eq(dut.o.valid & ~self.ready)
        m.d.comb += Assert(implies(stalled, dut.o.valid))
        beat, position = Signal(range(layout.beats + 1)), Signal(range(layout.positions + 1))
        since = Signal(range(self.clocks + 1), init=self.clocks)  # clocks from the first beat of the latest position
        pace = self.clocks // layout.positions
        rest = self.clocks - (layout.positions - 1) * pace
        last = position == layout.positions - 1
        distance = Mux(Mux(beat == 0, position == 0, last), rest, pace)  # from the latest position to the next
        first = beat == 0
        m.d.sync += since.eq(Mux(since == self.clocks, since, since + 1))
        with m.If(accepted):
            m.d.sync += beat.eq(Mux(beat == layout.beats - 1, 0, beat + 1))
            with m.If(beat == layout.beats - 1):
                m.d.sync += position.eq(Mux(last, 0, position + 1))
            with m.If(first):
                m.d.comb += Assert(since >= distance)
                m.d.sync += since.eq(1)
        m.d.comb += Assert(implies(self.offer & (~first | (since >= distance)), dut.o.valid))
        if self.inductive:
            m.d.comb += [
                Assert(beat < layout.beats),
                Assert(position < layout.positions),
                Assert((since != 0) & (since <= self.clocks)),
                Assert(inside.beat == beat),
                Assert(inside.position == position),
                Assert(inside.inside == ~first),
                Assert(inside.none_left == (inside.left == 0)),
                Assert(inside.left == Mux(since >= distance, 0, distance - since)),
            ]
        return m


LAYOUTS = [((1, 1), 1, 5), ((2, 3), 2, 11), ((1, 3), 1, 3), ((3, 2), 3, 9)]


@pytest.mark.parametrize("shape, beats, clocks", LAYOUTS, ids=str)
def test_pacer_by_induction(shape: tuple[int, int], beats: int, clocks: int) -> None:
    prove.assert_proved(PacerContract(Layout.spread(shape, beats), clocks), "prove", 3)


@pytest.mark.parametrize(
    "old, new",
    [
        ("rest - 1, pace - 1)", "rest - 1, pace - 2)"),
        ("rest - 1, pace - 1)", "rest, pace)"),
        ("rest - 1, pace - 1)", "pace - 1, pace - 1)"),
        ("with m.If(accept & ~inside):", "with m.If(accept):"),
        ("self.i.ready.eq(self.o.ready & go)", "self.i.ready.eq(self.o.ready)"),
        ("go = inside | none_left", "go = none_left"),
    ],
    ids=[
        "too fast",
        "too slow",
        "makes up at the end",
        "paces every beat",
        "loses what it holds back",
        "holds all back",
    ],
)
def test_pacer_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(PacerContract(Layout.spread((2, 3), 2), 11, prove.mutant(Pacer, old, new)), 24)
