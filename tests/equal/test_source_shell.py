"""Seeds, parameters, gains, resets and stalls in any order: every sample of a source's shell is the one Python says.

The host knows registers and the stream. What it wrote before a reset or an apply, it expects from the first word of the
frame that the hardware names; words, TLAST and counts follow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from source_nets import crowded, pictures, two_rates, vectors

from bittrue.board import registers as at
from bittrue.check.generating import Wanted, generated
from bittrue.check.legs import Options
from bittrue.cosim.shell_script import WRITE, Access
from bittrue.cosim.source_shell_model import SourceShellModel
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.verilator import find
from bittrue.errors import BadInput
from bittrue.lower.registers import BY_NAME, REGISTERS
from bittrue.lower.source import source_plan
from bittrue.lower.source_shell import SOURCE_REGISTERS, source_words
from bittrue.num import Format
from bittrue.spec import Concat, Dense, Net, Node, TensorType
from bittrue.spec.source import GAIN, Latent, Parameter, Source
from bittrue_sim import runner
from bittrue_sim.source_shell_cosimulate import cosimulate_source_shell

pytest.importorskip("amaranth", reason="amaranth is not installed")

SOURCES = {"two rates": two_rates, "pictures": pictures, "vectors": vectors, "crowded": crowded}
STRETCH = 16
"""Interleavings with the same stalls."""
PENDING, RUNNING, CLAMPED = (BY_NAME["SOURCE"].encode(**{name: 1}) for name in ("pending", "running", "clamped"))


def built(name: str) -> SourceShellModel:
    try:
        find()
    except BadInput as error:
        pytest.skip(str(error))
    return SourceShellModel(SOURCES[name]())


@dataclass(frozen=True)
class Settings:
    seed: int
    gain: int
    codes: dict[str, int]


class Host:
    """Asks for words, and changes what they are made of, in an order drawn from ``seed``."""

    def __init__(self, shell: SourceShellModel, seed: int) -> None:
        self.shell, self.rng = shell, np.random.default_rng(seed)
        self.words = shell.frame_words
        self.written = self.active = self.some()
        self.place = 0  # words of the signal given, counted from frame 0 of its numbers
        self.given = 0  # words since the last reset
        self.pending = False
        self.applied = self.resets = self.stopped = 0
        self.write(self.written)
        self.reset()

    def draw(self, *ways: int) -> int:
        return int(self.rng.integers(*ways))

    def some(self) -> Settings:
        """Settings drawn over their whole range."""
        codes = {name: self.draw(given.low, given.high + 1) for name, (given, _) in self.shell.source.settings.items()}
        wide = self.draw(2)
        gain = self.draw(GAIN.lo, GAIN.hi + 1) if wide else self.draw(-5000, 5000)
        return Settings(self.draw(1 << 32) << 32 | self.draw(1 << 32), gain, codes)

    def write(self, settings: Settings) -> None:
        self.written = settings
        self.shell.settings(settings.seed, settings.codes, settings.gain)

    def change(self) -> Settings:
        """One of the settings, or all of them, drawn anew."""
        fresh, old = self.some(), self.written
        return [
            replace(old, seed=fresh.seed),
            replace(old, gain=fresh.gain),
            replace(old, codes=fresh.codes),
            fresh,
        ][self.draw(4)]

    def reset(self) -> None:
        start = self.draw((1 << 32) - 40)
        self.shell.restart(start)
        assert self.shell.read(at.FRAME) == start and not self.shell.read(at.SOURCE) & (PENDING | RUNNING)
        self.active, self.place, self.given, self.pending = self.written, start * self.words, 0, False
        self.resets += 1

    def apply(self) -> None:
        """While nothing runs: it counts at once at a border, else from the next one on."""
        self.shell.apply()
        self.pending = bool(self.shell.read(at.SOURCE) & PENDING)
        assert self.pending == (self.place % self.words != 0), "an apply waits for a border, and for nothing else"
        if not self.pending:
            self.active = self.written
            assert self.shell.read(at.FRAME) == self.place // self.words
        self.applied += 1

    def interleave(self) -> None:
        """Settings, an apply, a reset or none, then words; in the middle of those, the same again."""
        if self.draw(2):
            self.write(self.change())
        kind = self.draw(6)
        if kind == 0:
            self.reset()
        elif kind < 3:
            self.apply()
        count, packet = self.draw(1, 3 * self.words + 2), self.draw(2) * self.draw(1, self.words + 2)
        self.shell.ask(count, packet)
        event = self.draw(5)
        self.shell.clock(self.draw(1, 400) if event < 4 else 1)
        if event == 0 and not self.pending:
            self.in_the_middle(count, packet)
        elif event == 1:
            self.cut_short(count, packet)
        elif event == 2:
            self.shell.restart(self.draw(1 << 31))
            start, self.resets = self.shell.read(at.START), self.resets + 1
            self.compare(*self.shell.receive(), count, packet, whole=False)
            self.active, self.place, self.given, self.pending = self.written, start * self.words, 0, False
        else:
            self.finish(count)
            self.compare(*self.shell.receive(), count, packet)

    def finish(self, count: int) -> None:
        self.shell.run(until=count)

    def in_the_middle(self, count: int, packet: int) -> None:
        """Other settings while words leave: the hardware says from which frame on."""
        before, old = self.place + self.shell.waiting, self.active
        self.write(self.change())
        self.shell.apply()
        after = self.place + self.shell.waiting
        self.finish(count)
        self.applied += 1
        self.pending = bool(self.shell.read(at.SOURCE) & PENDING)
        border = self.shell.read(at.FRAME) * self.words
        if not self.pending:
            assert before <= border <= after + 3 + self.words, "the border is the next one"
            self.active = self.written
        data, last = self.shell.receive()
        self.compare(data, last, count, packet, old, None if self.pending else border)

    def cut_short(self, count: int, packet: int) -> None:
        """Stop: words on their way still come, the next ones when they are asked for."""
        self.shell.ask(0)
        assert not self.shell.read(at.SOURCE) & RUNNING
        self.shell.clock(100)
        self.shell.run()
        self.stopped += self.shell.waiting < count
        for _ in range(40):  # backpressure: until the sink has taken them
            before = self.shell.waiting
            self.shell.clock(50)
            if self.shell.waiting == before:
                break
        self.compare(*self.shell.receive(), count, packet, whole=False)

    def compare(
        self,
        data: np.ndarray,
        last: np.ndarray,
        count: int,
        packet: int,
        old: Settings | None = None,
        border: int | None = None,
        whole: bool = True,
    ) -> None:
        """Words that have come, against the signal that goes on at `place`."""
        assert len(data) == count if whole else len(data) <= count, f"{len(data)} words came, {count} were asked for"
        end = self.place + len(data)
        parts = []
        if self.pending and old is None:  # since before these words: the next border, with what is written now
            border = -(-self.place // self.words) * self.words
            old = self.active
            if end > border or (end == border and not self.shell.read(at.SOURCE) & PENDING):
                self.active, self.pending = self.written, False
        if border is not None and old is not None and border < end:
            parts = [(self.place, max(border, self.place), old), (max(border, self.place), end, self.active)]
        else:
            parts = [(self.place, end, old or self.active)]
        wanted = np.concatenate([self.signal(*part) for part in parts])
        mask = self.shell.mask[(self.place + np.arange(len(data))) % self.words]
        wrong = ((data ^ wanted) & mask).any(axis=1)
        assert not wrong.any(), f"word {np.argmax(wrong)} of {len(data)} differs"
        number = np.arange(1, len(data) + 1)
        ends = (number == count) | ((number % packet == 0) if packet else False)
        assert (last == ends).all(), "TLAST"
        self.place, self.given = end, self.given + len(data)

    def signal(self, first: int, end: int, settings: Settings) -> np.ndarray:
        if first == end:
            return np.zeros((0, self.shell.ports.output_bits // 8), np.uint8)
        frame = first // self.words
        made = self.shell.frames(settings.seed, frame, -(-end // self.words) - frame, settings.codes, settings.gain)
        return made[first - frame * self.words : end - frame * self.words]


def run(name: str, count: int, seed: int) -> Host:
    shell = built(name)
    host = Host(shell, seed)
    for k in range(count):
        if k % STRETCH == 0:
            stalls = Stalls(seed=seed + k, backpressure=(0.0, 0.3, 0.7)[host.draw(3)], burst=host.draw(1, 12))
            shell.stalls(stalls, bus=(0.0, 0.4)[host.draw(2)])
        host.interleave()
        if k % STRETCH == 0:
            assert shell.read(at.SAMPLES_OUT) == host.given
    assert min(host.applied, host.resets, host.stopped) > count // 40
    return host


def test_interleavings() -> None:
    run("two rates", 250, seed=1)


@pytest.mark.heavy
@pytest.mark.parametrize("name", SOURCES)
def test_ten_thousand_interleavings(name: str) -> None:
    run(name, 10_000, seed=100)


def test_the_registers_of_the_hardware() -> None:
    """What was built, what is written and read back, and nothing where a net's shell has something."""
    shell = built("two rates")
    for name, word in source_words(shell.plan).items():
        assert shell.read(BY_NAME[name].offset) == word, name
    assert shell.read(at.GAIN) == 1 << 12 and shell.read(at.FORMAT_OUT) & 0xFF == 16
    for name in ("SEED_LOW", "SEED_HIGH", "START", "PACKET"):
        shell.write(getattr(at, name), 0x89ABCDEF)
        assert shell.read(getattr(at, name)) == 0x89ABCDEF, name
    shell.write(at.PARAMETER, 0xFFFFFF85)
    assert shell.read(at.PARAMETER) == 0xFFFFFF85
    shell.write(at.PARAMETER, 0x00007700, strobes=2)
    assert shell.read(at.PARAMETER) == 0xFFFFFF85, "another byte than that of the code"
    shell.write(at.PARAMETER + 4, 1)
    assert shell.read(at.PARAMETER + 4) == 0, "a parameter that the source does not have"
    shell.write(at.CONTROL, 0xFFFFFFFF & ~1)
    assert shell.read(at.CONTROL) == 0
    own = {register.name for register in SOURCE_REGISTERS}
    for register in REGISTERS:
        if register.name not in own:
            shell.write(register.offset, 0xFFFFFFFF)
            assert shell.read(register.offset) == 0, register.name


