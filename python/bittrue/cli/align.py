"""``bittrue align``: two recordings of an amplifier become a capture folder."""

from __future__ import annotations

import argparse

import numpy as np

from bittrue.cli.parser import Commands, Parser, add_command, add_folder, console, whole
from bittrue.kit.optional import needed


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    command = add_command(
        commands,
        "align",
        call,
        "align two recordings of an amplifier in time",
        net=False,
        examples=(
            "bittrue align in.npy out.csv -o my-amplifier --sample-rate 983.04e6 --bandwidth 200e6 --sub-channels 5",
            "bittrue align in.npy out.npy -o my-amplifier --sample-rate 200e6 --bandwidth 40e6 --correct",
        ),
    )
    command.add_argument("input", metavar="IN", help="what went into the amplifier: .npy or CSV, I and Q")
    command.add_argument("recorded", metavar="OUT", help="what came out of it")
    add_folder(command, "the aligned capture")
    command.add_argument("--sample-rate", type=float, required=True, metavar="HZ", help="of both, such as 983.04e6")
    command.add_argument("--bandwidth", type=float, required=True, metavar="HZ", help="that the input occupies")
    command.add_argument(
        "--sub-channels", type=whole(1, 1000), default=1, metavar="N", help="carriers of equal width (default 1)"
    )
    command.add_argument(
        "--segment", type=whole(2, 1 << 24), metavar="N", help="samples of a segment of the metrics, an even number"
    )
    command.add_argument(
        "--accept", action="append", default=[], metavar="CHECK", help="a check that may fail; may be given repeatedly"
    )
    command.add_argument(
        "--correct",
        action="store_true",
        help="remove a constant frequency offset and a ratio of the sample clocks",
    )


def call(arguments: argparse.Namespace) -> int:
    """Align, write the folder, and say what was found."""
    with needed("aligning draws a picture, which needs", "scipy", "matplotlib", extra="sim"):
        from bittrue.apps.dpd.captures import capture_writer
    done = capture_writer.write(
        arguments.input,
        arguments.recorded,
        arguments.output,
        arguments.sample_rate,
        arguments.bandwidth,
        arguments.sub_channels,
        arguments.segment,
        arguments.accept,
        arguments.correct,
    )
    out, found = console(), done.before
    if arguments.correct:
        out.print(f"frequency offset {done.mended.hertz:+,.6g} Hz, sample clock {done.mended.ppm:+.4g} ppm: removed")
    gain, phase = 20 * np.log10(abs(found.gain)), np.degrees(np.angle(found.gain))
    out.print(f"delay {found.delay:+.3f} samples, gain {gain:+.2f} dB, phase {phase:+.1f} degrees: removed")
    out.print(f"correlation {done.after.correlation:.4f}, delay left {done.after.delay:+.4f} samples")
    samples = ", ".join(f"{len(signal):,} {split}" for split, signal in done.capture.inputs.items())
    out.print(f"capture: {arguments.output}: {samples} samples; {done.capture.channel}", markup=False)
    out.print(f"picture: {arguments.output}/{capture_writer.PICTURE}", markup=False)
    return 0
