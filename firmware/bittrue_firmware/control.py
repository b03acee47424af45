"""Control registers of the quadrants: clocks, clearing, layer count, start, done."""

from __future__ import annotations

from bittrue_firmware.chip import QUADRANTS, Chip
from bittrue_firmware.fault import FirmwareFault

ENABLE, CLOCKS, FOLLOW, DONE, PACKED, BINARY = 1, 1 << 3, 1 << 11, 1 << 12, 1 << 20, 1 << 30
_READY, _NO_PIPELINE, _MASTER = 3 << 1, 1 << 5, 3 << 9
_KNOWN = ENABLE | CLOCKS | FOLLOW | DONE | PACKED | BINARY | _READY | _NO_PIPELINE | _MASTER
SRAM, CLEAR, CLEARED = 0x40E, (0x1C80, 0x1880), 1 << 25
_NAMES = ("CTL", "SRAM", "LCNT_MAX", "TEST")


class Control:
    """The four registers at the base of every quadrant."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.values = [[0, 0, 0, 0] for _ in range(QUADRANTS)]
        self.cleared = [not chip.clears] * QUADRANTS

    @property
    def done(self) -> bool:
        """Whether a quadrant has its done bit set."""
        return any(values[0] & DONE for values in self.values)

    def packed(self, quadrant: int) -> bool:
        """Whether kernel memory takes packed streams."""
        return bool(self.values[quadrant][0] & PACKED)

    def check_cleared(self, quadrant: int) -> None:
        """Raise `FirmwareFault` where layer registers are still undefined."""
        if not self.cleared[quadrant]:
            raise FirmwareFault(
                f"the firmware uses layer registers of quadrant {quadrant} before it cleared them: "
                f"write 0x{CLEAR[0]:x} to TEST, wait for bit 25, write 0"
            )

    def write(self, quadrant: int, offset: int, value: int) -> bool:
        """Write a register; True where that starts the accelerator."""
        number, values = offset // 4, self.values[quadrant]
        before, values[number] = values[number], value
        if number == 0:
            return self._command(quadrant, before, value)
        if not values[0] & CLOCKS:
            self._refuse(quadrant, number, "the quadrant's clocks are off (bit 3 of CTL)")
        if number == 1 and value != SRAM:
            self._refuse(quadrant, number, f"0x{SRAM:x} belongs there")
        if number == 2 and (value & ~0xFFFF or max(value & 0xFF, value >> 8) >= self.chip.layers):
            self._refuse(quadrant, number, f"there are {self.chip.layers} layers, counted from 0")
        if number == 3:
            if value not in (0, *CLEAR) or not self.chip.clears:
                self._refuse(quadrant, number, "the model knows the clearing of registers only")
            self.cleared[quadrant] |= value != 0
        return False

    def read(self, quadrant: int, offset: int) -> int:
        """Read a register; clearing is done at once."""
        value = self.values[quadrant][offset // 4]
        return value | CLEARED if offset // 4 == 3 and value in CLEAR else value

    def started(self) -> tuple[list[int], int, bool]:
        """Quadrants that run, the first of them, and whether one-bit weights are -1 and +1.

        Raises `FirmwareFault` where the quadrants are not set up alike, or the others do not follow the first.
        """
        running = [quadrant for quadrant in range(QUADRANTS) if self.values[quadrant][0] & ENABLE]
        master = next(quadrant for quadrant in running if not self.values[quadrant][0] & FOLLOW)
        for quadrant in running:
            ctl, sram, count, test = self.values[quadrant]
            self.check_cleared(quadrant)
            wanted = self.values[master][0] & ~_MASTER | FOLLOW | master << 9
            if quadrant != master and ctl != wanted:
                self._refuse(quadrant, 0, f"0x{wanted:08x} belongs there, to follow quadrant {master}")
            if sram != SRAM:
                self._refuse(quadrant, 1, f"0x{SRAM:x} belongs there")
            if count != self.values[master][2]:
                self._refuse(quadrant, 2, f"quadrant {master} has 0x{self.values[master][2]:x}")
            if test:
                self._refuse(quadrant, 3, "clearing was not ended by writing 0")
        return running, master, bool(self.values[master][0] & BINARY)

    def layers(self) -> tuple[int, int]:
        """The first and the last layer."""
        running, master, _ = self.started()
        count = self.values[master][2]
        if count >> 8 > count & 0xFF:
            self._refuse(running[0], 2, "the first layer comes after the last")
        return count >> 8, count & 0xFF

    def finish(self) -> None:
        """Set the done bit of every quadrant that runs."""
        for values in self.values:
            if values[0] & ENABLE:
                values[0] |= DONE

    def _command(self, quadrant: int, before: int, value: int) -> bool:
        unknown = value & ~_KNOWN
        if unknown:
            self._refuse(quadrant, 0, f"the model does not have what its bits 0x{unknown:08x} switch on")
        if value & DONE and not before & DONE:
            self._refuse(quadrant, 0, "only the accelerator sets bit 12, done")
        if value & ENABLE and not value & CLOCKS:
            self._refuse(quadrant, 0, "it is started without clocks (bit 3)")
        if not self.chip.clears and value & (_NO_PIPELINE | BINARY):
            self._refuse(quadrant, 0, f"a {self.chip.name} has neither bit 5 nor bit 30")
        return bool(value & ENABLE and not before & ENABLE and not value & FOLLOW)

    def _refuse(self, quadrant: int, number: int, sentence: str) -> None:
        value = self.values[quadrant][number]
        raise FirmwareFault(f"quadrant {quadrant}: {_NAMES[number]} is 0x{value:08x}; {sentence}")
