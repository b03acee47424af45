"""An emulated Cortex-M4 with the accelerator behind its bus."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from bittrue.errors import BadInput
from bittrue.extras import install
from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.board import GCR, PAGE, Board
from bittrue_firmware.chip import Chip
from bittrue_firmware.elf import Elf
from bittrue_firmware.fault import FirmwareFault

FLASH, RAM, ACCELERATOR = 0x1000_0000, 0x2000_0000, 0x5000_0000
_PERIPHERALS, _BOARD, _ACCELERATOR = 0x10_0000, 0x1000, 0x500_0000
_RETURN = 0x1FFF_F000
"""Where handlers return to: a page of its own, so that the return is seen."""

AON = 0x5000_1000
"""The one register below the quadrants: power of those that are not used."""

LIMIT = 400_000_000
"""Instructions after which a firmware counts as hung; the 1.2 million weights of the nine-layer net take 10 million."""

_BUSY = 20_000
"""Blocks of code that a run of the accelerator lasts for a firmware that does not sleep meanwhile."""

_NEVER = 1 << 62

_AGAIN = 3
"""Times that the handler may leave the interrupt pending."""

Ending = Literal["returned", "failed", "fault", "reached"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Parameters
    ----------
    ending : "returned", "failed", "fault" or "reached"
        ``main`` returned, the firmware printed FAIL, it did what cannot be followed, or came to a place to stop at.
    sentence : str
        What the fault is.
    console : str
        All that was printed.
    instructions : int
        Executed; 2 bytes of code count as one.
    """

    ending: Ending
    sentence: str
    console: str
    instructions: int


@dataclass(frozen=True)
class Context:
    """Registers of the processor, by unicorn's numbers, and the part of the stack that is in use."""

    registers: dict[int, int]
    stack: bytes


