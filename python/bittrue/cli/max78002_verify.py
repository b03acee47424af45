"""``bittrue max78002 verify``: firmware, executed without the chip."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bittrue.bars import steps
from bittrue.cli.frames import read_frames
from bittrue.cli.parser import Commands, Parser, add_command, add_json, print_json, remark, whole
from bittrue.errors import BadInput
from bittrue.spec import Net

if TYPE_CHECKING:
    from bittrue_firmware.frames import FramesVerdict
    from bittrue_firmware.verifying import Verdict

CLOCK_MHZ = {"MAX78002": 200, "MAX78000": 50}
"""The accelerator's clock as the generated firmware sets it."""

LIMIT_MILLIONS = 400


def add(under: Commands[Parser]) -> None:
    """Add the command below ``bittrue max78002``."""
    does = "compile a project and run it on an emulated Cortex-M4 and a model of the accelerator"
    examples = (
        "bittrue max78002 verify build/ecg",
        "bittrue max78002 verify build/ecg --frames beats.npy --count 100",
    )
    command = add_command(under, "verify", call, does, net=False, examples=examples)
    command.add_argument("folder", metavar="DIR", help="a project that bittrue max78002 generate wrote")
    command.add_argument(
        "--limit",
        type=whole(1, 100_000),
        default=LIMIT_MILLIONS,
        metavar="M",
        help=f"millions of instructions after which the firmware counts as hung (default {LIMIT_MILLIONS})",
    )
    command.add_argument("--console", action="store_true", help="print what the firmware printed")
    command.add_argument(
        "--frames", metavar="X.npy", help="run the firmware on these frames too: integers are codes, others values"
    )
    add_json(command)
    command.add_argument("--count", type=whole(1, 1 << 31), metavar="N", help="how many of them, from the first on")


def call(arguments: argparse.Namespace) -> int:
    """Run, print the verdict: 0 for PASS, 1 for FAIL."""
    from bittrue_firmware.project import read_project
    from bittrue_firmware.verifying import verify_project

    project = read_project(Path(arguments.folder))
    frames = _frames(project.net, arguments)
    with steps("compiling the firmware and running it"):
        verdict = verify_project(project, arguments.limit * 1_000_000)
    if project.edited:
        remark(f"not as generated: {', '.join(project.edited)}")
    if verdict.warnings:
        remark(f"the compiler warns: {verdict.warnings.strip().splitlines()[0]}")
    if arguments.json:
        ran = None if frames is None or not verdict.passed else _through(verdict, frames, arguments)
        print_json(_document(verdict, ran))
        return 0 if verdict.passed and (ran is None or ran.passed) else 1
    print(
        f"{arguments.folder}: {project.net.name} for {project.chip.name}, {verdict.outcome.instructions:,} instructions"
        f", {verdict.writes:,} writes to the accelerator"
    )
    _print_layers(verdict)
    if arguments.console:
        print("".join(f"  | {line}\n" for line in verdict.outcome.console.splitlines()), end="")
    for complaint in verdict.complaints:
        print(f"FAIL: {complaint}")
    if not verdict.passed:
        return 1
    print("PASS: the firmware's known-answer test, every layer's data memory, and every weight and bias", flush=True)
    return 0 if frames is None else _run_frames(verdict, frames, arguments)


def _frames(net: Net, arguments: argparse.Namespace) -> npt.NDArray[np.int64] | None:
    """The frames of ``--frames`` that are to run, or None where there is no such option."""
    path, count = arguments.frames, arguments.count
    if path is None:
        if count is not None:
            raise BadInput("--count says how many frames of a file are run; name the file with --frames X.npy")
        return None
    codes = read_frames(net, path)
    if count is not None and count > len(codes):
        raise BadInput(f"{path} holds {len(codes):,} frames and --count asks for {count:,}; ask for fewer")
    return codes[:count]


def _document(verdict: Verdict, ran: FramesVerdict | None) -> dict[str, object]:
    """What is printed, for a script; cycles are estimated by formula, ``frames`` null where none were given or ran."""
    return {
        "net": verdict.project.net.name,
        "device": verdict.project.chip.name,
        "passed": verdict.passed,
        "complaints": list(verdict.complaints),
        "instructions": verdict.outcome.instructions,
        "writes": verdict.writes,
        "layers": [{"name": one.name, "does": one.does, "cycles": one.cycles} for one in verdict.layers],
        "clock_mhz": CLOCK_MHZ[verdict.project.chip.name],
        "frames": ran and {**vars(ran), "complaints": list(ran.complaints), "passed": ran.passed},
    }


def _run_frames(verdict: Verdict, frames: npt.NDArray[np.int64], arguments: argparse.Namespace) -> int:
    """More frames through the firmware that passed; 0 where all agree, else 1."""
    found = _through(verdict, frames, arguments)
    for complaint in found.complaints:
        print(f"FAIL: {complaint}")
    if found.passed:
        print(
            f"PASS: {_count(found.frames)} of {arguments.frames} through the same firmware, {found.instructions:,} "
            f"instructions: every layer's data memory, the known-answer test, and what cnn_unload gives"
        )
    return 0 if found.passed else 1


def _through(verdict: Verdict, frames: npt.NDArray[np.int64], arguments: argparse.Namespace) -> FramesVerdict:
    """Run the frames, and say on stderr how long that took."""
    from bittrue_firmware.frames import verify_frames

    begin, done = time.monotonic(), 0
    with steps("frames") as step:

        def ran() -> None:
            nonlocal done
            done += 1
            step("frames", done, len(frames))

        found = verify_frames(verdict, frames, arguments.limit * 1_000_000, ran)
    seconds = time.monotonic() - begin
    remark(f"{_count(found.frames)} in {seconds:.1f} s on this computer, {found.frames / seconds:.1f} a second")
    return found


def _count(frames: int) -> str:
    return "1 frame" if frames == 1 else f"{frames:,} frames"


def _print_layers(verdict: Verdict) -> None:
    for number, report in enumerate(verdict.layers):
        print(f"  layer {number} {report.name}: {report.does}, about {report.cycles:,} cycles")
    total = sum(report.cycles for report in verdict.layers)
    clock = CLOCK_MHZ[verdict.project.chip.name]
    print(f"  estimated by formula, not measured: {total:,} cycles, {total / clock / 1000:.3f} ms at {clock} MHz")
