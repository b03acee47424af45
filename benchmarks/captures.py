"""What spoils a capture, what `bittrue align` says of it, and what it costs: ``python benchmarks/captures.py``.

A made-up amplifier under a made-up signal of 40 MHz at 200 MS/s, 40,000 samples, NumPy's generator 0. The figures are
the error of the fitted twin over the test split, relative to the output in dB: of the record as it is, and as
``--correct`` leaves it.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bittrue.apps.dpd import closed_loop
from bittrue.apps.dpd.amplifiers import pa
from bittrue.apps.dpd.captures import capture_writer, unsteady
from bittrue.apps.dpd.captures.mend import resampled
from bittrue.apps.dpd.metrics import Complex
from bittrue.errors import BadInput

SAMPLES, RATE, BANDWIDTH = 40_000, 200e6, 40e6
TIME = np.arange(SAMPLES)


def signal() -> Complex:
    """A band-limited Gaussian signal with a peak of 1."""
    parts = np.random.default_rng(0).standard_normal((2, SAMPLES))
    inside = abs(np.fft.fftfreq(SAMPLES, 1 / RATE)) <= BANDWIDTH / 2
    x = np.fft.ifft(np.where(inside, parts[0] + 1j * parts[1], 0))
    return np.asarray(x / abs(x).max(), np.complex128)


def answered(x: Complex) -> Complex:
    """Compression with one sample of memory."""
    late = np.roll(x, 1)
    return np.asarray(x * (1 - 0.25 * abs(x) ** 2) + 0.05 * late * abs(late) ** 2, np.complex128)


def turned(y: Complex, hertz: float) -> Complex:
    """The output of an oscillator that is so many Hz off."""
    return np.asarray(y * np.exp(2j * np.pi * hertz / RATE * TIME), np.complex128)


def noisy(y: Complex, decibel: float) -> Complex:
    """White noise that many dB below the output."""
    parts = np.random.default_rng(1).standard_normal((2, len(y)))
    scale = np.sqrt((abs(y) ** 2).mean() / 2) * 10 ** (-decibel / 20)
    return np.asarray(y + scale * (parts[0] + 1j * parts[1]), np.complex128)


def spoilt(y: Complex) -> Iterator[tuple[str, Complex]]:
    """Names and outputs."""
    yield "nothing", y
    yield "noise at 30 dB", noisy(y, 30)
    yield "frequency offset of 25 Hz (0.005 turns)", turned(y, 25)
    yield "500 Hz (0.1 turns)", turned(y, 500)
    yield "-20 kHz (4 turns)", turned(y, -20e3)
    yield "500 Hz and noise at 10 dB", noisy(turned(y, 500), 10)
    yield "clock 2 ppm slower", resampled(y, 1 + 2e-6)
    yield "20 ppm slower", resampled(y, 1 + 20e-6)
    yield "200 ppm faster", resampled(y, 1 - 200e-6)
    yield "50 ppm and 20 kHz", resampled(turned(y, 20e3), 1 + 50e-6)
    yield "400 samples lost at 15,000", np.delete(y, slice(15_000, 15_400))
    yield "1 sample lost at 39,000", np.delete(y, 39_000)
    yield "64 samples repeated at 15,000", np.insert(y, 15_000, y[14_936:15_000])
    yield "phase jump of 3 degrees at 23,456", np.where(TIME < 23_456, y, y * np.exp(1j * np.pi / 60))
    yield "phase that wanders by 11 degrees", y * np.exp(0.1j * np.sin(8 * TIME / SAMPLES))
    yield "gain step of 0.8 dB at 23,456", np.where(TIME < 23_456, y, 1.1 * y)


def error(folder: Path, correct: bool) -> str:
    """NMSE of the twin in dB; nothing where the record is refused."""
    accept = () if correct else ("unsteady", "unrelated", "unaligned")
    try:
        done = capture_writer.write(
            folder / "x.npy", folder / "y.npy", folder / "capture", RATE, BANDWIDTH, accept=accept, correct=correct
        )
    except BadInput:
        return "refused"
    measured = done.capture.outputs["test"]
    error = closed_loop.output(done.capture, pa.fit(done.capture)) - measured
    return f"{10 * np.log10(np.vdot(error, error).real / np.vdot(measured, measured).real):.1f}"


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    x = signal()
    print("| spoilt by | found | twin's error as it is | with `--correct` |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        os.environ["BITTRUE_BUILD"] = place
        folder = Path(place)
        np.save(folder / "x.npy", x)
        for name, y in spoilt(answered(x)):
            np.save(folder / "y.npy", y)
            said = "; ".join(fault.text for fault in unsteady.faults(x, y, RATE, BANDWIDTH)) or "-"
            print(f"| {name} | {said} | {error(folder, False)} | {error(folder, True)} |", flush=True)


if __name__ == "__main__":
    main()
