"""The system-level control registers of the processor, as far as `pynq.Clocks` uses them."""

from __future__ import annotations

BASE, SIZE = 0xF800_0000, 0x1000
_AT_BOOT = {
    0x100: 26 << 12,  # ARM PLL: 50 MHz * 26
    0x104: 21 << 12,  # DDR PLL: 1050 MHz
    0x108: 20 << 12,  # IO PLL: 1000 MHz
    0x120: 2 << 8,  # processor clock: ARM PLL / 2
    **dict.fromkeys((0x170, 0x180, 0x190, 0x1A0), 1 << 20 | 10 << 8),  # FCLK 0 to 3: IO PLL / 10
}


class Slcr:
    """Registers that hold what is written to them; they start as PYNQ's boot loader leaves a PYNQ-Z1."""

    def __init__(self) -> None:
        self._words = dict(_AT_BOOT)

    def read(self, offset: int) -> int:
        """Value of a register."""
        return self._words.get(offset, 0)

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        self._words[offset] = value
