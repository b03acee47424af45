"""``bittrue max78002 verify``: firmware, executed without the chip."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bittrue.cli.parser import Commands, Parser, add_command, remark, whole

if TYPE_CHECKING:
    from bittrue_firmware.verifying import LayerReport, Verdict

CLOCK_MHZ = {"MAX78002": 200, "MAX78000": 50}
"""The accelerator's clock as the generated firmware sets it."""

LIMIT_MILLIONS = 400


def add(under: Commands[Parser]) -> None:
    """Add the command below ``bittrue max78002``."""
    does = "compile a project and run it on an emulated Cortex-M4 and a model of the accelerator"
    command = add_command(under, "verify", call, does, net=False)
    command.add_argument("folder", metavar="DIR", help="a project that bittrue max78002 generate wrote")
    command.add_argument(
        "--limit",
        type=whole(1, 100_000),
        default=LIMIT_MILLIONS,
        metavar="M",
        help=f"millions of instructions after which the firmware counts as hung (default {LIMIT_MILLIONS})",
    )
    command.add_argument("--console", action="store_true", help="print what the firmware printed")


def call(arguments: argparse.Namespace) -> int:
    """Run, print the verdict: 0 for PASS, 1 for FAIL."""
    from bittrue_firmware.verifying import verify

    verdict = verify(Path(arguments.folder), arguments.limit * 1_000_000)
    project = verdict.project
    if project.edited:
        remark(f"not as generated: {', '.join(project.edited)}")
    if verdict.warnings:
        remark(f"the compiler warns: {verdict.warnings.strip().splitlines()[0]}")
    print(
        f"{arguments.folder}: {project.net.name} for {project.chip.name}, {verdict.outcome.instructions:,} instructions"
        f", {verdict.writes:,} writes to the accelerator"
    )
    _print_layers(verdict)
    if arguments.console:
        print("".join(f"  | {line}\n" for line in verdict.outcome.console.splitlines()), end="")
    for complaint in verdict.complaints:
        print(f"FAIL: {complaint}")
    if verdict.passed:
        print("PASS: the firmware's known-answer test, every layer's data memory, and every weight and bias")
    return 0 if verdict.passed else 1


def _print_layers(verdict: Verdict) -> None:
    for number, report in enumerate(verdict.layers):
        print(f"  layer {number} {report.name}: {_does(report)}, about {report.cycles:,} cycles")
    total = sum(report.cycles for report in verdict.layers)
    clock = CLOCK_MHZ[verdict.project.chip.name]
    print(f"  estimated by formula, not measured: {total:,} cycles, {total / clock / 1000:.3f} ms at {clock} MHz")


def _does(report: LayerReport) -> str:
    settings = report.settings
    pool = f"{'average' if settings.average else 'maximum'} of {settings.pool}, " if settings.pool > 1 else ""
    what = {"conv": f"kernel {settings.taps}", "depthwise": f"depthwise kernel {settings.taps}", "pass": "pass-through"}
    passes = "" if settings.passes == 1 else f", {settings.passes} passes"
    bits = "" if settings.kind == "pass" else f", {'-1/+1' if settings.binary else f'{settings.bits}-bit'} weights"
    return f"{len(settings.processors)} processors{passes}, {pool}{what[settings.kind]}{bits}"
