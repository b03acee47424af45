"""The cocotb bench of any module with AXI streams: drives, watches the stream rules, compares every word.

It runs inside the simulator; `bittrue_sim.cosimulate` writes its job and reads its report. It waits for events (tvalid
or tready rising) rather than for clocks wherever nothing can happen in between: with Verilator that is four times as
fast.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.handle import LogicArrayObject, LogicObject
from cocotb.simtime import get_sim_time
from cocotb.triggers import ClockCycles, Event, RisingEdge
from cocotb.types import LogicArray

from bittrue.cosim.stalls import Stalls

PERIOD = 10
QUIET = 64
"""Clocks, besides the time of two words, for which nothing may follow the last word."""


class Bench:
    """What the streams of one run share: the clock, the job, how much has moved and how much is to come."""

    def __init__(self, dut: Any, job: dict[str, Any]) -> None:
        self.clk: LogicObject = dut.clk
        self.four_state: bool = job["four_state"]
        self.stalls = Stalls(**job["stalls"])
        self.random = random.Random(self.stalls.seed)
        self.moved = 0
        self.open = 0
        self.done = Event()

    def finished(self) -> None:
        """One stream has moved all its words."""
        self.open -= 1
        if not self.open:
            self.done.set()


class Port:
    """One stream of the module: its signals and all its words in order, as unsigned integers."""

    def __init__(self, dut: Any, bench: Bench, about: dict[str, Any], folder: Path) -> None:
        self.bench, self.name = bench, about["name"]
        self.bits: int = about["bits"]
        self.element_bits: int = about["element_bits"]
        self.places: list[str] = about["places"]
        self.endless: bool = about["endless"]
        self.data: LogicArrayObject = getattr(dut, f"{self.name}_tdata")
        self.valid: LogicObject = getattr(dut, f"{self.name}_tvalid")
        self.words, self.masks = (
            [int.from_bytes(row.tobytes(), "little") for row in np.load(folder / f"{self.name}{part}.npy")]
            for part in ("", "_mask")
        )
        self.count: int = 0
        bench.open += 1

    def pattern(self, probability: float) -> Iterator[bool] | None:
        """Stall decisions, or None where the stream never stalls."""
        return self.bench.stalls.pattern(probability, self.name) if probability else None

    async def run(self) -> None:
        """Move all words."""
        raise NotImplementedError

    def read(self) -> int:
        """The word on tdata; fails on X and Z."""
        value = self.data.value
        if self.bench.four_state and not value.is_resolvable:
            raise AssertionError(f"{self.name}_tdata is {value} while tvalid is high, at word {self.count}")
        return int(value)

    def check(self, word: int) -> None:
        """Compare the next word with what is expected; what comes for ever is that of every sample."""
        if self.count >= len(self.words) and not self.endless:
            raise AssertionError(f"{self.name} gave word {self.count} of {len(self.words)}: one too many")
        word &= self.masks[self.count % len(self.masks)]
        if word != self.expected:
            raise AssertionError(self.difference(word))
        self.count += 1
        self.bench.moved += self.count <= len(self.words)
        if self.count == len(self.words):
            self.bench.finished()

    @property
    def expected(self) -> int:
        """The next word."""
        return self.words[self.count % len(self.words)]

    def difference(self, word: int) -> str:
        """Say where ``word`` first differs from the expected one."""
        mask, expected = (1 << self.element_bits) - 1, self.expected
        pairs = [((word >> k) & mask, (expected >> k) & mask) for k in range(0, self.bits, self.element_bits)]
        lane, (got, wanted) = next((k, pair) for k, pair in enumerate(pairs) if pair[0] != pair[1])
        digits = self.element_bits // 4
        sample, beat = divmod(self.count, len(self.places))
        where = ", ".join(filter(None, (f"sample {sample}", self.places[beat])))
        return (
            f"{self.name.removeprefix('tap_')}: {where}, lane {lane} is 0x{got:0{digits}x} "
            f"({self.signed(got)}), expected 0x{wanted:0{digits}x} ({self.signed(wanted)})"
        )

    def signed(self, element: int) -> int:
        return element - ((element >> (self.element_bits - 1)) << self.element_bits)


class Source(Port):
    """Offers the words of an input; a word once offered stays until it is taken."""

    def __init__(self, dut: Any, bench: Bench, about: dict[str, Any], folder: Path) -> None:
        super().__init__(dut, bench, about, folder)
        self.ready: LogicObject = getattr(dut, f"{self.name}_tready")

    def withdraw(self) -> None:
        """tvalid low, and on tdata what nobody may look at: X where the simulator has it, random bits elsewhere."""
        self.valid.value = 0
        unknown = LogicArray("X" * self.bits) if self.bench.four_state else self.bench.random.getrandbits(self.bits)
        self.data.value = unknown

    async def run(self) -> None:
        clock, pattern = RisingEdge(self.bench.clk), self.pattern(self.bench.stalls.idle)
        accepting = RisingEdge(self.ready)
        for word in self.words:
            if pattern is not None and not next(pattern):
                self.withdraw()
                await clock
                while not next(pattern):
                    await clock
            self.data.value = word
            self.valid.value = 1
            await clock
            while self.ready.value != 1:
                await accepting
                await clock
            self.count += 1
            self.bench.moved += 1
        self.withdraw()
        self.bench.finished()


class Sink(Port):
    """Takes and compares the words of an output, and sees to it that an offered word stays as it is."""

    def __init__(self, dut: Any, bench: Bench, about: dict[str, Any], folder: Path) -> None:
        super().__init__(dut, bench, about, folder)
        self.ready: LogicObject = getattr(dut, f"{self.name}_tready")

    async def run(self) -> None:
        clock, offer = RisingEdge(self.bench.clk), RisingEdge(self.valid)
        pattern = self.pattern(self.bench.stalls.backpressure)
        self.ready.value = 1
        held: int | None = None
        while True:
            go = pattern is None or next(pattern)
            if pattern is not None:
                self.ready.value = int(go)
            await clock
            if self.valid.value == 1:
                word = self.read()
                if held is not None and word != held:
                    raise AssertionError(f"{self.name}_tdata changed at word {self.count} while tready was low")
                held = None if go else word
                if go:
                    self.check(word)
            elif held is not None:
                raise AssertionError(f"{self.name}_tvalid fell at word {self.count} while tready was low")
            elif pattern is None:
                await offer


class Tap(Port):
    """Compares the words of a probe: one for every clock that its tvalid is high."""

    async def run(self) -> None:
        clock, offer = RisingEdge(self.bench.clk), RisingEdge(self.valid)
        while True:
            await clock
            if self.valid.value == 1:
                self.check(self.read())
            else:
                await offer


async def watch_controls(bench: Bench, signals: list[LogicObject]) -> None:
    """Fail as soon as a tvalid or tready is X or Z."""
    clock = RisingEdge(bench.clk)
    while True:
        await clock
        for signal in signals:
            if not signal.value.is_resolvable:
                raise AssertionError(f"{signal._name} is {signal.value} after reset")


async def watch_progress(bench: Bench, ports: list[Port], patience: int) -> None:
    """Fail where nothing moves for ``patience`` clocks although words are missing."""
    seen = -1
    while bench.moved != seen or not bench.open:
        seen = bench.moved
        await ClockCycles(bench.clk, patience)
    counts = ", ".join(f"{port.name} {port.count} of {len(port.words)}" for port in ports)
    raise AssertionError(f"nothing moved for {patience} clocks; moved: {counts}")


@cocotb.test()
async def every_word_agrees(dut: Any) -> None:
    """Feed all inputs, compare all outputs and taps, and report what it took."""
    folder = Path(os.environ["BITTRUE_BENCH_JOB"])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    bench = Bench(dut, job)
    sources = [Source(dut, bench, about, folder) for about in job["inputs"]]
    sinks = [Sink(dut, bench, about, folder) for about in job["outputs"]]
    taps = [Tap(dut, bench, about, folder) for about in job["taps"]]
    ports: list[Port] = [*sources, *sinks, *taps]

    started = time.perf_counter()
    for source in sources:
        source.withdraw()
    for sink in sinks:
        sink.ready.value = 0
    dut.rst.value = 1
    Clock(dut.clk, PERIOD, unit="ns").start()
    await ClockCycles(dut.clk, 4)
    dut.rst.value = 0
    begin = get_sim_time("ns")

    for port in ports:
        cocotb.start_soon(port.run())
    if bench.four_state:
        controls = [s for port in ports for s in (port.valid, getattr(port, "ready", None)) if s is not None]
        cocotb.start_soon(watch_controls(bench, controls))
    cocotb.start_soon(watch_progress(bench, ports, job["patience"]))
    await bench.done.wait()
    cycles = int((get_sim_time("ns") - begin) // PERIOD)
    await ClockCycles(dut.clk, QUIET + 2 * cycles // min(len(port.words) for port in ports))
    report = {
        "words": sum(len(port.words) for port in (*sinks, *taps)),
        "cycles": cycles,
        "seconds": time.perf_counter() - started,
    }
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
