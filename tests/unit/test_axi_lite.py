"""The AXI4-Lite slave in Amaranth's simulator: any order of channels, strobes, slow hosts, one answer a request."""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("amaranth", reason="amaranth is not installed")

from amaranth.hdl import Module
from amaranth.sim import Simulator

from bittrue.lower.registers import Field, Register
from bittrue_rtl.axi_lite import AxiLiteSlave
from bittrue_rtl.registers import RegisterFile, connect

ANSWER = 6
WORD = (Field("value", 0, 32, "rw", "a word"),)
MAP = (
    Register("FIRST", 0x00, "a word", WORD),
    Register(
        "PARTS", 0x04, "parts", (Field("low", 4, 8, "rw", "a part", 0x5A), Field("do", 16, 2, "pulse", "a pulse"))
    ),
    Register("FIXED", 0x08, "a constant", (Field("value", 0, 32, "ro", "a word", None),)),
    Register("FLAGS", 0x0C, "flags", (Field("flags", 0, 4, "w1c", "flags"),), soft=True),
    Register("UP", 0x10, "a counter", (Field("value", 0, 32, "count", "a counter"),), effect=True),
    Register("LAST", 0x1C, "a word", WORD),
)


class Bench:
    """A slave and registers in a simulator, with a host whose channels act on their own."""

    def __init__(self) -> None:
        self.slave = AxiLiteSlave(8, ANSWER)
        self.registers = RegisterFile(MAP, 8, {"FIXED": 0x12345678}, {})
        self.simulator = Simulator(self._module())
        self.simulator.add_clock(1e-8)
        self.strobes = 0

    def _module(self) -> Module:
        m = Module()
        m.submodules.slave, m.submodules.registers = self.slave, self.registers
        connect(m, self.slave, self.registers)
        return m

    async def offer(self, ctx: Any, channel: str, values: dict[str, int], wait: int) -> None:
        """Offer something on a channel after some clocks, until it is taken."""
        for _ in range(wait):
            await ctx.tick()
        for name, value in values.items():
            ctx.set(getattr(self.slave, name), value)
        ctx.set(getattr(self.slave, f"{channel}valid"), 1)
        ready = False
        while not ready:
            ready = ctx.get(getattr(self.slave, f"{channel}ready"))
            await ctx.tick()
        ctx.set(getattr(self.slave, f"{channel}valid"), 0)
        for name in values:
            ctx.set(getattr(self.slave, name), -1)

    async def take(self, ctx: Any, channel: str, wait: int) -> int:
        """Take an answer after some clocks; it stays as it is in between."""
        slave = self.slave
        while not ctx.get(getattr(slave, f"{channel}valid")):
            await ctx.tick()
        word = ctx.get(slave.rdata)
        for _ in range(wait):
            await ctx.tick()
            assert ctx.get(getattr(slave, f"{channel}valid")), "the answer was taken back"
            assert channel == "b" or ctx.get(slave.rdata) == word, "the answer has changed"
        ctx.set(getattr(slave, f"{channel}ready"), 1)
        await ctx.tick()
        ctx.set(getattr(slave, f"{channel}ready"), 0)
        assert not ctx.get(getattr(slave, f"{channel}valid")), "one request was answered twice"
        return int(word)

    async def read(self, ctx: Any, address: int, wait: int = 0) -> int:
        await self.offer(ctx, "ar", {"araddr": address}, 0)
        return await self.take(ctx, "r", wait)

    async def write(self, ctx: Any, address: int, data: int, strobes: int = 15, order: int = 0) -> None:
        """``order``: the data come so many clocks after the address; negative: before it."""
        first = ("aw", {"awaddr": address}, 0), ("w", {"wdata": data, "wstrb": strobes}, abs(order))
        if order < 0:
            first = ("w", {"wdata": data, "wstrb": strobes}, 0), ("aw", {"awaddr": address}, abs(order))
        for channel in first:
            await self.offer(ctx, *channel)
        await self.take(ctx, "b", 0)

    def run(self, bench: Any) -> None:
        self.simulator.add_testbench(bench)
        self.simulator.run()


@pytest.mark.parametrize("order", [-9, -1, 0, 1, 9])
def test_data_come_before_or_after_their_address(order: int) -> None:
    bench = Bench()

    async def host(ctx: Any) -> None:
        for k in range(4):
            await bench.write(ctx, 0x1C, 0x1000 + k, order=order)
            assert await bench.read(ctx, 0x1C, wait=k) == 0x1000 + k

    bench.run(host)


