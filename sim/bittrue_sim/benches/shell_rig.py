"""What every bench of a shell stands on: a bus master, a source, a sink, and watchers of their rules.

It runs inside the simulator. The nets in the banks lie in the job's folder, so benches compute what they expect.
"""

from __future__ import annotations

import itertools
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from bittrue import ref
from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, Stream
from bittrue.lower.load import LoadPlan
from bittrue.lower.registers import BY_NAME, HASH_WORDS, hash_words
from bittrue.lower.stream_shell import bank_count, end_layouts, is_framed, stream_bits
from bittrue.spec import Net, load
from bittrue.spec.store import content_hash

PERIOD = 10
HANDSHAKES = (
    *(f"s_axi_ctrl_{name}" for name in ("awready", "wready", "bvalid", "arready", "rvalid")),
    "s_axis_tready",
    "m_axis_tvalid",
)


@dataclass(frozen=True)
class Moved:
    """A word that moved on a stream: its value, its TLAST, and the clock."""

    word: int
    last: bool
    clock: int


class Rig:
    """A shell in a bench.

    `came` and `went` list the words that moved on s_axis and m_axis since the last reset.
    """

    def __init__(self, dut: Any) -> None:
        folder = Path(os.environ["BITTRUE_BENCH_JOB"])
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        self.dut, self.four_state = dut, job["four_state"]
        self.interval, self.samples, self.seed = job["interval"], job["samples"], job["seed"]
        self.nets = [load(folder / name) for name in job["banks"]]
        self.banks = [] if job["fixed"] else self.nets
        self.net: Net = self.nets[0]
        self.count = bank_count(len(self.banks))
        self.layouts = end_layouts(self.net, self.interval, bool(self.banks))
        self.framed = is_framed(self.layouts)
        if self.banks or not self.framed:
            self.plan = LoadPlan(self.net, self.interval, max(2, self.count))
        self.rng = np.random.default_rng(self.seed)
        self.came: list[Moved] = []
        self.went: list[Moved] = []
        self.flushing = False  # a soft reset may take back what is offered
        low = {"reset": dut.aresetn, "reset_active_level": False}
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi_ctrl"), dut.aclk, **low)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, **low)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, **low)
        for part in (self.source, self.sink, self.master.write_if, self.master.read_if):
            part.log.setLevel("WARNING")

    # -- clock and reset ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Run the clock, hold the reset for some clocks, and watch everything from then on."""
        self.dut.aresetn.value = 0
        Clock(self.dut.aclk, PERIOD, unit="ns").start()
        await ClockCycles(self.dut.aclk, 4)
        self.dut.aresetn.value = 1
        cocotb.start_soon(self._watch())
        await ClockCycles(self.dut.aclk, 2)

    async def hard_reset(self, x: Codes | None = None) -> None:
        """Pull ``aresetn`` for a while; samples ``x`` are offered as soon as it is over."""
        self.flushing = True
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, 5)
        self.source.clear()
        if x is not None:
            self.send(x)
        self.dut.aresetn.value = 1
        self.forget()
        await ClockCycles(self.dut.aclk, 2)
        self.flushing = False

    def forget(self) -> None:
        """Forget what has moved so far."""
        self.came.clear()
        self.went.clear()

    async def clocks(self, number: int) -> None:
        """Let clocks pass."""
        await ClockCycles(self.dut.aclk, number)

    def now(self) -> int:
        """The clock's number."""
        return int(get_sim_time("ns")) // PERIOD

    # -- registers ---------------------------------------------------------------------------------------------------

    async def read(self, name: str, word: int = 0) -> int:
        """A register."""
        found = await self.master.read(BY_NAME[name].offset + 4 * word, 4)
        assert int(found.resp) == 0, f"reading {name} ends in {found.resp!r}"
        return int.from_bytes(found.data, "little")

    async def field(self, name: str, field: str) -> int:
        """A field of a register."""
        return BY_NAME[name].field(field).decode(await self.read(name))

    async def write(self, name: str, value: int, word: int = 0) -> None:
        """Write a register and wait for the response."""
        done = await self.master.write(BY_NAME[name].offset + 4 * word, value.to_bytes(4, "little"))
        assert int(done.resp) == 0, f"writing {name} ends in {done.resp!r}"

    async def expect(self, name: str, value: int, word: int = 0) -> None:
        """A register has this value."""
        found = await self.read(name, word)
        assert found == value, f"{name} is 0x{found:08x}, 0x{value:08x} expected"

    async def load(self, net: Net, bank: int) -> int:
        """Load a net word by word, as a host does, and return the CRC that the words give."""
        crc, base = 0, bank << (self.plan.lane_bits + self.plan.word_bits)
        addresses, codes = self.plan.words(net)
        following = None
        for address, code in zip((addresses + base).tolist(), codes.tolist(), strict=True):
            word = code & ((1 << self.plan.data_bits) - 1)
            if address != following:
                await self.write("LOAD_ADDRESS", address)
            if self.plan.data_bits > 32:
                await self.write("LOAD_HIGH", word >> 32)
            await self.write("LOAD_DATA", word & 0xFFFFFFFF)
            crc = zlib.crc32(np.array([address, word & 0xFFFFFFFF, word >> 32], "<u4").tobytes(), crc)
            following = address + 1
        return crc

    async def restore(self) -> None:
        """Put the nets that the hardware was built with back into their banks: benches share one simulation."""
        await self.hard_reset()
        self.stall(Stalls())
        for bank in reversed(range(len(self.nets))):
            await self.write("BANK", 1 if bank == 0 else 0)
            await self.load(self.nets[bank], bank)
            for k, word in enumerate(hash_words(content_hash(self.nets[bank]))):
                await self.write("BANK_HASH", word, HASH_WORDS * bank + k)
        assert await self.field("STATUS", "refused") == 0, "a bank that nothing uses could not be loaded"

    # -- streams -----------------------------------------------------------------------------------------------------

    def draw(self, number: int) -> Codes:
        """Random input codes over the full range."""
        fmt = self.net.input.format
        return self.rng.integers(fmt.lo, fmt.hi, (number, *self.net.input.shape), endpoint=True)

    def bytes_of(self, x: Codes) -> bytes:
        """The bytes of samples on s_axis: zeros above the last element."""
        words = Stream("s_axis", self.net.input, self.layouts[0]).pack(x)
        wide = np.zeros((len(words), stream_bits(self.net.input, self.layouts[0]) // 8), np.uint8)
        wide[:, : words.shape[1]] = words
        return wide.tobytes()

    def send(self, x: Codes, keep: list[int] | None = None) -> None:
        """Queue a transfer: samples with TLAST on the last one; of frames, one each."""
        if self.framed:
            for frame in x:
                self.source.send_nowait(AxiStreamFrame(self.bytes_of(frame[np.newaxis])))
            return
        self.source.send_nowait(AxiStreamFrame(self.bytes_of(x), keep))

    def traffic(self) -> Traffic:
        """Send transfers until told to stop."""
        return Traffic(self)

    async def received(self, number: int) -> None:
        """Wait until so many words have gone out, then a little longer: no more may follow."""
        await self.received_some(number)
        await self.clocks(self.interval + 10)
        assert len(self.went) == number, f"{len(self.went)} words came out, {number} expected"

    async def received_some(self, number: int) -> None:
        """Wait until at least so many words have gone out."""
        patience = 50 * self.interval + 500
        seen, waited = -1, 0
        while len(self.went) < number:
            waited = 0 if len(self.went) != seen else waited + 10
            seen = len(self.went)
            assert waited < patience, f"{seen} of {number} words came out, {len(self.came)} went in, then nothing moved"
            await self.clocks(10)

    def outputs(self, moved: list[Moved] | None = None) -> Codes:
        """Codes of the words that went out."""
        size = stream_bits(self.net.output, self.layouts[1]) // 8
        words = [m.word.to_bytes(size, "little") for m in (self.went if moved is None else moved)]
        stream = Stream("m_axis", self.net.output, self.layouts[1])
        found = np.frombuffer(b"".join(words), np.uint8).reshape(-1, size)
        assert not found[:, stream.bits // 8 :].any(), "bits of m_axis_tdata above the sample are not zero"
        return stream.unpack(found[:, : stream.bits // 8])

    def lasts(self) -> list[int]:
        """Positions of the words that went out with TLAST."""
        return [k for k, moved in enumerate(self.went) if moved.last]

    def stall(self, stalls: Stalls, bus: float = 0.0) -> None:
        """Stall the source, the sink and every channel of the bus master at random."""
        write, read = self.master.write_if, self.master.read_if
        channels = (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel)
        parts = [
            (self.source, stalls.idle),
            (self.sink, stalls.backpressure),
            *((channel, bus) for channel in channels),
        ]
        for k, (part, probability) in enumerate(parts):
            part.set_pause_generator(_pauses(stalls, probability, f"part {k}"))
            part.pause = False  # a pattern leaves the last of its decisions behind

    def check(self, x: Codes, net: Net | None = None) -> None:
        """Everything that went out is what the reference gives."""
        found, wanted = self.outputs(), ref.run(net or self.net, x)
        assert len(found) == len(wanted), f"{len(found)} samples came out, {len(wanted)} expected"
        wrong = np.argwhere((found != wanted).reshape(len(found), -1).any(axis=1)).ravel()
        assert not wrong.size, f"sample {wrong[0]} is {found[wrong[0]]}, {wanted[wrong[0]]} expected"

    async def _watch(self) -> None:
        """Note every word that moves; fail on X, on a broken stream rule, and on a TKEEP that is not all ones."""
        dut, edge = self.dut, RisingEdge(self.dut.aclk)
        handshakes = [getattr(dut, name) for name in HANDSHAKES] if self.four_state else []
        held: Moved | None = None
        for clock in itertools.count():
            await edge
            for signal in handshakes:
                assert signal.value.is_resolvable, f"{signal._name} is {signal.value} in clock {clock}"
            if dut.s_axis_tvalid.value == 1 and dut.s_axis_tready.value == 1:
                self.came.append(Moved(int(dut.s_axis_tdata.value), dut.s_axis_tlast.value == 1, self.now()))
            if self.flushing:
                held = None
            if dut.m_axis_tvalid.value == 1:
                moved = Moved(int(dut.m_axis_tdata.value), dut.m_axis_tlast.value == 1, self.now())
                assert int(dut.m_axis_tkeep.value) + 1 == 1 << len(dut.m_axis_tkeep), "m_axis_tkeep has zeros"
                same = held is None or (held.word, held.last) == (moved.word, moved.last)
                assert same, f"m_axis changed in clock {clock} while tready was low"
                held = moved
                if dut.m_axis_tready.value == 1:
                    self.went.append(moved)
                    held = None
            else:
                assert held is None, f"m_axis_tvalid fell in clock {clock} while tready was low"


class Traffic:
    """Transfers of a few samples, one after another without an end."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.more = rig, True
        self.parts: list[Codes] = []
        self.task = cocotb.start_soon(self._run())

    async def _run(self) -> None:
        while self.more:
            while self.rig.source.count() < 2:
                self.parts.append(self.rig.draw(int(self.rig.rng.integers(1, 9))))
                self.rig.send(self.parts[-1])
            await self.rig.clocks(self.rig.interval)

    async def stop(self) -> Codes:
        """Send no more, wait until all has come out, and return all that was sent."""
        self.more = False
        await self.task
        x = np.concatenate(self.parts)
        await self.rig.received(len(x))
        return x


def _pauses(stalls: Stalls, probability: float, name: str) -> Iterator[bool] | None:
    return (not go for go in stalls.pattern(probability, name)) if probability else None
