"""The sixteen data memories: words of four bytes, of which each knows whether it was ever written."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bittrue_firmware.chip import INSTANCES, LANES, Chip
from bittrue_firmware.fault import FirmwareFault

Codes = npt.NDArray[np.int64]


class DataMemory:
    """Bytes of all data memories, ``(16, words, 4)``, byte ``lane`` of a word that of processor ``4 * i + lane``.

    Reading what was never written raises `FirmwareFault`, as does a place that does not exist.
    """

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.bytes = np.zeros((INSTANCES, chip.data_words, LANES), np.uint8)
        self.known = np.zeros((INSTANCES, chip.data_words, LANES), np.bool_)

    def store(self, instance: int, word: int, value: int) -> None:
        """Write a word: all four lanes, as the CPU does."""
        self.bytes[instance, word] = np.frombuffer(value.to_bytes(LANES, "little"), np.uint8)
        self.known[instance, word] = True

    def load(self, instance: int, word: int) -> int:
        """A word as the CPU reads it; lanes that were never written read as 0, unless all four were not."""
        if not self.known[instance, word].any():
            raise FirmwareFault(
                f"the firmware reads data memory at 0x{self.chip.data_address(instance, word):08x}, which nothing wrote"
            )
        return int.from_bytes(np.where(self.known[instance, word], self.bytes[instance, word], 0).tobytes(), "little")

    def check(self, instance: int, words: Codes, what: str) -> None:
        """Raise `FirmwareFault` unless all ``words`` are within a memory."""
        if words.size and not 0 <= int(words.min()) <= int(words.max()) < self.chip.data_words:
            outside = int(words.max()) if int(words.min()) >= 0 else int(words.min())
            raise FirmwareFault(
                f"{what} uses word {outside} of data memory {instance}; it has {self.chip.data_words} words"
            )
