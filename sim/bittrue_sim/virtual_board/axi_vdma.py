"""The AXI video DMA, its reading channel, behavioural: registers, frame stores, parking, halted and error bits.

Written after the register description of the product guide (PG020) for a free-running channel without interrupts from
outside. A frame is read whole when the processor looks whether one has been shown; it then goes through the Verilated
HDMI output to the pins.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bittrue_sim.virtual_board.memory import SIZE, Memory

CONTROL, STATUS, PARK, VSIZE, HSIZE, STRIDE, START = 0x00, 0x04, 0x28, 0x50, 0x54, 0x58, 0x5C
RUN, CIRCULAR, RESET = 0x1, 0x2, 0x4
HALTED, SLAVE, DECODE, FRAME, FAILED = 0x1, 0x20, 0x40, 0x1000, 0x4000
_RESET_CONTROL = 0x0001_0002
_RESET_STATUS = 0x0001_0001
_CLEARED = 0x7000 | SLAVE | DECODE | 0x90
"""Bits that are cleared by writing 1."""
Frame = npt.NDArray[np.uint8]


class AxiVdma:
    """Memory to frames.

    Parameters
    ----------
    memory : Memory
    show : function of a frame (lines, pixels, 3)
        What takes a frame; it returns when the picture is over.
    stores : int
        Frame stores (``c_num_fstores``).
    pixel_bytes : int
        Bytes of a beat of the stream.
    """

    def __init__(self, memory: Memory, show: Callable[[Frame], None], stores: int, pixel_bytes: int) -> None:
        self._memory, self._show, self._pixel = memory, show, pixel_bytes
        self._stores = stores
        self.reset()

    def reset(self) -> None:
        """As after configuration."""
        self._control, self._status = _RESET_CONTROL, _RESET_STATUS
        self._words = dict.fromkeys((PARK, VSIZE, HSIZE, STRIDE, *(START + 4 * k for k in range(self._stores))), 0)
        self._moving, self._next = False, 0

    def read(self, offset: int) -> int:
        """Value of a register; a look at the status lets a frame pass where the channel runs."""
        if offset == STATUS:
            if self._moving and not self._status & FRAME:
                self._frame()
            return self._status
        return self._control if offset == CONTROL else self._words.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Set a register; the number of lines starts the channel, or renews what it reads."""
        if offset == CONTROL:
            if value & RESET:
                self.reset()
                return
            self._control = value
            if value & RUN:
                if not self._status & (SLAVE | DECODE):
                    self._status &= ~HALTED
            else:
                self._status |= HALTED
                self._moving = False
        elif offset == STATUS:
            self._status &= ~(value & _CLEARED)
        elif offset in self._words:
            self._words[offset] = value
            self._moving |= offset == VSIZE and not self._status & HALTED and value > 0

    def _frame(self) -> None:
        """Read a frame and show it."""
        index = self._next if self._control & CIRCULAR else self._words[PARK] & 0x1F
        self._next = (self._next + 1) % self._stores
        lines, line, stride = self._words[VSIZE], self._words[HSIZE], self._words[STRIDE] & 0xFFFF
        address = self._words.get(START + 4 * index, 0)
        size = stride * (lines - 1) + line
        if address + size > SIZE:
            self._fail(DECODE)
            return
        found = self._memory.find(address, size)
        if found is None:  # a freed buffer or a wrong address: the real memory would give what is there
            self._fail(SLAVE)
            return
        rows = np.lib.stride_tricks.as_strided(found, (lines, line // self._pixel * self._pixel), (stride, 1))
        self._show(rows.reshape(lines, -1, self._pixel).copy())
        self._status |= FRAME

    def _fail(self, bit: int) -> None:
        """End in an error: the channel halts until a reset."""
        self._status |= bit | HALTED | FAILED
        self._control &= ~RUN
        self._moving = False
