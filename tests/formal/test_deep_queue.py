"""Queues in block RAM: nothing lost, doubled, invented or reordered, stable under stalls, and never stuck.

Proved by k-induction: for ever, with resets at any time, for a small width, for memories of one piece and of several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import prove
import pytest
from amaranth.hdl import Array, Module, Mux, ValueLike
from contract import Books, Contract, implies

from bittrue.lower.slack import FRONT
from bittrue_rtl import pieces
from bittrue_rtl.deep_queue import DeepQueue, DeepStreamQueue

pytestmark = prove.needs_tools


@pytest.fixture(autouse=True)
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 2 words of all bits."""
    monkeypatch.setattr(pieces, "shape", lambda words, bits, ports: (2, bits, 1))


class DeepContract(Books):
    bits, known = 4, DeepQueue

    def __init__(self, depth: int, queue: type = DeepQueue, places: int | None = None) -> None:
        super().__init__(queue, depth, depth + FRONT + 1, 6, places)

    def inside(self, m: Module) -> tuple[Sequence[ValueLike], ValueLike, ValueLike]:
        found, inside, ahead = kept(self, m, self.dut)
        return found, inside.stored, ahead


def kept(contract: Contract, m: Module, queue: DeepQueue) -> tuple[list[ValueLike], Any, ValueLike]:
    """Invariants of a `DeepQueue`: pointers, counts and the number in every place in use, of its memory, on the way to
    its front, and of that; its inside; how many are ahead of its memory."""
    inside = prove.inside(queue)
    front = prove.inside(inside.submodules.front)
    depth = max(2, queue.depth)
    found, rows, registers = [], [], []
    for k in range(-(-depth // 2)):
        piece = getattr(inside.submodules, "words" if depth == 2 else f"words{k}_0")
        ports = [piece.read_port(domain="comb") for _ in range(piece.depth)]
        m.d.comb += [port.addr.eq(j) for j, port in enumerate(ports)]
        rows += [port.data for port in ports]
        registers.append((piece.read_ports[0].data, getattr(inside, f"word_{k}" if k else "word")))
    front_rows = [front.submodules.storage.read_port(domain="comb") for _ in range(FRONT)]
    m.d.comb += [row.addr.eq(k) for k, row in enumerate(front_rows)]
    front_read, front_write = front.submodules.storage.read_ports[0], front.submodules.storage.write_ports[0]
    read, write, stored = inside.read_address, inside.write_address, inside.stored
    given = front.stored + front.valid
    ahead = given + inside.behind + inside.fetched
    before = Mux(read == 0, depth - 1, read - 1)  # the address of what was read last, and of that before it
    second = Mux(inside.fetched, Mux(before == 0, depth - 1, before - 1), before)
    found += [
        stored <= queue.depth,
        inside.some == (stored != 0),
        implies(queue.write, stored < queue.depth),
        read < depth,
        write < depth,
        Mux(stored == depth, write == read, _apart(write, read, depth) == stored),
        inside.free + front.stored + inside.behind + inside.fetched == FRONT,
        inside.room == (inside.free != 0),
        front.some == (front.stored != 0),
        _apart(front_write.addr, front_read.addr, FRONT) == front.stored[:2],
        implies(front.valid, queue.o.payload == contract.received),
        implies(
            inside.fetched,
            Array(latch for latch, _ in registers)[before >> 1] == contract.number(given + inside.behind),
        ),
        implies(
            inside.behind, Array(word.as_unsigned() for _, word in registers)[second >> 1] == contract.number(given)
        ),
    ]
    if len(registers) > 1:
        which, line = inside.word_which_d2, inside.word_which_line
        found += [implies(inside.behind, which == second >> 1), implies(inside.fetched, line == before >> 1)]
    for k, row in enumerate(rows[:depth]):
        place = _apart(k, read, depth)
        found.append(implies(place < stored, row == contract.number(place + ahead)))
    for k, row in enumerate(front_rows):
        place = _apart(k, front_read.addr, FRONT)
        found.append(implies(place < front.stored, row.data == contract.number(place + front.valid)))
    return found, inside, ahead


def _apart(one: ValueLike, other: Any, depth: int) -> Any:
    """Places from ``other`` on to ``one`` in a ring."""
    return Mux(other <= one, one - other, one + depth - other)


HEAVY = pytest.mark.heavy


@pytest.mark.parametrize(
    "depth", [pytest.param(1, marks=HEAVY), pytest.param(2, marks=HEAVY), 3, pytest.param(5, marks=HEAVY)]
)
def test_deep_queue_by_induction(depth: int) -> None:
    prove.assert_proved(DeepContract(depth), "prove", 7)


QUICK = [
    ("move.eq(some & room)", "move.eq(some)"),
    ("behind.eq(fetched)", "behind.eq(move)"),
    ('read_address, "word"', 'write_address, "word"'),
]
LONG = [
    ("free = Signal(range(FRONT + 1), init=FRONT)", "free = Signal(range(16), init=FRONT + 1)"),
    ("room.eq(any_left(there, move))", "room.eq(free != 0)"),
    ("total.eq(stored + self.write)", "total.eq(stored + (self.write & ~move))"),
    ("address == depth - 1", "address == depth - 2"),
    ("there.eq(free + front.taken)", "there.eq(free)"),
]


@pytest.mark.parametrize(
    "old, new",
    [*QUICK, *(pytest.param(*bug, marks=HEAVY) for bug in LONG)],
    ids=[
        "overruns its front",
        "takes what the memory had before",
        "picks another piece",
        "one place too many in front",
        "reads on its last place twice",
        "loses a beat",
        "wraps early",
        "never gives a place back",
    ],
)
def test_deep_queue_with_a_bug(old: str, new: str) -> None:
    prove.assert_refuted(DeepContract(3, prove.mutant(DeepQueue, old, new)), 16)


@HEAVY
def test_deep_queue_with_one_place_too_many() -> None:
    prove.assert_refuted(DeepContract(2, places=3), 16)


class DeepStreamContract(Contract):
    bits = 4

    def __init__(self, depth: int) -> None:
        super().__init__(DeepStreamQueue(self.bits, depth), depth + FRONT + 1, patience=8, inductive=True)

    def invariants(self, m: Module) -> Sequence[ValueLike]:
        stream = prove.inside(self.dut)
        found, inside, ahead = kept(self, m, stream.submodules.queue)
        return [
            *found,
            self.held == stream.accepted_d1 + inside.stored + ahead,
            stream.free + stream.accepted_d1 + inside.stored == self.dut.depth,
            implies(stream.ready, stream.free != 0),
            implies(stream.accepted_d1, stream.payload == self.number(inside.stored + ahead)),
        ]


@pytest.mark.parametrize("depth", [pytest.param(1, marks=HEAVY), pytest.param(3, marks=HEAVY)])
def test_deep_stream_queue_by_induction(depth: int) -> None:
    prove.assert_proved(DeepStreamContract(depth), "prove", 9)
