"""Compile a project, run it, and say whether firmware, accelerator and net agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.board import Board
from bittrue_firmware.chip import LANES
from bittrue_firmware.comparing import Difference, compare
from bittrue_firmware.compiling import compile_project
from bittrue_firmware.cycles import cycles
from bittrue_firmware.data_memory import DataMemory
from bittrue_firmware.elf import read_elf
from bittrue_firmware.machine import LIMIT, Machine, Outcome
from bittrue_firmware.project import Project, read_project
from bittrue_firmware.readback import differences
from bittrue_firmware.settings import LayerSettings

PASS = "*** PASS ***"
RESULT = "result"
"""The variable into which a generated ``main`` unloads the result."""


@dataclass(frozen=True)
class LayerReport:
    """A layer that ran: its name, settings, and estimated clocks (by formula, not measured)."""

    name: str
    settings: LayerSettings
    cycles: int


@dataclass(frozen=True)
class Verdict:
    """What a run showed.

    Parameters
    ----------
    project : Project
    outcome : Outcome
    layers : tuple of LayerReport
        The layers that ran, in order.
    complaints : tuple of str
        What is wrong, the first cause first; empty where all agree.
    warnings : str
        What the compiler said.
    writes : int
        Accesses by which the firmware set up the accelerator.
    """

    project: Project
    outcome: Outcome
    layers: tuple[LayerReport, ...]
    complaints: tuple[str, ...]
    warnings: str
    writes: int

    @property
    def passed(self) -> bool:
        """Whether the firmware printed PASS and nothing contradicts it."""
        return not self.complaints


@dataclass
class _Watch:
    """Follows the layers of one run."""

    project: Project
    accelerator: Accelerator | None = None
    ran: list[LayerReport] = field(default_factory=list)
    found: list[Difference] = field(default_factory=list)

    def after_layer(self, settings: LayerSettings, memory: DataMemory) -> None:
        number, project = len(self.ran), self.project
        placed = project.layers[number] if number < len(project.layers) else None
        name = placed.name if placed else f"layer {number}"
        self.ran.append(LayerReport(name, settings, cycles(settings)))
        if placed is None or self.accelerator is None:
            return
        if number == 0 and not self.found:
            self._check_input(settings, memory)
        told = differences(project, number, settings, self.accelerator)
        self.found += [Difference(number, name, sentence) for sentence in told]
        different = compare(number, placed, memory, project.taps[placed.node])
        self.found += [different] if different else []

    def _check_input(self, settings: LayerSettings, memory: DataMemory) -> None:
        """The sample in data memory, where the first layer reads it."""
        sample, processors = self.project.sample, settings.processors
        passes = -(-len(sample) // len(processors))
        for channel, values in enumerate(sample):
            number, place = divmod(channel, len(processors))
            instance, lane = divmod(processors[place], LANES)
            pixels = np.arange(len(values))
            words, lanes = settings.read + pixels * passes + number, np.full(len(values), lane)
            if settings.big:
                words, lanes = settings.read + pixels // LANES, pixels % LANES
            found = memory.bytes[instance, words, lanes].view(np.int8)
            wrong = np.flatnonzero((found != values) | ~memory.known[instance, words, lanes])
            if len(wrong):
                pixel = int(wrong[0])
                address = memory.chip.data_address(instance, int(words[pixel]))
                sentence = (
                    f"its input at 0x{address:08x}, channel {channel}, sample {pixel}, is {int(found[pixel])}, that of "
                    f"sample.npy {int(values[pixel])}"
                )
                self.found.append(Difference(0, self.project.layers[0].name, sentence))
                return


def verify(folder: Path, limit: int = LIMIT) -> Verdict:
    """Compile and run the project in ``folder``.

    Raises `BadInput` where the folder, the compiler or the emulator is missing or the C does not compile. What the
    firmware does wrong is in the verdict.
    """
    project = read_project(folder)
    code, warnings = compile_project(folder, project.chip)
    watch, board = _Watch(project), Board()
    accelerator = Accelerator(project.chip, board.missing, watch.after_layer)
    watch.accelerator = accelerator
    machine = Machine(read_elf(code), project.chip, board, accelerator)
    outcome = machine.run(limit)
    complaints = tuple(_complaints(watch, outcome, board, machine.memory(RESULT)))
    return Verdict(project, outcome, tuple(watch.ran), complaints, warnings, accelerator.writes)


def _complaints(watch: _Watch, outcome: Outcome, board: Board, result: bytes | None) -> list[str]:
    found = [str(difference) for difference in watch.found[:1]]
    if outcome.ending == "fault":
        found.append(outcome.sentence)
    if outcome.ending == "failed":
        where = "" if found else "; every layer is as the net says, so what it compares with, or how, is wrong"
        found.append(f"the firmware's own known-answer test fails: {_last_words(outcome)}{where}")
    if outcome.ending == "returned":
        if board.exit_code:
            found.append(f"main returned {board.exit_code}; 0 means that all went well")
        if PASS not in outcome.console:
            found.append(f"main returned without printing {PASS}: {_last_words(outcome)}")
        if len(watch.ran) != len(watch.project.layers):
            found.append(f"{len(watch.ran)} layers ran, the net has {len(watch.project.layers)}")
        found += _unloaded(watch.project, result)
    return found


def _unloaded(project: Project, result: bytes | None) -> list[str]:
    """What is wrong with the result that ``main`` unloaded: a value in a word or a byte, channel by channel."""
    if result is None:
        return []
    placed = project.layers[-1]
    wanted = project.taps[placed.node].reshape(-1)
    size = placed.bits // 8
    if len(result) < size * len(wanted):
        return [f"main's {RESULT} has {len(result)} bytes; {len(wanted)} values take {size * len(wanted)}"]
    found = np.frombuffer(result, f"<i{size}", len(wanted)).astype(np.int64)
    wrong = np.flatnonzero(found != wanted)
    if not len(wrong):
        return []
    first = int(wrong[0])
    return [f"cnn_unload gives {int(found[first])} as value {first} of the result; the net has {int(wanted[first])}"]


def _last_words(outcome: Outcome) -> str:
    lines = [line.strip() for line in outcome.console.splitlines() if line.strip() and "***" not in line]
    return repr(lines[-1]) if lines else "it printed nothing else"