def test_the_stream_is_what_generate_gives() -> None:
    """The same samples as `bittrue noise generate --codes`, without end, with stalls; and the pace of the schedule."""
    shell, source = built("two rates"), two_rates()
    wanted = Wanted(source, 1, 40 * 16, 5, 3, {"H": 0.3}, 1.5)
    samples = generated(wanted, "ref", Options(), codes=True)[0]
    code = source.settings["H"][0].code(0.3)
    shell.settings(5, {"H": code}, 6144)
    shell.restart(3)
    shell.ask(0xFFFFFFFF)
    shell.run(until=len(samples))
    data, last, clocks = shell.received_at()
    assert np.array_equal(shell.unpack(data).reshape(-1), samples) and not last.any()
    pace = np.diff(clocks[::16])
    assert (pace[2:] == shell.plan.clocks).all(), pace
    shell.stalls(Stalls(seed=3, backpressure=0.6, burst=9))
    more = shell.waiting
    shell.run(until=more + 320)
    assert shell.read(at.STALLS) > 0
    words = len(shell.receive()[0]) + len(samples)
    assert shell.read(at.SAMPLES_OUT) >= words


def test_what_clamps_is_told() -> None:
    """Behind a gain of 8 samples saturate, at a hundredth none does; the layers' flags are the reference's."""
    shell = built("two rates")
    for gain, clamps in ((41, False), (GAIN.hi, True)):
        shell.settings(9, {"H": 0}, gain)
        shell.restart()
        shell.ask(16 * 8)
        shell.run(until=16 * 8)
        shell.receive()
        assert bool(shell.read(at.SOURCE) & CLAMPED) == clamps
        flags = shell.read(at.SATURATED)
        shell.write(at.SOURCE, CLAMPED)
        assert not shell.read(at.SOURCE) & CLAMPED
    assert flags & 0b10 and not flags >> len(two_rates().net.nodes), "the first layer clamps 8-bit noise"


