"""The samples of a WFDB header's signals: their files, checked before memory is taken, and their microvolts."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import limits
from bittrue.apps.ecg.beats.header import NO_FILE, Header, Signal
from bittrue.errors import BadInput

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BYTES = {
    **{"8": Fraction(1), "80": Fraction(1), "16": Fraction(2), "61": Fraction(2), "160": Fraction(2)},
    **{"24": Fraction(3), "32": Fraction(4), "212": Fraction(3, 2), "310": Fraction(4, 3), "311": Fraction(4, 3)},
}
"""Bytes of a sample of a format (signal(5))."""

PACKED = ("508", "516", "524")
"""Formats of FLAC files, whose size says nothing about their length."""

BITS = {"80": 8, "508": 8, "310": 10, "311": 10, "212": 12, "24": 24, "524": 24, "32": 32}
BITS |= dict.fromkeys(("16", "61", "160", "516"), 16)
"""Width of a format's codes; the lowest one stands for "no value". Format 8, differences, has none."""

MICROVOLTS: dict[str, int | Fraction] = {"V": 10**6, "mV": 1000, "mv": 1000, "uV": 1, "uv": 1, "nV": Fraction(1, 1000)}
"""Microvolts of a unit."""


def present(folder: Path, file: str, name: str) -> Path:
    """The path of a file of a record. Raises `BadInput` where it is no file."""
    path = folder / file
    try:
        there = path.is_file()
    except OSError:
        there = False
    if not there:
        raise BadInput(f"record {name} has no file {path}; copy it there, or name another record")
    return path


def length(header: Header) -> int:
    """Frames of a record: those of its header, or as many as its files hold.

    Raises `BadInput` where a file's size does not say.
    """
    if header.length is not None:
        return header.length
    found = []
    for file, own in _stored(header).items():
        if own[0].format in PACKED:
            raise BadInput(f"{header.path} says no length, and {file} is compressed; add the samples to its first line")
        size = present(header.path.parent, file, header.path.stem).stat().st_size - own[0].offset
        found.append(int(size / (BYTES[own[0].format] * sum(signal.frame for signal in own))))
    if not found or min(found) < 1:
        raise BadInput(f"{header.path} says no length, and its signals are empty; copy the record anew")
    return min(found)


def check_files(header: Header, frames: int) -> None:
    """Raises `BadInput`, before memory is taken, where a file is missing or smaller than the header says."""
    samples = 0
    for file, own in _stored(header).items():
        count = frames * sum(signal.frame for signal in own)
        wanted = own[0].offset + ceil(count * BYTES.get(own[0].format, Fraction(0)))
        path = present(header.path.parent, file, header.path.stem)
        if (size := path.stat().st_size) < wanted:
            raise BadInput(f"{path} is cut off: {size:,} of {wanted:,} bytes; copy it anew")
        samples += count
    limits.take(16 * samples, f"record {header.path.stem}")


def microvolts(wfdb: Any, header: Header, at: int, frames: int) -> tuple[Codes, Flags, list[str]]:
    """One signal of a record, where it has no value, and what was taken for granted.

    ``uV = floor((code - baseline) * u / gain + 1/2)``, code by code, with ``u`` the microvolts of the signal's unit; a
    signal that lags behind is moved forward, with nothing at its end.

    Raises `BadInput` where the files are changed or no signals, and for a unit that is no voltage.
    """
    signal, count = header.signals[at], frames * header.signals[at].frame
    if signal.units not in MICROVOLTS:
        raise BadInput(f"signal {at + 1} of {header.path} is in {signal.units!r}; known are {', '.join(MICROVOLTS)}")
    codes, remarks = _codes(wfdb, header, at, frames)
    blank = codes == -(1 << BITS[signal.format] - 1) if signal.format in BITS else np.zeros(count, np.bool_)
    unit = MICROVOLTS[signal.units]
    with np.errstate(over="ignore"):
        values = (codes - signal.baseline) * (unit if isinstance(unit, int) else float(unit)) / signal.gain + 0.5
    found = np.floor(np.clip(values, -1e15, 1e15)).astype(np.int64)
    if ahead := min(signal.skew * signal.frame, count):
        found = np.append(found[ahead:], np.zeros(ahead, np.int64))
        blank = np.append(blank[ahead:], np.ones(ahead, np.bool_))
    return found, blank, remarks


def parsed(function: Any, base: Path, complaint: str, *options: Any, **named: Any) -> Any:
    """What wfdb makes of a file; whatever it raises on damaged bytes becomes one sentence."""
    try:
        return function(str(base.absolute()), *options, **named)
    except Exception as error:  # damaged files raise what NumPy or the parser happen to meet
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise BadInput(f"{complaint} ({reason}); copy the record anew") from None


def _codes(wfdb: Any, header: Header, at: int, frames: int) -> tuple[Codes, list[str]]:
    """The samples of a signal as they are stored, all signals compared with the sums of the header."""
    stored = [k for k, signal in enumerate(header.signals) if signal.file != NO_FILE]
    if at not in stored:
        raise BadInput(f"signal {at + 1} of {header.path} is not stored; choose another lead, or leave the record out")
    complaint = f"{header.path} and its signals do not fit together"
    alike = all(header.signals[k].frame == 1 for k in stored)
    options = {"channels": stored, "physical": False, "smooth_frames": alike, "ignore_skew": True, "return_res": 32}
    if header.length is not None:
        options["sampto"] = frames
    record = parsed(wfdb.rdrecord, header.path.with_suffix(""), complaint, **options)
    found = list(record.d_signal.T) if alike else record.e_d_signal
    remarks = []
    for k, codes in zip(stored, found, strict=True):
        signal = header.signals[k]
        if signal.checksum is None or (int(np.sum(codes, dtype=np.int64)) - signal.checksum) % 65536 == 0:
            continue
        if signal.checksum:
            path = header.path.parent / signal.file
            raise BadInput(f"{path} does not have the checksum of its header; copy the record anew")
        remarks.append(f"{header.path.name} has checksum 0 for a signal with another one; it is taken for none")
    count = frames * header.signals[at].frame
    codes = np.asarray(found[stored.index(at)], dtype=np.int64)[:count]
    if len(codes) != count:
        raise BadInput(f"{complaint}: {len(codes):,} of {count:,} samples are there; copy the record anew")
    return codes, remarks


def _stored(header: Header) -> dict[str, list[Signal]]:
    """The signal files and what each holds. Raises `BadInput` where they are of no known format, or of two."""
    found: dict[str, list[Signal]] = {}
    for signal in header.signals:
        if signal.file != NO_FILE:
            found.setdefault(signal.file, []).append(signal)
    for file, own in found.items():
        if len({(signal.format, signal.offset) for signal in own}) > 1:
            raise BadInput(f"{header.path} gives {file} two formats; copy the record anew")
        if own[0].format not in (*BYTES, *PACKED):
            known = ", ".join((*BYTES, *PACKED))
            raise BadInput(f"{header.path} has samples of format {own[0].format}; known are {known}")
    return found
