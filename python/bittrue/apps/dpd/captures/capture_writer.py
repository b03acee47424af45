"""``bittrue align``: two recordings become a folder that every other command takes as a capture."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bittrue.apps.dpd.captures import align, description, mend, recording
from bittrue.apps.dpd.captures.align import Alignment
from bittrue.apps.dpd.captures.checks import EACH, UNRELATED, UNSTEADY, Recording, look, refuse
from bittrue.apps.dpd.captures.data import Capture
from bittrue.apps.dpd.captures.description import Description
from bittrue.apps.dpd.captures.mend import Mended
from bittrue.apps.dpd.metrics import Channel, Complex, power_spectrum
from bittrue.errors import BadInput
from bittrue.files import write_together

INPUT, OUTPUT, SPEC, PICTURE = "input.npy", "output.npy", "spec.json", "align.png"


@dataclass(frozen=True, eq=False)
class Aligned:
    """What `write` did: alignment and correlation as they were found, what is left of the delay, the capture, and what
    was removed before, if that was asked for."""

    before: Alignment
    after: Alignment
    capture: Capture
    mended: Mended


def write(
    input_file: str | os.PathLike[str],
    output_file: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    sample_rate: float,
    bandwidth: float,
    n_sub_ch: int = 1,
    nperseg: int | None = None,
    accept: Collection[str] = (),
    correct: bool = False,
) -> Aligned:
    """Align two recordings and write a capture folder: both signals, spec.json and a picture, or nothing.

    The signals may differ in length. What is written has neither delay nor DC, ``max|x| = max|y| = 1``, and a real
    gain.

    Parameters
    ----------
    input_file, output_file : path
        As `recording.read` reads them.
    folder : path
        Made if need be.
    sample_rate, bandwidth : float
        In Hz.
    n_sub_ch, nperseg : int
        See `recording.capture`.
    accept : collection of str
        Checks that may fail (`bittrue.apps.dpd.captures.checks.CHECKS`); spec.json keeps them.
    correct : bool
        Remove a constant frequency offset and a ratio of the sample clocks (`bittrue.apps.dpd.captures.mend`).

    Raises
    ------
    BadInput
        For every fault but a delay and DC (`bittrue.apps.dpd.captures.checks`), and where the folder cannot be written.
    """
    recording.plausible(sample_rate, bandwidth)
    x, y = recording.read(input_file), recording.read(output_file)
    for name, signal in ((input_file, x), (output_file, y)):
        _look_at(name, signal)
    recording.wide_enough(min(len(x), len(y)), sample_rate, bandwidth)
    try:
        found = _aligned(Recording(x, y, sample_rate, bandwidth, aligning=True), accept, correct)
    except BadInput as error:
        raise BadInput(f"{input_file} and {output_file}: {error}") from None
    a, b, before = found.pair.x, found.pair.y, found.before
    length = len(a) - description.divided(len(a), description.RATIOS)[1]
    channel = Channel(sample_rate, bandwidth, n_sub_ch, nperseg or recording.segment(length))
    files = {
        INPUT: _npy(a),
        OUTPUT: _npy(b),
        SPEC: _spec(channel, before, accept, found.mended),
        PICTURE: _picture(x, y, a, b, before, channel),
    }
    _write(Path(folder), files)
    spec = Description(Path(folder) / SPEC, json.loads(files[SPEC]))
    return Aligned(before, found.after, recording.load(Path(folder), spec), found.mended)


@dataclass(frozen=True, eq=False)
class _Found:
    """The aligned pair; how it was aligned before, and is now; what was removed before that."""

    pair: Recording
    before: Alignment
    after: Alignment
    mended: Mended


def _aligned(taken: Recording, accept: Collection[str], correct: bool) -> _Found:
    # Clipping shows in the samples as they were recorded only.
    look(taken, EACH, accept)
    x, y, mended = taken.x - taken.x.mean(), taken.y, Mended()
    if correct:
        y, mended = mend.mend(x, y - align.direct(y), taken.sample_rate, taken.bandwidth)
    y = y - y.mean()
    # Before anything is cut off: what does not belong together has no delay by which to cut.
    look(replace(taken, x=x, y=y), [UNSTEADY, UNRELATED], accept)
    before = align.estimate(x, y, taken.sample_rate, taken.bandwidth)
    a, b = align.normalise(*align.apply(x, y, before))
    pair = replace(taken, x=a, y=b)
    return _Found(pair, before, refuse(pair, accept), mended)


def _look_at(name: str | os.PathLike[str], signal: Complex) -> None:
    if len(signal) < recording.SHORTEST:
        raise BadInput(f"{name} has {len(signal):,} samples; record {recording.SHORTEST:,} at least")
    if not np.isfinite(signal).all():
        place = int(np.flatnonzero(~np.isfinite(signal))[0])
        raise BadInput(f"{name} holds NaN or infinity, first at sample {place:,}; record it again")


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """All files, or neither them nor a folder that was not there before."""
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_together(folder, files)
    except (OSError, BadInput) as error:
        if made and folder.is_dir():
            folder.rmdir()
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"cannot make {folder}: {error.strerror}; choose another folder") from None


def _npy(signal: Complex) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, signal)
    return buffer.getvalue()


def _spec(channel: Channel, found: Alignment, accept: Collection[str], mended: Mended) -> bytes:
    spec: dict[str, Any] = {
        "input_signal_fs": channel.sample_rate,
        "bw_main_ch": channel.bandwidth,
        "n_sub_ch": channel.n_sub_ch,
        "nperseg": channel.nperseg,
        "input_file": INPUT,
        "output_file": OUTPUT,
        "split_ratios": dict(description.RATIOS),
        "accept": list(accept),
        "removed": {
            "delay_samples": found.delay,
            "gain_db": float(20 * np.log10(abs(found.gain))),
            "phase_degrees": float(np.degrees(np.angle(found.gain))),
            "frequency_offset_hz": mended.hertz,
            "clock_ppm": mended.ppm,
        },
    }
    return (json.dumps(spec, indent=1) + "\n").encode()


def _picture(x: Complex, y: Complex, a: Complex, b: Complex, found: Alignment, channel: Channel) -> bytes:
    """AM/AM before and after, and the spectra of what was written, as PNG."""
    from bittrue.apps.dpd.picture import overlapped
    from bittrue.kit.figures import INK, RED, TEAL, canvas, encoded

    figure = canvas(13, 4.4)
    axes = figure.subplots(1, 3)
    shown = slice(0, 20_000)
    common = min(len(x), len(y))
    first = x[:common] / abs(x).max(), y[:common] / abs(y).max()
    for place, (u, v), title in ((axes[0], first, "as recorded"), (axes[1], (a, b), "aligned")):
        place.plot(abs(u[shown]), abs(v[shown]), ".", markersize=1.5, alpha=0.4, color=TEAL)
        place.set(xlabel="|input| over its peak", ylabel="|output| over its peak", title=f"AM/AM, {title}")
        place.grid(alpha=0.3)
    narrow = Channel(channel.sample_rate, channel.bandwidth, channel.n_sub_ch, channel.nperseg)
    for signal, name, colour in ((a, "input", INK), (b, "output", RED)):
        spectrum = power_spectrum(overlapped(signal, narrow.nperseg), narrow)
        level = 10 * np.log10(np.maximum(spectrum / spectrum.max(), 1e-12))
        axes[2].plot(narrow.frequencies / 1e6, level, linewidth=0.9, color=colour, label=name)
    for side in (-1, 1):
        axes[2].axvline(side * channel.bandwidth / 2e6, color="#f2c14e", linewidth=1)
    axes[2].set(xlabel="frequency (MHz)", ylabel="dB below its peak", title="spectra; lines: the bandwidth")
    axes[2].set(ylim=(-110, 5))
    axes[2].legend(loc="upper right", fontsize=8, frameon=False)
    axes[2].grid(alpha=0.3)
    figure.suptitle(f"delay of {found.delay:.3f} samples removed; correlation {found.correlation:.4f} at that delay")
    return encoded(figure)
