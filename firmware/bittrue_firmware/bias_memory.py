"""Bias memories: one of bytes a quadrant."""

from __future__ import annotations

import numpy as np

from bittrue_firmware.chip import QUADRANTS, Chip
from bittrue_firmware.fault import FirmwareFault


class BiasMemory:
    """Bias bytes of all quadrants, ``(4, bytes)``, of which each knows whether it was written."""

    def __init__(self, chip: Chip) -> None:
        self.bytes = np.zeros((QUADRANTS, chip.bias_bytes), np.int8)
        self.known = np.zeros((QUADRANTS, chip.bias_bytes), np.bool_)
        self.version = 0
        """How often a byte was stored."""

    def store(self, quadrant: int, index: int, value: int) -> None:
        """Write a byte; the 32-bit value holds it in its low byte."""
        if value > 0xFF:
            raise FirmwareFault(
                f"0x{value:08x} is written to bias {index} of quadrant {quadrant}; a bias is one byte, 0x00 to 0xff"
            )
        self.version += 1
        self.bytes[quadrant, index] = np.uint8(value).view(np.int8)
        self.known[quadrant, index] = True

    def load(self, quadrant: int, index: int, what: str) -> int:
        """A signed byte; ``what`` names the reader."""
        if index >= self.bytes.shape[1]:
            raise FirmwareFault(f"{what} takes bias {index} of quadrant {quadrant}; it has {self.bytes.shape[1]}")
        if not self.known[quadrant, index]:
            raise FirmwareFault(f"{what} takes bias {index} of quadrant {quadrant}, which nothing wrote")
        return int(self.bytes[quadrant, index])
