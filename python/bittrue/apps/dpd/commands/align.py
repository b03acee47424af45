"""``bittrue align``: two recordings of an amplifier become a capture folder."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bittrue.kit.application import Command, Option, Printed, Result
from bittrue.kit.arguments import whole
from bittrue.kit.optional import needed


def run(arguments: argparse.Namespace) -> Printed:
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
    found, after, folder = done.before, done.after, Path(arguments.output)
    if arguments.correct:
        yield f"frequency offset {done.mended.hertz:+,.6g} Hz, sample clock {done.mended.ppm:+.4g} ppm: removed"
    gain, phase = float(20 * np.log10(abs(found.gain))), float(np.degrees(np.angle(found.gain)))
    yield f"delay {found.delay:+.3f} samples, gain {gain:+.2f} dB, phase {phase:+.1f} degrees: removed"
    yield f"correlation {after.correlation:.4f}, delay left {after.delay:+.4f} samples"
    lengths = {split: len(signal) for split, signal in done.capture.inputs.items()}
    samples = ", ".join(f"{number:,} {split}" for split, number in lengths.items())
    yield f"capture: {folder}: {samples} samples; {done.capture.channel}"
    yield f"picture: {folder / capture_writer.PICTURE}"
    removed = {"delay_samples": float(found.delay), "gain_db": gain, "phase_degrees": phase}
    if arguments.correct:
        removed |= {"frequency_offset_hz": float(done.mended.hertz), "clock_ppm": float(done.mended.ppm)}
    left = {"correlation": float(after.correlation), "delay_left_samples": float(after.delay)}
    files = sorted(path for path in folder.iterdir() if path.is_file())
    yield Result({"removed": removed, **left, "samples": lengths, "channel": str(done.capture.channel)}, files)


COMMAND = Command(
    "align two recordings of an amplifier in time",
    run,
    (
        Option("input", "what went into the amplifier: .npy or CSV, I and Q", {"metavar": "IN"}),
        Option("recorded", "what came out of it", {"metavar": "OUT"}),
        Option(
            "--output", "folder for the aligned capture; made if need be", {"required": True, "metavar": "DIR"}, "-o"
        ),
        Option("--sample-rate", "of both, such as 983.04e6", {"type": float, "required": True, "metavar": "HZ"}),
        Option("--bandwidth", "that the input occupies", {"type": float, "required": True, "metavar": "HZ"}),
        Option(
            "--sub-channels",
            "carriers of equal width (default 1)",
            {"type": whole(1, 1000), "default": 1, "metavar": "N"},
        ),
        Option(
            "--segment",
            "samples of a segment of the metrics, an even number",
            {"type": whole(2, 1 << 24), "metavar": "N"},
        ),
        Option(
            "--accept",
            "a check that may fail; may be given repeatedly",
            {"action": "append", "default": [], "metavar": "CHECK"},
        ),
        Option(
            "--correct",
            "remove a constant frequency offset and a ratio of the sample clocks",
            {"action": "store_true"},
        ),
    ),
    (
        "bittrue align in.npy out.csv -o my-amplifier --sample-rate 983.04e6 --bandwidth 200e6 --sub-channels 5",
        "bittrue align in.npy out.npy -o my-amplifier --sample-rate 200e6 --bandwidth 40e6 --correct",
    ),
    result=True,
)
