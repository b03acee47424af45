"""The AXI interrupt controller as far as pynq sets it up: registers that hold what is written. No interrupt comes."""

from __future__ import annotations


class AxiIntc:
    """Registers of PG099."""

    def __init__(self) -> None:
        self._words: dict[int, int] = {}

    def read(self, offset: int) -> int:
        """Value of a register; nothing is ever pending."""
        return self._words.get(offset, 0) if offset not in (0x00, 0x04) else 0

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        self._words[offset] = value