class Machine:
    """A processor that runs ``elf`` on ``chip``.

    Raises `BadInput` where unicorn is not installed.
    """

    def __init__(self, elf: Elf, chip: Chip, board: Board, accelerator: Accelerator) -> None:
        unicorn = self._unicorn = _unicorn()
        self.elf, self.chip, self.board, self.accelerator = elf, chip, board, accelerator
        self._instructions = self._blocks = self._limit = 0
        self._again = 0
        self._interrupt = False
        self._due = _NEVER
        self._attention = False
        self._address = elf.entry
        self._stop_at(())
        self._frames: list[dict[int, int]] = []
        self._fault = ""
        self._stopped: FirmwareFault | None = None
        self._cpu: Any = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._cpu.ctl_set_cpu_model(unicorn.arm_const.UC_CPU_ARM_CORTEX_M4)
        self._map()

    def run(self, limit: int = LIMIT) -> Outcome:
        """Run until ``main`` returns, FAIL is printed, something cannot be followed, or ``limit`` instructions."""
        return self.run_to((), limit)

    def run_to(self, places: Collection[int], limit: int = LIMIT) -> Outcome:
        """Run on, as `run`, but stop in front of the code at one of the addresses ``places`` too.

        Where the processor stands already it does not stop. ``limit`` counts from here on.
        """
        names = self._unicorn.arm_const
        self._stop_at(places)
        self._limit = self._instructions + limit
        if self._address == self.elf.entry:
            self._cpu.reg_write(names.UC_ARM_REG_SP, RAM + self.chip.ram_bytes)
        try:
            while not self._over():
                self._cpu.emu_start(self._address | 1, 0)
                if self._stopped is not None:
                    raise self._stopped
                self._address = self._cpu.reg_read(names.UC_ARM_REG_PC)
                if self._interrupt and not self._over():
                    self._address = self._enter()
        except FirmwareFault as error:
            return self._outcome("fault", str(error))
        except self._unicorn.UcError as error:
            what = self._fault or f"the processor stops: {error}"
            return self._outcome("fault", f"{what} (code at 0x{self._cpu.reg_read(names.UC_ARM_REG_PC):08x})")
        if self._reached:
            return self._outcome("reached", "")
        if self._instructions >= self._limit:
            return self._outcome("fault", f"the firmware did not end within {limit:,} instructions; it hangs")
        return self._outcome("returned" if self.board.exit_code is not None else "failed", "")

    @property
    def caller(self) -> int:
        """Where the function returns to in front of which the processor stands."""
        return int(self._cpu.reg_read(self._unicorn.arm_const.UC_ARM_REG_LR)) & ~1

    def context(self) -> Context:
        """The processor's registers and its stack, as they are now."""
        names = self._unicorn.arm_const
        others = [getattr(names, f"UC_ARM_REG_R{number}") for number in range(4, 12)]
        registers = {register: self._cpu.reg_read(register) for register in (*self._registers(), *others)}
        top = registers[names.UC_ARM_REG_SP]
        return Context(registers, bytes(self._cpu.mem_read(top, RAM + self.chip.ram_bytes - top)))

    def go_back(self, context: Context) -> None:
        """Go on from where ``context`` was taken; all memory but the stack that was in use then stays as it is now."""
        names = self._unicorn.arm_const
        for register, value in context.registers.items():
            self._cpu.reg_write(register, value)
        self._cpu.mem_write(context.registers[names.UC_ARM_REG_SP], context.stack)
        self._address = context.registers[names.UC_ARM_REG_PC]

    def write_memory(self, address: int, content: bytes) -> None:
        """Put bytes into flash or RAM, as a debugger would."""
        self._cpu.mem_write(address, content)

    def memory(self, symbol: str) -> bytes | None:
        """Content of a variable, or None where there is no such symbol."""
        if symbol not in self.elf.symbols:
            return None
        return bytes(self._cpu.mem_read(*self.elf.symbols[symbol]))

    def _outcome(self, ending: Ending, sentence: str) -> Outcome:
        return Outcome(ending, sentence, self.board.console.decode("utf-8", "replace"), self._instructions)

    def _over(self) -> bool:
        ended = self._reached or self.board.failed or self.board.exit_code is not None
        return ended or self._instructions >= self._limit

    def _map(self) -> None:
        cpu, unicorn = self._cpu, self._unicorn
        cpu.mem_map(FLASH, self.chip.flash_bytes)
        cpu.mem_map(RAM, self.chip.ram_bytes)
        cpu.mem_map(_RETURN, 0x1000)
        for address, content in self.elf.segments:
            cpu.mem_write(address, content)
        reads: Callable[[int, int], int]
        for base, size, reads, writes in (
            (GCR, _PERIPHERALS, self._board_read, self._board_write),
            (PAGE, _BOARD, self._board_read, self._board_write),
            (ACCELERATOR, _ACCELERATOR, self._read, self._write),
        ):
            cpu.mmio_map(base, size, self._reader(base, reads), None, self._writer(base, writes), None)
        cpu.hook_add(unicorn.UC_HOOK_BLOCK, self._block)
        cpu.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._invalid)

    def _block(self, cpu: Any, address: int, size: int, _: object) -> None:
        """Before each block of code; almost always it goes on at once."""
        self._instructions += size >> 1
        self._blocks += 1
        if self._attention or address in self._stops or self._blocks >= self._due or self._instructions >= self._limit:
            self._attend(address, size)

    def _attend(self, address: int, size: int) -> None:
        """Stop where there is a reason to."""
        try:
            if address in self._places and not self._frames:
                self._instructions -= size >> 1  # the block is yet to run
                self._stop_at((), reached=True)
            elif address == _RETURN:
                self._leave()
            elif self.board.asleep or self._blocks >= self._due:
                self._wake()
            elif not self._over():
                return
        except FirmwareFault as error:
            self._stopped = self._stopped or error
        self._cpu.emu_stop()

    def _stop_at(self, places: Collection[int], *, reached: bool = False) -> None:
        self._places, self._reached = frozenset(places), reached
        self._stops = self._places | {_RETURN}

    def _wake(self) -> None:
        """The accelerator ends, and its interrupt is taken, or a sleep never ends."""
        if self.accelerator.running:
            self.accelerator.finish()
        self._due = _NEVER
        if self.accelerator.pending and self.board.handler() and not self._frames:
            self._interrupt = True
        elif self.board.asleep and not self._frames:
            raise FirmwareFault(self._why_asleep())
        self.board.asleep = self._attention = False

    def _why_asleep(self) -> str:
        if not self.accelerator.pending:
            return "the firmware sleeps, and the accelerator was not started or its interrupt was taken before"
        return "the firmware sleeps, but has not enabled the accelerator's interrupt (CNN_IRQn) or given it a handler"

    def _registers(self) -> list[int]:
        names = ("R0", "R1", "R2", "R3", "R12", "LR", "PC", "XPSR", "SP")
        return [getattr(self._unicorn.arm_const, f"UC_ARM_REG_{name}") for name in names]

    def _enter(self) -> int:
        """Take the interrupt: keep the registers, and go to the handler."""
        names = self._unicorn.arm_const
        self._interrupt = False
        self._frames.append({register: self._cpu.reg_read(register) for register in self._registers()})
        self._cpu.reg_write(names.UC_ARM_REG_SP, (self._cpu.reg_read(names.UC_ARM_REG_SP) - 32) & ~7)
        self._cpu.reg_write(names.UC_ARM_REG_LR, _RETURN | 1)
        return self.board.handler()

    def _leave(self) -> None:
        """Return from the handler; while the done bits stay set it is called again."""
        for register, value in self._frames.pop().items():
            self._cpu.reg_write(register, value)
        self._again = self._again + 1 if self.accelerator.pending else 0
        if self._again >= _AGAIN:
            raise FirmwareFault("the interrupt handler leaves bit 12 (done) of CTL set, so it is called for ever")
        self._interrupt = self._again > 0

    def _board_read(self, address: int, size: int) -> int:
        return self.board.read(address)

    def _board_write(self, address: int, size: int, value: int) -> None:
        self.board.write(address, value)
        self._attention = self.board.asleep or self._over()

    def _read(self, address: int, size: int) -> int:
        if address == AON:
            return 0
        return self.accelerator.read(address, size)

    def _write(self, address: int, size: int, value: int) -> None:
        if address == AON:
            if value & ~0xF000:
                raise FirmwareFault(f"AON control is 0x{value:08x}; the model has bits 15 to 12 only, unused quadrants")
            return
        self.accelerator.write(address, size, value)
        if self.accelerator.running and self._due == _NEVER:
            self._due = self._blocks + _BUSY

    def _reader(self, base: int, function: Callable[[int, int], int]) -> Callable[..., int]:
        """A callback of unicorn, which must return a number: a fault is kept, and raised by `run`."""

        def read(cpu: Any, offset: int, size: int, _: object) -> int:
            try:
                return function(base + offset, size)
            except FirmwareFault as error:
                self._stopped = self._stopped or error
                cpu.emu_stop()
                return 0

        return read

    def _writer(self, base: int, function: Callable[[int, int, int], None]) -> Callable[..., None]:
        def write(cpu: Any, offset: int, size: int, value: int, _: object) -> None:
            try:
                if self._stopped is None:
                    function(base + offset, size, value)
            except FirmwareFault as error:
                self._stopped = error
                cpu.emu_stop()

        return write

    def _invalid(self, cpu: Any, access: int, address: int, size: int, value: int, _: object) -> bool:
        self._fault = f"the firmware uses address 0x{address:08x}, where the emulator has no memory"
        return False


def _unicorn() -> Any:
    """The emulator's package. Raises `BadInput` where it is not installed."""
    try:
        import unicorn
        import unicorn.arm_const
    except ImportError:
        raise BadInput(f"firmware runs on unicorn, which is not installed; {install('max78002')}") from None
    return unicorn
