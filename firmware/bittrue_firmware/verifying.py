"""Compile a project, run it, and say whether firmware, accelerator and net agree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.board import Board
from bittrue_firmware.compiling import compile_project
from bittrue_firmware.elf import Elf, read_elf
from bittrue_firmware.machine import LIMIT, Machine, Outcome
from bittrue_firmware.project import Project, read_project
from bittrue_firmware.watching import LayerReport, LayerWatch

PASS = "*** PASS ***"
RESULT = "result"
"""The variable into which a generated ``main`` unloads the result."""


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
    image : Elf
        What was compiled and ran.
    """

    project: Project
    outcome: Outcome
    layers: tuple[LayerReport, ...]
    complaints: tuple[str, ...]
    warnings: str
    writes: int
    image: Elf

    @property
    def passed(self) -> bool:
        """Whether the firmware printed PASS and nothing contradicts it."""
        return not self.complaints


def verify(folder: Path, limit: int = LIMIT) -> Verdict:
    """Compile and run the project in ``folder``.

    Raises `BadInput` where the folder, the compiler or the emulator is missing or the C does not compile. What the
    firmware does wrong is in the verdict.
    """
    return verify_project(read_project(folder), limit)


def verify_project(project: Project, limit: int = LIMIT) -> Verdict:
    """Compile and run a project, as `verify`."""
    code, warnings = compile_project(project.folder, project.chip)
    image = read_elf(code)
    machine, watch = machine_for(project, image)
    outcome = machine.run(limit)
    found = tuple(complaints(watch, outcome, machine))
    return Verdict(project, outcome, tuple(watch.ran), found, warnings, machine.accelerator.writes, image)


def machine_for(project: Project, image: Elf) -> tuple[Machine, LayerWatch]:
    """A processor that is about to start ``image``, and what follows its layers."""
    watch, board = LayerWatch(project), Board()
    accelerator = Accelerator(project.chip, board.missing, watch.after_layer)
    watch.accelerator = accelerator
    return Machine(image, project.chip, board, accelerator), watch


def complaints(watch: LayerWatch, outcome: Outcome, machine: Machine) -> list[str]:
    """What is wrong with a frame that ran, the first cause first."""
    found = [str(difference) for difference in watch.found[:1]]
    if outcome.ending == "fault":
        found.append(outcome.sentence)
    if outcome.ending == "failed":
        where = "" if found else "; every layer is as the net says, so what it compares with, or how, is wrong"
        found.append(f"the firmware's own known-answer test fails: {_last_words(outcome)}{where}")
    if outcome.ending in ("returned", "reached"):
        if machine.board.exit_code:
            found.append(f"main returned {machine.board.exit_code}; 0 means that all went well")
        if PASS not in outcome.console:
            did = "returned" if outcome.ending == "returned" else "came to cnn_disable"
            found.append(f"main {did} without printing {PASS}: {_last_words(outcome)}")
        if len(watch.ran) != len(watch.project.layers):
            found.append(f"{len(watch.ran)} layers ran, the net has {len(watch.project.layers)}")
        found += _unloaded(watch.project, machine.memory(RESULT))
    return found


def _unloaded(project: Project, result: bytes | None) -> list[str]:
    """What is wrong with the result that ``main`` unloaded: a value in a word or a byte, channel by channel.

    Results of several layers follow each other, each from a whole word on.
    """
    if result is None:
        return []
    at = 0
    for placed in project.results:
        wanted = project.taps[placed.node].reshape(-1)
        size = placed.bits // 8
        part, at = result[at:], at + -(-size * len(wanted) // 4) * 4
        of = "the result" if len(project.results) == 1 else f"the result {placed.name}"
        if len(part) < size * len(wanted):
            return [f"main's {RESULT} has {len(result)} bytes; {len(wanted)} values of {of} take {size * len(wanted)}"]
        found = np.frombuffer(part, f"<i{size}", len(wanted)).astype(np.int64)
        wrong = np.flatnonzero(found != wanted)
        if len(wrong):
            first = int(wrong[0])
            return [f"cnn_unload gives {int(found[first])} as value {first} of {of}; the net has {int(wanted[first])}"]
    return []


def _last_words(outcome: Outcome) -> str:
    lines = [line.strip() for line in outcome.console.splitlines() if line.strip() and "***" not in line]
    return repr(lines[-1]) if lines else "it printed nothing else"
