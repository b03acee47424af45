"""Loads, swaps, samples and stalls in any order: every output is one net's, and swaps fall between samples.

A host that knows only the registers works on the Verilated shell while samples go through. It keeps its own record of
what the banks must hold, and the reference explains every sample that comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest
from strategies import long_vector
from test_shell import small_bank

from bittrue import ref
from bittrue.board import registers as at
from bittrue.cosim.shell_model import ShellModel
from bittrue.cosim.shell_script import POLL, WRITE, Access
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.verilator import find
from bittrue.errors import BadInput
from bittrue.lower.load import LoadPlan
from bittrue.lower.registers import BY_NAME
from bittrue.lower.stream_shell import shell_latency
from bittrue_sim.swaps import bounds, follow

pytest.importorskip("amaranth", reason="amaranth is not installed")

POOL = 24
STRETCH = 20
"""Interleavings between two moments in which everything has come out and is compared."""
REFUSED = BY_NAME["STATUS"].encode(refused=1)


@lru_cache
def pool() -> tuple:
    """Nets alike with nothing in common."""
    return tuple(small_bank(seed) for seed in range(1, POOL + 1))


class Host:
    """Loads nets into banks and swaps them, in an order drawn from ``seed``."""

    def __init__(self, shell: ShellModel, plan: LoadPlan, seed: int) -> None:
        self.shell, self.plan, self.rng = shell, plan, np.random.default_rng(seed)
        self.words = [plan.words(net) for net in pool()]
        self.nets: list[int | None] = [0, 1, 0, 0][: plan.bank_count]  # in the banks; None: a mixture
        self.bank = 0
        self.setups, self.begins, self.ends = [0], [], []
        self.given: list = []
        self.refused = 0

    def feed(self) -> None:
        """Queue a transfer, or none, and let it go on its way, or not."""
        fmt = self.shell.net.input.format
        if self.draw(4) and self.shell.unsent < 60:
            self.given.append(self.rng.integers(fmt.lo, fmt.hi, (self.draw(1, 30), 2), endpoint=True))
            self.shell.send(self.shell.pack(self.given[-1]))
        if self.draw(2):
            self.shell.clock(self.draw(150))

    def draw(self, *ways: int) -> int:
        return int(self.rng.integers(*ways))

    def word(self, net: int, k: int, bank: int) -> list[Access]:
        """What loads word ``k`` of a net."""
        addresses, codes = self.words[net]
        address = int(addresses[k]) | bank << (self.plan.lane_bits + self.plan.word_bits)
        low = int(codes[k]) & ((1 << self.plan.data_bits) - 1)
        rest = self.draw(20) if self.draw(8) == 0 else 0
        return [Access(WRITE, at.LOAD_ADDRESS, address, wait=rest), Access(WRITE, at.LOAD_DATA, low)]

    def load(self, bank: int) -> None:
        """Load another net into a bank that is not selected, at once or when it is free; again where it was refused."""
        old = self.nets[bank]
        net = next(n for n in iter(lambda: self.draw(POOL), None) if n not in self.nets)
        different = np.arange(len(self.words[net][0]))
        if old is not None:  # words that stay need not be written
            different = different[self.words[old][1] != self.words[net][1]]
        order = self.rng.permutation(different).tolist()
        patient = bool(self.draw(2))
        while True:
            script = [Access(POLL, at.STATUS, 0, 1 << (16 + bank))] if patient else []
            for k in order:
                script += self.word(net, k, bank)
            self.nets[bank] = None
            self.shell.script(script)
            if not self.status() & REFUSED:
                break
            self.refused += 1
            assert not patient, f"words for bank {bank} were refused although it was free"
            self.shell.write(at.STATUS, REFUSED)
            patient = True
        self.nets[bank] = net

    def status(self) -> int:
        return self.shell.read(at.STATUS)

    def intrude(self) -> None:
        """Try to change the bank in use."""
        net, words = self.draw(POOL), self.rng.integers(len(self.words[0][0]), size=4).tolist()
        for k in words:
            self.shell.script(self.word(net, k, self.bank))
        assert self.status() & REFUSED, f"words for bank {self.bank}, which is selected, were taken"
        self.shell.write(at.STATUS, REFUSED)

    def swap(self, bank: int) -> None:
        """Select a bank."""
        self.begins.append(self.shell.cycles)
        self.shell.write(at.BANK, bank)
        self.ends.append(self.shell.cycles)
        self.bank = bank
        self.setups.append(self.nets[bank])

    def interleave(self) -> None:
        """One load and swap, with or without trouble before, between and after."""
        others = [b for b in range(self.plan.bank_count) if b != self.bank]
        bank = others[self.draw(len(others))]
        if self.draw(3) == 0:
            self.intrude()
        self.load(bank)
        self.feed()
        self.swap(bank)
        for _ in range(self.draw(4) if self.draw(3) == 0 else 0):
            self.feed()
            whole = [b for b in range(self.plan.bank_count) if self.nets[b] is not None]
            self.swap(whole[self.draw(len(whole))])


def stretches(shell: ShellModel, host: Host, number: int) -> Iterator[int]:
    """Run stretches of interleavings under traffic and compare each; yields how many swaps showed."""
    for _ in range(number):
        stalls = [(0.0, 0.3, 0.7)[host.draw(3)] for _ in range(3)]
        shell.stalls(Stalls(host.draw(1 << 30), *stalls[:2], burst=(1, 20)[host.draw(2)]), bus=stalls[2] / 2)
        for _ in range(STRETCH):
            host.interleave()
        while not host.given or shell.unsent == 0:  # the last swap shows, too
            host.feed()
        x = np.concatenate(host.given)
        shell.run(until=len(x))
        data, last, went = shell.received_at()
        assert np.flatnonzero(last).tolist() == (np.cumsum([len(part) for part in host.given]) - 1).tolist()
        expected = {n: ref.run(pool()[n], x) for n in set(host.setups)}
        limits = bounds(host.begins, host.ends, shell.sent_at(), went)
        used = follow(shell.unpack(data), host.setups, expected, *limits)
        yield len(set(used.tolist()))
        begin_anew(shell, host)


def begin_anew(shell: ShellModel, host: Host) -> None:
    """Forget the history of samples, by one reset or the other; the banks keep their nets."""
    if host.draw(2):
        shell.reset()
        host.bank = 0
        if host.nets[0] is None:
            raise AssertionError("a bank that was selected last holds no whole net")
    else:
        shell.write(at.CONTROL, BY_NAME["CONTROL"].encode(reset=1))
    host.setups, host.begins, host.ends, host.given = [host.nets[host.bank]], [], [], []


def run(interval: int, banks: int, interleavings: int, seed: int) -> None:
    try:
        find()
    except BadInput as error:
        pytest.skip(str(error))
    shell = ShellModel(pool()[0], interval, pool()[:2] + pool()[:1] * (banks - 2))
    host = Host(shell, LoadPlan(pool()[0], interval, banks), seed)
    showed = sum(stretches(shell, host, interleavings // STRETCH))
    assert showed > interleavings / 4, f"only {showed} of {interleavings} swaps were seen in the outputs"
    assert host.refused > interleavings / 100, "no load came too early"


@pytest.mark.parametrize("interval, banks", [(8, 2), (5, 4)])
def test_interleavings(interval: int, banks: int) -> None:
    run(interval, banks, 200, seed=interval)


@pytest.mark.heavy
@pytest.mark.parametrize("interval, banks", [(8, 2), (4, 4)])
def test_ten_thousand_interleavings(interval: int, banks: int) -> None:
    run(interval, banks, 10_000, seed=100 + interval)


def test_a_long_vector_in_banks_travels_whole_as_its_registers_say() -> None:
    """Without banks it would travel in beats, and come out at another time."""
    try:
        find()
    except BadInput as error:
        pytest.skip(str(error))
    net, interval = long_vector(4), 1024
    shell = ShellModel(net, interval, [net, net])
    x = np.random.default_rng(2).integers(-128, 128, (1, 4))
    shell.send(shell.pack(x), shell.ends(1))
    shell.run(until=1)
    data, _, went = shell.received_at()
    clocks = shell_latency(net, interval, True)
    assert went[0] - shell.sent_at()[-1] == clocks == shell.read(at.LATENCY) != shell_latency(net, interval)
    assert (shell.unpack(data) == ref.run(net, x)).all()
