"""Loads and swaps of weight banks among frames, short and long ones, stalls and resets: every frame is one net's.

The host of `test_frame_shell` also loads nets into banks and selects them. It keeps its own record of what the banks
must hold; the reference explains every frame by one of the nets that were selected while it waited or was let in.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from test_frame_shell import SHELLS, Host, run

from bittrue import ref
from bittrue.board import registers as at
from bittrue.cosim.shell_model import ShellModel
from bittrue.cosim.shell_script import POLL, WRITE, Access
from bittrue.cosim.verilator import find
from bittrue.errors import BadInput
from bittrue.lower.load import LoadPlan
from bittrue.lower.registers import BY_NAME
from bittrue.lower.schedule import least_interval
from bittrue.lower.stream_shell import built_words, shell_latency
from bittrue.ref.banks import saturated
from bittrue.spec import Conv, Dense, Net
from bittrue_sim import runner
from bittrue_sim.shell_cosimulate import OF_FRAMES_IN_BANKS, cosimulate_shell
from bittrue_sim.swaps import follow

pytest.importorskip("amaranth", reason="amaranth is not installed")

POOL = 12
REFUSED = BY_NAME["STATUS"].encode(refused=1)
QUICK = ("frames, a word a channel", "a frame for a vector")


def other_codes(net: Net, seed: int) -> Net:
    """A net alike with codes drawn over the whole range of the weights."""
    rng, nodes = np.random.default_rng(seed), []
    for node in net.nodes:
        layer = node.layer
        if isinstance(layer, Conv | Dense):
            fmt, reach = layer.weight_format, 1 << max(1, layer.shift(net.input_types(node)[0].format) + 5)
            weight = rng.integers(fmt.lo, fmt.hi, layer.weight.shape, endpoint=True)
            layer = replace(layer, weight=weight, bias=rng.integers(-reach, reach, layer.bias.shape))
        nodes.append(replace(node, layer=layer))
    return replace(net, nodes=tuple(nodes))


@lru_cache
def pool(name: str) -> tuple[Net, ...]:
    """Nets alike with nothing in common."""
    net = SHELLS[name][0]()
    return tuple(other_codes(net, seed) for seed in range(POOL))


def shell_of(name: str, banks: int) -> ShellModel:
    try:
        find()
    except BadInput as error:
        pytest.skip(str(error))
    net, factor = SHELLS[name][0](), SHELLS[name][1]
    return ShellModel(net, least_interval(net) * factor, pool(name)[:2] + pool(name)[:1] * (banks - 2))


class Loading(Host):
    """Among the frames, loads nets into banks that are not in use, tries it with those that are, and swaps."""

    def __init__(self, name: str, banks: int, seed: int) -> None:
        super().__init__(shell_of(name, banks), seed)
        self.pool, self.plan = pool(name), LoadPlan(pool(name)[0], self.shell.interval, banks)
        self.content = [self.plan.words(net) for net in self.pool]
        self.nets: list[int | None] = [0, 1, 0, 0][:banks]
        self.bank = 0
        self.setups, self.begins, self.ends = [0], [], []
        self.showed = self.refused = 0

    def interleave(self) -> None:
        super().interleave()
        kind = self.draw(6)
        if kind == 0:
            self.intrude()
        if kind <= 1:
            others = [b for b in range(self.plan.bank_count) if b != self.bank]
            self.load(others[self.draw(len(others))])
        if kind <= 3:
            self.swap(self.draw(self.plan.bank_count))

    def word(self, net: int, k: int, bank: int) -> list[Access]:
        """What loads word ``k`` of a net."""
        addresses, codes = self.content[net]
        address = int(addresses[k]) | bank << (self.plan.lane_bits + self.plan.word_bits)
        low = int(codes[k]) & ((1 << self.plan.data_bits) - 1)
        return [Access(WRITE, at.LOAD_ADDRESS, address), Access(WRITE, at.LOAD_DATA, low)]

    def load(self, bank: int) -> None:
        """Load another net into a bank that is not selected, at once or when it is free; again where it was refused."""
        old = self.nets[bank]
        net = next(n for n in iter(lambda: self.draw(POOL), None) if n not in self.nets)
        order = self.rng.permutation(np.flatnonzero(self.content[old][1] != self.content[net][1])).tolist()
        patient = bool(self.draw(2))
        while True:
            script = [Access(POLL, at.STATUS, 0, 1 << (16 + bank))] if patient else []
            self.shell.script([*script, *(access for k in order for access in self.word(net, k, bank))])
            if not self.shell.read(at.STATUS) & REFUSED:
                break
            self.refused += 1
            assert not patient, f"words for bank {bank} were refused although it was free"
            self.shell.write(at.STATUS, REFUSED)
            patient = True
        self.nets[bank] = net

    def intrude(self) -> None:
        """Try to change the bank in use."""
        net = self.draw(POOL)
        for k in self.rng.integers(len(self.content[0][0]), size=4).tolist():
            self.shell.script(self.word(net, k, self.bank))
        assert self.shell.read(at.STATUS) & REFUSED, f"words for bank {self.bank}, which is selected, were taken"
        self.shell.write(at.STATUS, REFUSED)

    def swap(self, bank: int) -> None:
        """Select a bank."""
        self.begins.append(self.shell.cycles)
        self.shell.write(at.BANK, bank)
        self.ends.append(self.shell.cycles)
        self.bank = bank
        self.setups.append(self.nets[bank])

    def _right(self, data: np.ndarray, mask: np.ndarray, codes: np.ndarray, clocks: tuple) -> None:
        """Every frame, or what a reset left of it, is that of one net, and of none that was left before it came."""
        words, size = self.shell.frame_words[1], data.shape[1]
        count = -(-len(data) // words)
        rest = count * words - len(data)
        there = np.concatenate([mask, np.zeros((rest, size), np.uint8)])
        found = np.concatenate([data, np.zeros((rest, size), np.uint8)]).reshape(count, words * size)
        expected = {}
        for net in set(self.setups):
            results = self.shell.expected(ref.run(self.pool[net], codes[:count])) & there
            expected[net] = results.reshape(count, words * size)
        earliest = np.searchsorted(self.ends, clocks[0][:count], side="left")
        latest = np.searchsorted(self.begins, clocks[1], side="left")
        used = follow(found, self.setups, expected, earliest, latest)
        self.showed += len(set(used.tolist())) - 1

    def settle(self):
        found = super().settle()
        self.setups, self.begins, self.ends = [self.nets[self.bank]], [], []
        return found

    def begin_anew(self) -> None:
        super().begin_anew()
        self.bank = 0
        self.setups = [self.nets[0]]


def explore(name: str, banks: int, interleavings: int, seed: int) -> None:
    host = Loading(name, banks, seed)
    run(host, interleavings)
    assert host.showed > interleavings / 10, f"only {host.showed} swaps were seen in the outputs"
    assert host.refused, "no load came too early"


@pytest.mark.parametrize("name", QUICK)
def test_interleavings_with_swaps(name: str) -> None:
    explore(name, 2, 400, seed=7)


@pytest.mark.heavy
@pytest.mark.parametrize("banks", [2, 4])
@pytest.mark.parametrize("name", SHELLS)
def test_ten_thousand_interleavings_with_swaps(name: str, banks: int) -> None:
    explore(name, banks, 10_000, seed=100 + banks)


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
def test_every_scenario_with_banks(simulator: str) -> None:
    """In cocotb, driven by the sources and sinks of cocotbext-axi."""
    pytest.importorskip("cocotbext.axi", reason="cocotbext-axi is not installed")
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    nets = pool("frames, a word a channel")[:2]
    cosimulate_shell(nets, 4 * least_interval(nets[0]), simulator, OF_FRAMES_IN_BANKS, samples=20)


@pytest.mark.parametrize("name", [QUICK[0], *(pytest.param(name, marks=pytest.mark.heavy) for name in (*SHELLS,)[1:])])
def test_banks_change_neither_latency_nor_pace(name: str) -> None:
    """Every frame with another bank than the one before, back to back, or one at a time, with the right flags."""
    shell, nets = shell_of(name, 2), pool(name)[:2]
    net, interval, made = shell.net, shell.interval, shell.frame_words[1]
    for register, words in built_words(net, interval, nets).items():
        for k, word in enumerate(words):
            assert shell.read(BY_NAME[register].offset + 4 * k) == word, register
    fmt = net.input.format
    x = np.random.default_rng(1).integers(fmt.lo, fmt.hi, (30, *net.input.shape), endpoint=True)
    for k in range(6):
        shell.write(at.BANK, k % 2)
        shell.send(shell.pack(x[k : k + 1]), shell.ends(1))
        shell.run(until=made)
        data, _, went = shell.received_at()
        assert went[0] - shell.sent_at()[-1] == shell_latency(net, interval), "latency"
        assert (shell.unpack(data) == ref.run(nets[k % 2], x[k : k + 1])).all(), f"frame {k}"
        flags = [bool(flag[0]) for flag in saturated(nets, x[k : k + 1], [k % 2]).values()]
        assert shell.read(at.SATURATED) == sum(flag << n for n, flag in enumerate(flags)), f"frame {k}"
        shell.write(at.SATURATED, 0xFFFFFFFF)
    shell.send(shell.pack(x), shell.ends(len(x)))
    shell.run(until=len(x) * made)
    data, last, went = shell.received_at()
    assert (shell.unpack(data) == ref.run(nets[1], x)).all()
    assert (np.diff(went[last])[5:] == interval).all(), np.diff(went[last])
