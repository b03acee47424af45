"""The AXI DMA in direct register mode, behavioural: registers, lengths, error bits, idle and halted.

Written after the register description of the AXI DMA product guide (PG021); it is not cycle-accurate. Bursts, the data
mover's queues and realignment are not modelled: words wait at the stream and memory answers at once. Of the clock
converters between the DMA and the core, one thing is: that behind the core takes words which no transfer has asked for
yet, and a reset of the DMA empties it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bittrue.cosim.shell_bench import ShellBench
from bittrue_sim.virtual_board.faults import Faults
from bittrue_sim.virtual_board.memory import SIZE, Memory

MM2S, S2MM = 0x00, 0x30
CONTROL, STATUS, ADDRESS, ADDRESS_HIGH, LENGTH = 0x00, 0x04, 0x18, 0x1C, 0x28
RUN, RESET = 0x1, 0x4
HALTED, IDLE, INTERNAL, SLAVE, DECODE = 0x1, 0x2, 0x10, 0x20, 0x40
COMPLETE, FAILED = 0x1000, 0x4000
_RESET_CONTROL = 0x0001_0002
_IRQ_BITS = 0x7000
_HALFWAY = ("hang", "truncated", "dma-error")
"""Faults that let half of a transfer through."""
ENDING = 200
"""Clocks in which words go on after a reset is asked for: the DMA ends what it has begun on its buses first."""
CROSSING = 32
"""Words that a clock converter holds (PG085)."""
STEP, REST = 20_000, 200
"""Clocks that pass while the processor looks at a running DMA, and at one that waits for a word."""


@dataclass
class Channel:
    """Registers of one channel, and the transfer that it is in."""

    control: int = _RESET_CONTROL
    status: int = HALTED
    address: int = 0
    length: int = 0
    busy: bool = False
    words: int = 0
    fault: str = ""

    @property
    def running(self) -> bool:
        """Whether it may take a transfer."""
        return not self.status & HALTED

    def fail(self, bit: int) -> None:
        """End in an error: the channel halts and stays so until a reset."""
        self.status |= bit | HALTED | FAILED
        self.control &= ~RUN
        self.busy = False

    def complete(self) -> None:
        """End a transfer well."""
        self.status |= IDLE | COMPLETE
        self.busy = False


class AxiDma:
    """Both channels between memory and the core's streams.

    Parameters
    ----------
    memory : Memory
    core : ShellBench
    faults : Faults
    length_bits : int
        Width of the length registers (``c_sg_length_width``).
    widths : two ints
        Bits of the memory side of MM2S and S2MM: addresses must be aligned to them, because there is no realignment.
        Without MM2S 0: its registers read as 0.
    """

    def __init__(
        self, memory: Memory, core: ShellBench, faults: Faults, length_bits: int, widths: tuple[int, int]
    ) -> None:
        self._memory, self._core, self._faults = memory, core, faults
        self._mask = (1 << length_bits) - 1
        self._widths = {base: bits for base, bits in zip((MM2S, S2MM), widths, strict=True) if bits}
        self._channels: dict[int, Channel] = {}
        self._moves = False
        self.reset()

    def reset(self) -> None:
        """Abort both channels; their registers are as after configuration."""
        self._channels = {MM2S: Channel(), S2MM: Channel()}
        self._moves = False
        self._core.drop()
        self._core.receive()
        self._core.accept(CROSSING)

    # -- registers ---------------------------------------------------------------------------------------------------

    def read(self, offset: int) -> int:
        """Value of a register; time passes while a transfer runs."""
        if any(channel.busy for channel in self._channels.values()):
            self.advance(STEP if self._channels[MM2S].busy or self._moves else REST)
        base, register = (S2MM, offset - S2MM) if offset >= S2MM else (MM2S, offset)
        if base not in self._widths:
            return 0
        channel = self._channels[base]
        values = {CONTROL: channel.control, STATUS: channel.status, ADDRESS: channel.address & 0xFFFFFFFF}
        values |= {ADDRESS_HIGH: channel.address >> 32, LENGTH: channel.length}
        return values.get(register, 0)

    def write(self, offset: int, value: int) -> None:
        """Set a register; a length starts a transfer."""
        base, register = (S2MM, offset - S2MM) if offset >= S2MM else (MM2S, offset)
        if base not in self._widths:
            return
        channel = self._channels[base]
        if register == CONTROL:
            self._control(base, channel, value)
        elif register == STATUS:
            channel.status &= ~(value & _IRQ_BITS)
        elif register == ADDRESS:
            channel.address = channel.address & ~0xFFFFFFFF | value
        elif register == ADDRESS_HIGH:
            channel.address = channel.address & 0xFFFFFFFF | value << 32
        elif register == LENGTH and channel.running and not channel.busy:
            channel.length = value & self._mask
            self._start(base, channel)

    def _control(self, base: int, channel: Channel, value: int) -> None:
        if value & RESET:
            self._core.advance(ENDING)
            self.reset()
            return
        channel.control = value
        if value & RUN:
            if not channel.status & (INTERNAL | SLAVE | DECODE):  # an error halts it until a reset
                channel.status &= ~HALTED
        else:
            channel.status |= HALTED
            channel.busy = False

    # -- transfers ---------------------------------------------------------------------------------------------------

    def _start(self, base: int, channel: Channel) -> None:
        channel.status &= ~IDLE
        wrong = self._wrong(base, channel)
        if wrong:
            channel.fail(wrong)
        elif base == MM2S:
            self._send(channel)
        else:
            self._receive(channel)

    def _wrong(self, base: int, channel: Channel) -> int:
        """The error bit of a transfer that cannot begin."""
        if base == MM2S and self._faults.take("dma-decode-error"):
            return DECODE
        if not channel.length or channel.address % (self._widths[base] // 8):
            return INTERNAL  # for an unaligned address the guide promises nothing
        if channel.address + channel.length > SIZE:
            return DECODE
        # the real memory would take it: here it is a freed buffer or a wrong address
        return 0 if self._memory.find(channel.address, channel.length) is not None else SLAVE

    def _send(self, channel: Channel) -> None:
        found = self._memory.find(channel.address, channel.length)
        assert found is not None  # _wrong has looked
        size = self._core.ports.input_bits // 8
        count = -(-channel.length // size)
        data = np.zeros((count, size), np.uint8)
        data.reshape(-1)[: channel.length] = found
        keep = (np.arange(count * size) < channel.length).reshape(count, size)
        self._core.send(data, last=True, keep=keep)
        channel.busy = True

    def _receive(self, channel: Channel) -> None:
        words = -(-channel.length // (self._core.ports.output_bits // 8))
        channel.fault = next((name for name in _HALFWAY if self._faults.take(name)), "")
        channel.words = max(1, words // 2) if channel.fault else words
        self._core.accept(max(0, channel.words - self._core.waiting))
        channel.busy, self._moves = True, False

    def advance(self, clocks: int) -> None:
        """Let clocks pass, and end the transfers that are done."""
        sender, receiver = self._channels[MM2S], self._channels[S2MM]
        before = self._core.received
        self._core.advance(clocks, receiver.words if receiver.busy else None)
        self._moves = self._core.received != before
        if sender.busy and not self._core.unsent:
            sender.complete()
        if receiver.busy and not self._core.accepting and receiver.fault != "hang":
            self._finish(receiver)

    def _finish(self, channel: Channel) -> None:
        data, last = self._core.receive()
        found = self._memory.find(channel.address, channel.length)
        if channel.fault == "dma-error" or found is None:  # not found: freed while the transfer ran
            channel.fail(SLAVE)
            return
        flat = data.reshape(-1)[: channel.length]
        found[: len(flat)] = flat
        channel.length = len(flat)
        if last[-1] or channel.fault == "truncated":
            channel.complete()
        else:
            channel.fail(INTERNAL)  # the packet is longer than the buffer
