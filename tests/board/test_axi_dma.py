"""The behavioural AXI DMA against what its product guide says of direct mode, around a queue that passes words on."""

from __future__ import annotations

import numpy as np
import pytest
from shell_stand_in import VERILOG

from bittrue.cosim.shell_bench import ShellBench
from bittrue.lower.sources import Sources
from bittrue_sim.virtual_board.axi_dma import CROSSING, AxiDma
from bittrue_sim.virtual_board.faults import Faults
from bittrue_sim.virtual_board.memory import Memory

HALTED, IDLE, INTERNAL, SLAVE, DECODE, IOC, ERR = 1, 2, 0x10, 0x20, 0x40, 0x1000, 0x4000
SEND, RECEIVE = 0x00, 0x30
DEPTH = 4
"""Words that the core holds."""


class Bench:
    def __init__(self) -> None:
        self.memory = Memory()
        self.core = ShellBench(Sources(VERILOG), "stand_in_shell")
        self.dma = AxiDma(self.memory, self.core, Faults(), length_bits=14, widths=(32, 32))
        self.source, self.sink = (self.memory.allocate(4096, cached=False) for _ in range(2))
        self.source.ddr[:] = np.random.default_rng(1).integers(0, 256, 4096)

    def start(self) -> None:
        for channel in (SEND, RECEIVE):
            self.dma.write(channel, 1)

    def transfer(self, channel: int, address: int, length: int) -> None:
        self.dma.write(channel + 0x18, address & 0xFFFFFFFF)
        self.dma.write(channel + 0x1C, address >> 32)
        self.dma.write(channel + 0x28, length)

    def send(self, length: int, start: int = 0) -> None:
        self.transfer(SEND, self.source.address + start, length)

    def receive(self, length: int) -> None:
        self.transfer(RECEIVE, self.sink.address, length)

    def status(self, channel: int) -> int:
        return self.dma.read(channel + 4)


@pytest.fixture
def bench():
    return Bench()


def test_a_channel_is_halted_until_it_is_started_and_idle_after_its_first_transfer(bench):
    assert bench.status(SEND) == bench.status(RECEIVE) == HALTED
    bench.send(40)
    assert bench.dma.read(0x28) == 0  # a length does nothing while it is halted
    bench.start()
    assert bench.status(SEND) == bench.status(RECEIVE) == 0
    bench.receive(40)
    bench.send(40)
    for _ in range(5):
        bench.status(SEND)
    assert bench.status(SEND) == bench.status(RECEIVE) == IDLE | IOC
    bench.dma.write(SEND + 4, IOC)
    assert bench.status(SEND) == IDLE
    bench.dma.write(SEND, 0)
    assert bench.status(SEND) & HALTED


def test_bytes_arrive_where_they_should_and_nowhere_else(bench):
    bench.start()
    bench.receive(400)
    bench.send(400, start=8)
    while not bench.status(RECEIVE) & IDLE:
        pass
    np.testing.assert_array_equal(bench.sink.ddr[:400], bench.source.ddr[8:408])
    assert not bench.sink.ddr[400:].any()
    assert bench.dma.read(RECEIVE + 0x28) == 400


def test_the_length_register_tells_how_many_bytes_came(bench):
    bench.start()
    bench.receive(4000)
    bench.send(100)
    while not bench.status(RECEIVE) & IDLE:
        pass
    assert bench.dma.read(RECEIVE + 0x28) == 100


def test_a_length_that_is_no_whole_word_has_a_tkeep(bench):
    bench.start()
    bench.receive(12)
    bench.send(10)
    while not bench.status(RECEIVE) & IDLE:
        pass
    assert bench.core.read(16) == 1  # the stand-in counts such words


def test_a_packet_longer_than_the_buffer_is_an_internal_error(bench):
    bench.start()
    bench.receive(40)
    bench.send(80)
    for _ in range(5):
        bench.status(RECEIVE)
    assert bench.status(RECEIVE) == INTERNAL | HALTED | ERR
    assert not bench.sink.ddr[40:].any()


def test_the_core_gives_what_the_crossing_holds_while_nobody_receives(bench):
    bench.start()
    bench.send(400)
    for _ in range(5):
        bench.status(SEND)
    assert bench.core.sent == DEPTH + CROSSING and not bench.status(SEND) & IDLE
    bench.receive(400)
    while not bench.status(RECEIVE) & IDLE:
        pass
    np.testing.assert_array_equal(bench.sink.ddr[:400], bench.source.ddr[:400])


@pytest.mark.parametrize(
    ("address", "length", "error"),
    [
        (0x1FFF_FFF8, 64, DECODE),  # over the end of memory
        (0x1_0000_0000, 4, DECODE),  # the upper half of an address counts
        (0x0800_0000, 4, SLAVE),  # no buffer there
        (0x1000_0000 + 4092, 8, SLAVE),  # over the end of a buffer
        (0x1000_0002, 4, INTERNAL),  # not aligned
        (0x1000_0000, 0, INTERNAL),
        (0x1000_0000, 1 << 14, INTERNAL),  # a length beyond its register wraps to 0
    ],
)
@pytest.mark.parametrize("channel", [SEND, RECEIVE])
def test_a_wrong_transfer_ends_in_its_error_and_halts_until_a_reset(bench, channel, address, length, error):
    bench.start()
    bench.transfer(channel, address, length)
    assert bench.status(channel) == error | HALTED | ERR
    bench.dma.write(channel, 1)
    assert bench.status(channel) & HALTED
    bench.dma.write(SEND, 4)
    assert bench.status(channel) == HALTED and not bench.dma.read(SEND) & 4
    bench.start()
    bench.receive(40)
    bench.send(40)
    while not bench.status(RECEIVE) & IDLE:
        pass
    np.testing.assert_array_equal(bench.sink.ddr[:40], bench.source.ddr[:40])


def test_a_buffer_freed_during_a_transfer_is_an_error(bench):
    bench.start()
    bench.receive(40)
    bench.memory.return_pointer(bench.sink)
    bench.send(40)
    for _ in range(5):
        bench.status(RECEIVE)
    assert bench.status(RECEIVE) & SLAVE


def test_a_reset_drops_the_words_that_the_dma_holds(bench):
    bench.start()
    bench.send(400)
    bench.status(SEND)
    bench.dma.write(RECEIVE, 4)  # either channel's bit resets both
    assert bench.status(SEND) == HALTED
    assert bench.core.unsent == 0 and bench.core.sent == DEPTH + CROSSING
    assert bench.core.waiting == 0  # those that the crossing held, too