def test_a_reset_takes_all_that_the_host_had_asked_for() -> None:
    shell = built("two rates")
    shell.settings(1, {"H": 0}, 4096)
    shell.restart()
    shell.script([Access(WRITE, at.COUNT, 1000), Access(WRITE, at.CONTROL, 1, wait=900)])
    shell.clock(3000)
    assert 0 < shell.waiting < 1000
    shell.receive()
    shell.clock(3000)
    assert shell.waiting == 0 and shell.read(at.SAMPLES_OUT) == 0
    assert shell.read(at.COUNT) == 1000, "what was written stays to be read"


def test_sources_that_the_registers_have_no_room_for() -> None:
    net = dense(17)
    inputs = {f"p{k}": Parameter(f"P{k}", 0, 1, 0, 0) for k in range(17)}
    plan = source_plan(Source(net, {"noise": Latent(0, "uniform", 1), **inputs}), 64)
    with pytest.raises(BadInput, match="has 17 parameters; a shell's registers have room for 16, leave some out"):
        source_words(plan)


def test_long_intervals_stand_in_a_register_of_their_own() -> None:
    words = source_words(replace(source_plan(two_rates(), 64), interval=1 << 24))
    assert words["INTERVAL"] == 1 << 24
    assert BY_NAME["SHAPE"].decode(words["SHAPE"])["interval"] == (1 << 24) - 1


def dense(count: int) -> Net:
    """A vector of noise beside so many of parameters, through a matrix."""
    q7 = Format.parse("Q1.7")
    names = ("noise", *(f"p{k}" for k in range(count)))
    nodes = (
        Node("all", Concat(), names),
        Node("out", Dense(np.ones((1, count + 1), np.int64), [0], q7, Format(16, 8), "linear"), ("all",)),
    )
    return Net("many", {name: TensorType((1,), q7) for name in names}, nodes)


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
def test_in_cocotb(simulator: str) -> None:
    """Driven by the bus master and the sink of cocotbext-axi."""
    pytest.importorskip("cocotbext.axi", reason="cocotbext-axi is not installed")
    try:
        runner.require(simulator)
    except BadInput as error:
        pytest.skip(str(error))
    cosimulate_source_shell(two_rates(), 64, simulator)
