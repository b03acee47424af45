"""The cocotb bench of a source's shell, driven by cocotbext-axi; `bittrue_sim.source_shell_cosimulate` writes its job.

It runs inside the simulator. The source lies in the job's folder, so the bench computes what it expects.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiStreamBus, AxiStreamSink

from bittrue.cosim.stalls import Stalls
from bittrue.cosim.streams import Codes, Stream
from bittrue.lower.registers import BY_NAME
from bittrue.lower.source import source_plan
from bittrue.lower.source_shell import source_stream_bits, source_words
from bittrue.ref.source import run_source
from bittrue.spec import source_store

PERIOD, PATIENCE = 10, 200_000
ROUGH = Stalls(seed=3, backpressure=0.5, burst=7)


class SourceRig:
    """A source's shell in a bench."""

    def __init__(self, dut: Any) -> None:
        folder = Path(os.environ["BITTRUE_BENCH_JOB"])
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        self.dut, self.rng = dut, np.random.default_rng(job["seed"])
        self.source = source_store.load(folder / "source")
        self.plan = source_plan(self.source, job["interval"])
        self.stream = Stream("m_axis", self.source.net.output, self.plan.output)
        self.words, self.size = self.stream.transfers, source_stream_bits(self.plan) // 8
        low = {"reset": dut.aresetn, "reset_active_level": False}
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi_ctrl"), dut.aclk, **low)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, **low)
        for part in (self.sink, self.master.write_if, self.master.read_if):
            part.log.setLevel("WARNING")

    async def start(self) -> None:
        """Run the clock, and hold the reset for some clocks."""
        self.dut.aresetn.value = 0
        Clock(self.dut.aclk, PERIOD, unit="ns").start()
        await ClockCycles(self.dut.aclk, 4)
        self.dut.aresetn.value = 1
        await ClockCycles(self.dut.aclk, 2)

    def stall(self, stalls: Stalls) -> None:
        """Draw back-pressure from now on."""
        rng = np.random.default_rng(stalls.seed)
        runs = (rng.random() < stalls.backpressure for _ in itertools.count())
        pauses = (run for run in runs for _ in range(int(rng.integers(1, stalls.burst + 1))))
        self.sink.set_pause_generator(pauses)

    async def read(self, name: str, word: int = 0) -> int:
        """A register."""
        found = await self.master.read(BY_NAME[name].offset + 4 * word, 4)
        assert int(found.resp) == 0, f"reading {name} ends in {found.resp!r}"
        return int.from_bytes(found.data, "little")

    async def write(self, name: str, value: int, word: int = 0) -> None:
        """Write a register and wait for the response."""
        data = (value & 0xFFFFFFFF).to_bytes(4, "little")
        done = await self.master.write(BY_NAME[name].offset + 4 * word, data)
        assert int(done.resp) == 0, f"writing {name} ends in {done.resp!r}"

    async def settings(self) -> dict[str, Any]:
        """Draw settings over their whole range and write them: arguments of `run_source`."""
        seed = int(self.rng.integers(1 << 63))
        gain = int(self.rng.integers(-9000, 9000))
        codes = {
            name: int(self.rng.integers(given.low, given.high + 1)) for name, (given, _) in self.source.settings.items()
        }
        for name, value in (("SEED_LOW", seed), ("SEED_HIGH", seed >> 32), ("GAIN", gain & 0xFFFF)):
            await self.write(name, value)
        for k, code in enumerate(codes.values()):
            await self.write("PARAMETER", code, k)
        return {"seed": seed, "settings": codes, "gain": gain}

    async def packet(self, words: int) -> bytes:
        """Ask for so many words, and wait for the TLAST that ends them."""
        await self.write("COUNT", words)
        frame = await with_timeout(self.sink.recv(), PATIENCE * PERIOD, "ns")
        assert len(frame.tdata) == words * self.size, f"{len(frame.tdata)} bytes came before TLAST"
        return bytes(frame.tdata)

    def expected(self, first: int, words: int, settings: dict[str, Any]) -> Codes:
        """Bytes ``(words, size)`` of the signal from a word on, and which of them count."""
        frame, end = first // self.words, first + words
        numbers = np.arange(frame, -(-end // self.words))
        made = self.stream.pack(run_source(self.source, numbers=numbers, **settings))
        return np.asarray(made[first - frame * self.words : end - frame * self.words], np.int64)

    def check(self, data: bytes, first: int, settings: dict[str, Any]) -> None:
        """Words are those of the reference from a word of the signal on."""
        found = np.frombuffer(data, np.uint8).reshape(-1, self.size)
        if not len(found):
            return
        wanted = self.expected(first, len(found), settings)
        mask = self.stream.mask[(first + np.arange(len(found))) % self.words]
        wrong = ((found[:, : wanted.shape[1]] ^ wanted) & mask).any(axis=1)
        assert not wrong.any(), f"word {first + int(np.argmax(wrong))} differs from the reference"


@cocotb.test()
async def signal(dut: Any) -> None:
    """What was built; a signal in pieces, with stalls; other settings at a border; a reset in the middle."""
    rig = SourceRig(dut)
    await rig.start()
    for name, value in source_words(rig.plan).items():
        assert await rig.read(name) == value, name
    first = await rig.settings()
    await rig.write("START", 5)
    await rig.write("CONTROL", BY_NAME["CONTROL"].encode(reset=1))
    place, short = 5 * rig.words, 2 * rig.words + 1
    rig.check(await rig.packet(short), place, first)
    rig.stall(ROUGH)
    second = await rig.settings()
    await rig.write("SOURCE", BY_NAME["SOURCE"].encode(apply=1))
    border = -(-(place + short) // rig.words) * rig.words
    data = await rig.packet(2 * rig.words + 2)
    split = (border - place - short) * rig.size
    rig.check(data[:split], place + short, first)
    rig.check(data[split:], border, second)
    assert await rig.read("FRAME") == border // rig.words
    assert await rig.read("SAMPLES_OUT") == short + 2 * rig.words + 2
    await rig.write("PACKET", 1)  # so that the sink holds no part of a packet when the reset comes
    await rig.write("COUNT", 0xFFFFFFFF)
    await ClockCycles(dut.aclk, 300)
    await rig.write("CONTROL", BY_NAME["CONTROL"].encode(reset=1))
    await ClockCycles(dut.aclk, 50)
    rig.sink.clear()
    await rig.write("PACKET", 0)
    rig.check(await rig.packet(rig.words), 5 * rig.words, second)
