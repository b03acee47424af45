"""Frames, short and long ones, stalls and resets in any order: every whole frame comes out right, and no other does.

The host knows only streams and registers. It keeps the words that it has sent, and says by TLAST alone which of them
make a frame; the reference says what must come out for those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pytest
from frame_nets import Chain

from bittrue import ref
from bittrue.board import registers as at
from bittrue.cosim.shell_model import ShellModel
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.verilator import find
from bittrue.errors import BadInput
from bittrue.lower.registers import BY_NAME
from bittrue.lower.schedule import least_interval
from bittrue.lower.stream_shell import built_words, end_layouts, shell_latency, shell_ports
from bittrue.num import Format
from bittrue.ref.banks import saturated
from bittrue.spec import Conv1d, Flatten, Linear, MaxPool1d, Net, Node, ReLU, Reshape, TensorType
from bittrue_sim import runner
from bittrue_sim.shell_cosimulate import OF_FRAMES, cosimulate_shell

pytest.importorskip("amaranth", reason="amaranth is not installed")

STRETCH = 20
"""Interleavings between two moments in which everything has come out and is compared."""
RESET, PACKETS = (BY_NAME["CONTROL"].encode(**{name: 1}) for name in ("reset", "packets"))


@lru_cache
def frames_to_frames() -> Net:
    """Two channels of twelve samples into three of six: results begin before their frame has ended."""
    chain = Chain((2, 12), 3)
    chain.conv(4, 3, ReLU(), padding=1)
    chain.add(MaxPool1d(2, 2))
    chain.conv(3, 1)
    return chain.net("frames-to-frames")


@lru_cache
def frames_to_vector() -> Net:
    """Three channels of eight samples into a vector of five numbers of 32 bits."""
    chain = Chain((3, 8), 4)
    chain.conv(4, 3, ReLU(), padding=1)
    chain.add(Flatten())
    chain.dense(5, Format(32, chain.type.format.frac + 7))
    return chain.net("frames-to-vector")


@lru_cache
def vector_to_frames() -> Net:
    """A vector, in one word, into frames."""
    fmt = Format.parse("Q1.7")
    weight = np.random.default_rng(5).integers(-128, 128, (3, 1, 1))
    nodes = (
        Node("frame", Reshape((1, 4)), ("input",)),
        Node("conv", Conv1d(weight, np.array([5, -6, 7]), fmt, Format(8, 8), Linear()), ("frame",)),
    )
    return Net("vector-to-frames", TensorType((4,), fmt), nodes)


# what hardware each has: one word a position; one lane, several words a position; words that do not fill the stream
SHELLS = {
    "frames, a word a position": (frames_to_frames, 1),
    "frames, a word a channel": (frames_to_frames, 4),
    "vectors, a word a channel": (frames_to_vector, 6),
    "a frame for a vector": (vector_to_frames, 1),
}


@pytest.fixture(params=SHELLS)
def built(request) -> tuple[Net, int]:
    try:
        find()
    except BadInput as error:
        pytest.skip(str(error))
    make, factor = SHELLS[request.param]
    return make(), least_interval(make()) * factor


@dataclass
class Stream:
    """What was sent since the last reset, and what must come out."""

    data: list[np.ndarray] = field(default_factory=list)
    last: list[np.ndarray] = field(default_factory=list)

    def add(self, data: np.ndarray, last: np.ndarray) -> None:
        self.data.append(data)
        self.last.append(last)

    def words(self) -> tuple[np.ndarray, np.ndarray]:
        return np.concatenate(self.data), np.concatenate(self.last)


@dataclass
class Found:
    """Whole frames of a stretch of words, where each ends and its TLAST, and how many were dropped."""

    frames: list[np.ndarray] = field(default_factory=list)
    last: list[bool] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)  # the number of each frame's last word
    short: int = 0
    long: int = 0


def sorted_out(data: np.ndarray, last: np.ndarray, words: int, packets: bool) -> Found:
    """What TLAST says of words: those up to one are a frame, or a packet of frames."""
    found, start = Found(), 0
    for end in np.flatnonzero(last).tolist():
        part, first = data[start : end + 1], start
        start = end + 1
        whole, rest = divmod(len(part), words)
        if packets or (whole, rest) == (1, 0):
            found.frames += [part[k * words : (k + 1) * words] for k in range(whole)]
            found.last += [rest == 0 and k == whole - 1 for k in range(whole)]
            found.ends += [first + (k + 1) * words - 1 for k in range(whole)]
        found.short += bool(rest) if packets else whole == 0
        found.long += not packets and whole > 0 and (whole, rest) != (1, 0)
    assert start == len(data), "the last word is one with TLAST"
    return found


class Host:
    """Sends frames, and what is none, in an order drawn from ``seed``."""

    def __init__(self, shell: ShellModel, seed: int) -> None:
        self.shell, self.rng = shell, np.random.default_rng(seed)
        self.words = shell.frame_words[0]
        self.stream, self.packets = Stream(), False
        self.seen = Found()
        self.resets = 0

    def draw(self, *ways: int) -> int:
        return int(self.rng.integers(*ways))

    def some(self, count: int) -> np.ndarray:
        """So many words, of frames drawn over the whole range."""
        net = self.shell.net
        shape = (-(-count // self.words), *net.input.shape)
        codes = self.rng.integers(net.input.format.lo, net.input.format.hi, shape, endpoint=True)
        return self.shell.pack(codes)[:count]

    def send(self, count: int) -> None:
        """Queue words with TLAST on the last of them."""
        data, last = self.some(count), np.arange(count) == count - 1
        self.shell.send(data, last)
        self.stream.add(data, last)

    def interleave(self) -> None:
        """One frame, packet, short frame or long frame; and clocks, or none."""
        kind, words = self.draw(6), self.words
        if kind == 0:
            self.send(self.draw(1, max(2, words)))
        elif kind == 1:
            self.send(words + self.draw(1, 2 * words + 2))
        else:
            self.send(words * (self.draw(1, 4) if self.packets else 1))
        if self.draw(2):
            self.shell.clock(self.draw(40 + 4 * words))

    def reset(self) -> None:
        """Reset in the middle of everything: words inside are lost, those taken afterwards make frames anew."""
        shell = self.shell
        self.resets += 1
        shell.write(at.CONTROL, RESET | PACKETS * self.packets)
        data, last = self.stream.words()
        shell.run()
        taken = self._still(at.SAMPLES_IN)
        lost = len(data) - taken
        given = self._still(at.SAMPLES_OUT)
        received, came = shell.received_at(), shell.sent_at()
        split = len(received[0]) - given
        before, after = self._found(data[:lost], last[:lost]), self._found(data[lost:], last[lost:])
        self._same(tuple(part[:split] for part in received), before, came[:lost], cut=True)
        self._same(tuple(part[split:] for part in received), after, came[lost:])
        self.seen = Found(short=after.short, long=after.long)
        self.stream = Stream()

    def _still(self, counter: int) -> int:
        """A counter when it has not moved for long."""
        before, now = -1, self.shell.read(counter)
        while now != before:
            self.shell.clock(3 * self.shell.interval + 400)
            before, now = now, self.shell.read(counter)
        return now

    def _found(self, data: np.ndarray, last: np.ndarray) -> Found:
        """What must come out, and what was dropped."""
        ends = np.flatnonzero(last)
        until = ends[-1] + 1 if len(ends) else 0
        found = sorted_out(data[:until], last[:until], self.words, self.packets)
        if self.packets:  # frames of a packet whose end did not come
            rest = data[until:]
            whole = len(rest) // self.words
            found.frames += [rest[k * self.words : (k + 1) * self.words] for k in range(whole)]
            found.last += [False] * whole
            found.ends += [until + (k + 1) * self.words - 1 for k in range(whole)]
        return found

    def _same(self, came_out: tuple, wanted: Found, came: np.ndarray, *, cut: bool = False) -> None:
        """Words, TLAST and clocks that came out against the frames that went in, whose words came at clocks ``came``;
        where a reset ``cut`` the stream, some of the last may be missing."""
        (data, marks, went), words = came_out, self.shell.frame_words[1]
        expected = words * len(wanted.frames)
        assert len(data) == expected or (cut and len(data) < expected), f"{len(data)} words came, {expected} expected"
        ends = np.zeros(expected, bool)
        ends[words - 1 :: words] = wanted.last
        assert (marks == ends[: len(data)]).all(), "TLAST"
        if len(data):
            codes = self.shell.given(np.concatenate(wanted.frames))
            mask = self.shell.mask[np.arange(len(data)) % len(self.shell.mask)]
            self._right(data & mask, mask, codes, (came[wanted.ends], went[::words]))

    def _right(self, data: np.ndarray, mask: np.ndarray, codes: np.ndarray, clocks: tuple) -> None:
        """Words of results against the reference; ``clocks`` in which frames were whole, and in which results began."""
        wrong = (data != (self.shell.expected(ref.run(self.shell.net, codes))[: len(data)] & mask)).any(axis=1)
        assert not wrong.any(), f"word {np.argmax(wrong)} is {data[np.argmax(wrong)]}"

    def settle(self) -> Found:
        """Let everything come out, and compare it and the counts."""
        shell = self.shell
        wanted = self._found(*self.stream.words())
        shell.run()
        shell.run(until=len(wanted.frames) * shell.frame_words[1])
        shell.clock(shell.interval + 50)
        self._same(shell.received_at(), wanted, shell.sent_at())
        self.seen.short += wanted.short
        self.seen.long += wanted.long
        assert shell.read(at.SHORT_FRAMES) == self.seen.short, "short frames"
        assert shell.read(at.LONG_FRAMES) == self.seen.long, "long frames"
        self.stream = Stream()
        return wanted

    def begin_anew(self) -> None:
        """``aresetn``."""
        self.shell.reset()
        self.seen, self.packets = Found(), False


def run(host: Host, interleavings: int) -> None:
    shell, total = host.shell, Found()
    for _ in range(interleavings // STRETCH):
        stalls = [(0.0, 0.3, 0.7)[host.draw(3)] for _ in range(3)]
        shell.stalls(Stalls(host.draw(1 << 30), *stalls[:2], burst=(1, 20)[host.draw(2)]), bus=stalls[2] / 2)
        resets = host.draw(3) == 0
        for _ in range(STRETCH):
            host.interleave()
            if resets and host.draw(6) == 0:
                host.reset()
        if not host.stream.data:
            host.interleave()
        found = host.settle()
        total.short, total.long = total.short + found.short, total.long + found.long
        total.frames += found.frames
        if host.draw(4) == 0:
            host.begin_anew()
        elif host.draw(2) == 0:
            host.packets = bool(host.draw(2))
            shell.write(at.CONTROL, PACKETS * host.packets)
    assert len(total.frames) > interleavings / 4 and total.long > interleavings / 40 and host.resets
    assert total.short > interleavings / 40 or host.words == 1


def test_registers_say_what_the_hardware_is(built: tuple[Net, int]) -> None:
    net, interval = built
    shell = ShellModel(net, interval)
    for name, words in built_words(net, interval, ()).items():
        for k, word in enumerate(words):
            assert shell.read(BY_NAME[name].offset + 4 * k) == word, name
    assert (shell.read(at.FRAME_IN), shell.read(at.FRAME_OUT)) == shell.frame_words
    shell.write(at.CONTROL, 0xFFFFFFFF & ~RESET)
    assert shell.read(at.CONTROL) == PACKETS, "frames cannot be bypassed, and may come in packets"


def test_latency_and_pace_are_those_of_the_net(built: tuple[Net, int]) -> None:
    """Frames back to back follow one another without a gap, however fast they come."""
    net, interval = built
    shell, count = ShellModel(net, interval), 30
    fmt = net.input.format
    x = np.random.default_rng(1).integers(fmt.lo, fmt.hi, (count, *net.input.shape), endpoint=True)
    shell.send(shell.pack(x[:1]), shell.ends(1))
    shell.run(until=shell.frame_words[1])
    came, (_, _, went) = shell.sent_at(), shell.received_at()
    assert went[0] - came[-1] == shell_latency(net, interval) == shell.read(at.DELAY) >> 12
    shell.send(shell.pack(x), shell.ends(count))
    shell.run(until=count * shell.frame_words[1])
    data, last, went = shell.received_at()
    np.testing.assert_array_equal(shell.unpack(data), ref.run(net, x))
    assert np.flatnonzero(last).tolist() == [(k + 1) * shell.frame_words[1] - 1 for k in range(count)]
    assert (np.diff(went[last])[5:] == interval).all(), np.diff(went[last])


def test_layers_that_clamp_are_named(built: tuple[Net, int]) -> None:
    net, interval = built
    shell, fmt = ShellModel(net, interval), net.input.format
    found = []
    for k in range(12):
        x = np.random.default_rng(k).integers(fmt.lo >> (k % 4), (fmt.hi >> (k % 4)) + 1, (1, *net.input.shape))
        shell.send(shell.pack(x), shell.ends(1))
        shell.run(until=(k + 1) * shell.frame_words[1])
        flags = [bool(flag[0]) for flag in saturated([net], x, [0]).values()]
        found.append(flags)
        assert shell.read(at.SATURATED) == sum(flag << n for n, flag in enumerate(flags)), f"frame {k}"
        shell.write(at.SATURATED, 0xFFFFFFFF)
    assert len({tuple(flags) for flags in found}) > 1, "every frame clamps the same layers"


def test_words_that_are_not_whole_are_told_and_used(built: tuple[Net, int]) -> None:
    net, interval = built
    shell = ShellModel(net, interval)
    x = np.zeros((1, *net.input.shape), np.int64)
    data = shell.pack(x)
    keep = np.ones(data.shape, bool)
    keep[len(data) // 2, -1] = False
    shell.send(data, shell.ends(1), keep)
    shell.run(until=shell.frame_words[1])
    np.testing.assert_array_equal(shell.unpack(shell.receive()[0]), ref.run(net, x))
    assert shell.read(at.STATUS) & BY_NAME["STATUS"].encode(malformed=1)


def test_beats_that_no_dma_takes_are_refused() -> None:
    chain = Chain((130, 4), 9)
    chain.conv(2, 1)
    with pytest.raises(BadInput, match=r"a position of 130x4 Q1.7 takes 1040 bits of a stream; .* longer interval"):
        shell_ports(chain.net("wide"), end_layouts(chain.net("wide"), 4))
    ports = shell_ports(chain.net("wide"), end_layouts(chain.net("wide"), 8))
    assert ports["s_axis_tdata"] == ("input", 1024) and ports["m_axis_tdata"] == ("output", 8)


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
def test_every_scenario(simulator: str) -> None:
    """In cocotb, driven by the sources and sinks of cocotbext-axi."""
    pytest.importorskip("cocotbext.axi", reason="cocotbext-axi is not installed")
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    net = frames_to_frames()
    cosimulate_shell([net], least_interval(net), simulator, OF_FRAMES, fixed=True, samples=20)


def test_interleavings(built: tuple[Net, int]) -> None:
    run(Host(ShellModel(*built), seed=built[1]), 200)


@pytest.mark.heavy
def test_ten_thousand_interleavings(built: tuple[Net, int]) -> None:
    run(Host(ShellModel(*built), seed=100 + built[1]), 10_000)