def test_accesses_of_every_kind() -> None:
    bench = Bench()

    async def host(ctx: Any) -> None:
        registers = bench.registers
        await bench.write(ctx, 0x00, 0xAABBCCDD)
        await bench.write(ctx, 0x03, 0x11223344, 0b0110)  # the lowest address bits do not count
        await bench.write(ctx, 0x00, 0xFFFFFFFF, 0)
        assert await bench.read(ctx, 0x01) == 0xAA2233DD
        assert await bench.read(ctx, 0x04) == 0x5A0
        await bench.write(ctx, 0x04, 0xFFFFFFFF)
        assert await bench.read(ctx, 0x04) == 0xFF0
        await bench.write(ctx, 0x08, 0)
        assert await bench.read(ctx, 0x08) == 0x12345678
        await bench.write(ctx, 0x20, 7)
        for address in (0x14, 0x18, 0x20, 0x40, 0x80, 0x84, 0xFC):
            assert await bench.read(ctx, address) == 0
        ctx.set(registers.flags_flags, 0b1011)
        await ctx.tick()
        ctx.set(registers.flags_flags, 0)
        await bench.write(ctx, 0x0C, 0b0110)
        assert await bench.read(ctx, 0x0C) == 0b1001
        ctx.set(registers.flags_flags, 0b0100)
        ctx.set(registers.soft, 1)
        await ctx.tick()
        ctx.set(registers.soft, 0)
        ctx.set(registers.flags_flags, 0)
        assert await bench.read(ctx, 0x0C) == 0
        assert await bench.read(ctx, 0x00) == 0xAA2233DD, "the soft reset touched a register that is not marked"
        await bench.write(ctx, 0x10, 0xFFFFFFFE)
        ctx.set(registers.up_value_up, 1)
        await ctx.tick().repeat(3)
        ctx.set(registers.up_value_up, 0)
        assert await bench.read(ctx, 0x10) == 1

    bench.run(host)


def test_pulses_and_strobes_come_once_a_write_and_before_its_answer() -> None:
    bench = Bench()
    pulses, strobes = [], []

    async def watch(ctx: Any) -> None:
        async for *_, pulse, strobe in ctx.tick().sample(bench.registers.parts_do, bench.registers.up_written):
            pulses.append(pulse)
            strobes.append(strobe)

    async def host(ctx: Any) -> None:
        for k in range(1, 4):
            await bench.write(ctx, 0x04, k << 16)
            assert [p for p in pulses if p] == list(range(1, k + 1))
            await bench.write(ctx, 0x10, k)
            assert sum(strobes) == k
        await bench.write(ctx, 0x10, 9, 0)
        assert sum(strobes) == 3, "a write without a byte has an effect"

    bench.simulator.add_process(watch)
    bench.run(host)


def test_channels_that_act_on_their_own_lose_and_invent_nothing() -> None:
    """Reads go on while a write's answer is not taken, and the other way round; all in their own order."""
    bench, draw = Bench(), random.Random(3)
    words = [(draw.choice([0x00, 0x1C]), draw.getrandbits(32), draw.getrandbits(4)) for _ in range(60)]
    answers: list[int] = []
    taken: list[int] = []

    async def address(ctx: Any) -> None:
        for at, _, _ in words:
            await bench.offer(ctx, "aw", {"awaddr": at}, draw.choice([0, 0, 3, 20]))

    async def data(ctx: Any) -> None:
        for _, word, strobes in words:
            await bench.offer(ctx, "w", {"wdata": word, "wstrb": strobes}, draw.choice([0, 0, 3, 20]))

    async def answer(ctx: Any) -> None:
        held = {0x00: 0, 0x1C: 0}
        for at, word, strobes in words:
            mask = sum(0xFF << (8 * k) for k in range(4) if strobes >> k & 1)
            await bench.take(ctx, "b", draw.choice([0, 1, 30]))
            held[at] = (held[at] & ~mask) | (word & mask)
            answers.append(ctx.get(bench.registers.first_value) == held[0x00])

    async def reads(ctx: Any) -> None:
        for k in range(40):
            await bench.offer(ctx, "ar", {"araddr": 0x08 if k % 2 else 0x14}, draw.choice([0, 3]))

    async def read_answers(ctx: Any) -> None:
        for _ in range(40):
            taken.append(await bench.take(ctx, "r", draw.choice([0, 1, 30])))

    for part in (address, data, answer, reads, read_answers):
        bench.simulator.add_testbench(part)
    bench.simulator.run()
    assert len(answers) == 60
    assert taken == [0, 0x12345678] * 20


def test_an_answer_comes_so_many_clocks_after_its_write() -> None:
    """By then all that a write does is done, so it is visible to any read that follows."""
    bench = Bench()
    writes, answers = [], []

    async def watch(ctx: Any) -> None:
        clock = 0
        async for *_, write, answer in ctx.tick().sample(bench.slave.write, bench.slave.bvalid):
            clock += 1
            writes.extend([clock] * write)
            answers.extend([clock] * (answer and len(answers) < len(writes)))

    async def host(ctx: Any) -> None:
        for k in range(3):
            await bench.write(ctx, 0x00, k)

    bench.simulator.add_process(watch)
    bench.run(host)
    assert [answer - write for write, answer in zip(writes, answers, strict=True)] == [ANSWER + 1] * 3


def test_nothing_is_offered_or_taken_in_reset() -> None:
    bench = Bench()

    async def host(ctx: Any) -> None:
        for name in ("awready", "wready", "bvalid", "arready", "rvalid"):
            assert not ctx.get(getattr(bench.slave, name))

    bench.run(host)
