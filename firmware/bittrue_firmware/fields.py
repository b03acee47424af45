"""Register values taken apart: every bit of a register is a field that the model has, or must be zero."""

from __future__ import annotations

from collections.abc import Mapping

from bittrue_firmware.fault import FirmwareFault


class Fields:
    """The registers of one layer in one quadrant.

    Parameters
    ----------
    layer, quadrant : int
        For sentences.
    values : mapping of str to int
        Register values by name; registers that were never written are 0.
    """

    def __init__(self, layer: int, quadrant: int, values: Mapping[str, int]) -> None:
        self.layer, self.quadrant, self.values = layer, quadrant, values

    def __getitem__(self, register: str) -> int:
        return self.values.get(register, 0)

    def part(self, register: str, low: int, high: int) -> int:
        """Bits ``high`` to ``low`` of a register."""
        return self[register] >> low & (1 << high - low + 1) - 1

    def bit(self, register: str, number: int) -> bool:
        """One bit of a register."""
        return bool(self[register] >> number & 1)

    def only(self, register: str, mask: int) -> None:
        """Raise `FirmwareFault` where bits outside ``mask`` are set: functions that the model does not have."""
        extra = self[register] & ~mask
        if extra:
            self.refuse(register, f"the model does not have what its bits 0x{extra:08x} switch on")

    def equal(self, register: str, wanted: int, why: str) -> None:
        """Raise `FirmwareFault` unless the whole register has a value; ``why`` completes "... belongs there"."""
        if self[register] != wanted:
            self.refuse(register, f"0x{wanted:08x} belongs there: {why}")

    def need(self, holds: bool, register: str, sentence: str) -> None:
        """Raise `FirmwareFault` about a register unless something holds."""
        if not holds:
            self.refuse(register, sentence)

    def refuse(self, register: str, sentence: str) -> None:
        """Raise `FirmwareFault` about a register."""
        raise FirmwareFault(
            f"layer {self.layer}, quadrant {self.quadrant}: {register} is 0x{self[register]:08x}; {sentence}"
        )
