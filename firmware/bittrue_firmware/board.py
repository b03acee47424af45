"""Around the accelerator: power and clock registers, and the page by which the stub SDK talks to the emulator."""

from __future__ import annotations

from bittrue_firmware.chip import QUADRANTS
from bittrue_firmware.fault import FirmwareFault

GCR, GCFR, PAGE = 0x4000_0000, 0x4000_5800, 0x4FFF_0000
PCLKDIV, IPLL_CTRL = GCR + 0x18, GCR + 0xF0
PLL_ON, PLL_READY = 1, 1 << 1
CNN_CLOCK, CNN_INTERRUPT = 25, 77
"""Numbers by which the stub SDK calls the accelerator's clock and interrupt."""

FAIL = b"*** FAIL ***"
"""What a firmware prints whose known-answer test fails."""

CONSOLE, EXIT, SLEEP, VECTOR, HANDLER, ENABLE, DISABLE, CLOCK_ON, CLOCK_OFF, MASK = (PAGE + 4 * n for n in range(10))
_SELECT_PLL = 3 << 17
_POWER, _MEMORY, _ISOLATION, _RESET = (GCFR + 4 * n for n in range(4))
_REGISTERS = {PCLKDIV, IPLL_CTRL, _POWER, _MEMORY, _ISOLATION, _RESET}


class Board:
    """Power, clocks, interrupt controller and console.

    Power of quadrant ``q`` is bit ``q`` of four registers: power on, memory on, isolation, reset; it runs with 1, 1, 0,
    0. At reset it has neither power nor clock.
    """

    def __init__(self) -> None:
        self.values = {_POWER: 0, _MEMORY: 0, _ISOLATION: (1 << QUADRANTS) - 1, _RESET: (1 << QUADRANTS) - 1}
        self.values |= {PCLKDIV: 0, IPLL_CTRL: 0}
        self.console = bytearray()
        self.failed = False
        self.exit_code: int | None = None
        self.asleep = False
        self.masked = False
        self.vector = 0
        self.handlers: dict[int, int] = {}
        self.enabled: set[int] = set()
        self.clocks: set[int] = set()

    def missing(self, quadrant: int) -> str:
        """What a quadrant lacks to be accessed, in words that complete "the firmware writes .., ..", or ""."""
        bit = 1 << quadrant
        if CNN_CLOCK not in self.clocks:
            return "while the accelerator's clock is off; call cnn_enable first"
        if self.values[PCLKDIV] & _SELECT_PLL == _SELECT_PLL and not self.values[IPLL_CTRL] & PLL_ON:
            return "while the accelerator's clock is that of the PLL, which is off"
        on = (_POWER, bit, "has no power"), (_MEMORY, bit, "has no memory power")
        for register, value, words in (*on, (_ISOLATION, 0, "is isolated"), (_RESET, 0, "is in reset")):
            if self.values[register] & bit != value:
                return f"which {words}; call cnn_enable first"
        return ""

    def handler(self) -> int:
        """Address of the handler of the accelerator's interrupt, if it can be taken, or 0."""
        return 0 if self.masked or CNN_INTERRUPT not in self.enabled else self.handlers.get(CNN_INTERRUPT, 0)

    def read(self, address: int) -> int:
        """A read by the CPU."""
        if address not in _REGISTERS:
            raise FirmwareFault(f"the firmware reads 0x{address:08x}, where the emulator has no register")
        value = self.values[address]
        return value | PLL_READY if address == IPLL_CTRL and value & PLL_ON else value

    def write(self, address: int, value: int) -> None:
        """A write by the CPU."""
        if address in _REGISTERS:
            self.values[address] = value
        elif address == CONSOLE:
            self.console.append(value & 0xFF)
            self.failed = self.failed or self.console.endswith(FAIL)
        elif address == EXIT:
            self.exit_code = value
        elif address == SLEEP:
            self.asleep = True
        elif address == VECTOR:
            self.vector = value
        elif address == HANDLER:
            self.handlers[self.vector] = value
        elif address == ENABLE:
            self.enabled.add(value)
        elif address == DISABLE:
            self.enabled.discard(value)
        elif address == CLOCK_ON:
            self.clocks.add(value)
        elif address == CLOCK_OFF:
            self.clocks.discard(value)
        elif address == MASK:
            self.masked = bool(value)
        else:
            raise FirmwareFault(
                f"the firmware writes 0x{value:08x} to 0x{address:08x}, where the emulator has no register"
            )
