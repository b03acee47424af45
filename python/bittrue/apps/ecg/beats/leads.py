"""The samples of one lead of a WFDB record: chosen by name, checked against the header, in microvolts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import limits
from bittrue.apps.ecg.beats.header import NO_FILE, Header, Rate, Signal, checked_rate, exact, read_header
from bittrue.errors import BadInput, shown

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LEAD = "MLII"
"""The lead that 46 of the 48 MIT-BIH records have; the first channel of all of them but 114, whose second it is."""

SAME = {LEAD: ("II", "ECG lead II", "ECG II", "Lead II")}
"""Names of the lead that is taken where one is not there: MLII is lead II with the electrodes on the chest."""

BYTES = {
    **{"8": Fraction(1), "80": Fraction(1), "16": Fraction(2), "61": Fraction(2), "160": Fraction(2)},
    **{"24": Fraction(3), "32": Fraction(4), "212": Fraction(3, 2), "310": Fraction(4, 3), "311": Fraction(4, 3)},
}
"""Bytes of a sample of a format (signal(5))."""

PACKED = ("508", "516", "524")
"""Formats of FLAC files, whose size says nothing about their length."""

BITS = {"80": 8, "508": 8, "310": 10, "311": 10, "212": 12, "24": 24, "524": 24, "32": 32, "16": 16, "61": 16, "160": 16}
"""Width of a format's codes; the lowest one stands for "no value". Format 8, differences, has none."""

MICROVOLTS = {"V": 10**6, "v": 10**6, "volt": 10**6, "mV": 1000, "mv": 1000, "uV": 1, "uv": 1, "nV": Fraction(1, 1000)}
"""Microvolts of a unit."""

LARGEST = 10**7
"""Microvolts that a signal may have: 10 V is no electrocardiogram but a wrong gain or unit."""


@dataclass(frozen=True, eq=False)
class Lead:
    """One lead.

    Parameters
    ----------
    name : str
    rate : int or Fraction
        Samples a second.
    signal : int64 array (samples,)
        Microvolts.
    blank : bool array (samples,)
        Where there is no value.
    remarks : tuple of str
        What was taken for granted.
    """

    name: str
    rate: Rate
    signal: Codes
    blank: Flags
    remarks: tuple[str, ...] = ()


def read_lead(wfdb: Any, folder: Path, name: str, lead: str = LEAD) -> tuple[Header, Lead]:
    """Read the header of a record and one lead of it.

    ``uV = floor((code - baseline) * u / gain + 1/2)``, code by code, with ``u`` the microvolts of the signal's unit.

    Raises
    ------
    BadInput
        For a file that is missing, cut off or changed, a record without the lead, a unit that is no voltage, and a
        lead without any value.
    """
    header = read_header(present(folder, f"{name}.hea", name))
    parts = _parts(header, name)
    names = list(dict.fromkeys(each for part in parts if part.header for each in _names(part.header.signals)))
    chosen = choose(names, name, lead)
    owners = [part.header for part in parts if part.header and chosen in _names(part.header.signals)]
    frame = _signal(owners[0], chosen).frame
    rate = checked_rate(exact(header.rate * frame), f"lead {chosen} of record {name}")
    limits.take(sum(part.frames for part in parts) * frame * 64, f"lead {chosen} of record {name}")
    remarks = _taken(header, owners, name, lead, chosen)
    pieces = [_piece(wfdb, part, chosen, frame, remarks) for part in parts]
    signal, blank = (np.concatenate(column) for column in zip(*pieces, strict=True))
    if blank.all():
        raise BadInput(
            f"lead {chosen} of record {name} has no value at all; choose another lead, or leave the record out"
        )
    if (peak := int(abs(signal[~blank]).max())) > LARGEST:
        raise BadInput(
            f"lead {chosen} of record {name} reaches {peak / 1e6:,.0f} V; correct gain, baseline or unit in {header.path}"
        )
    return header, Lead(chosen, rate, signal, blank, tuple(dict.fromkeys(remarks)))


def files(folder: Path, name: str) -> list[str]:
    """The files of a record's signals, relative to the folder, the header first; the usual two where it is damaged."""
    found = [f"{name}.hea"]
    try:
        header = read_header(folder / found[0])
        for segment in dict.fromkeys(segment for segment, _ in header.segments if segment != NO_FILE):
            found += files(folder, _beside(name, segment)) if segment != header.path.stem else []
    except BadInput:
        return [*found, f"{name}.dat"]
    return list(dict.fromkeys(found + [_beside(name, signal.file) for signal in header.signals if signal.file != NO_FILE]))


def present(folder: Path, file: str, name: str) -> Path:
    """The path of a file of a record. Raises `BadInput` where it is no file."""
    path = folder / file
    try:
        there = path.is_file()
    except OSError:
        there = False
    if not there:
        raise BadInput(f"record {shown(name)} has no file {path}; copy it there, or name another record")
    return path


def choose(names: Sequence[str], record: str, lead: str) -> str:
    """The name of a lead among those of a record: itself, what is the same lead, a number, or the only one there is.

    Raises `BadInput`, naming those that are there, where none of it is, and where a name stands for several.
    """
    for wanted in (lead, *SAME.get(lead, ())):
        if wanted in names:
            return wanted
    if lead.isascii() and lead.isdigit() and 1 <= int(lead[:9]) <= len(names):
        return names[int(lead[:9]) - 1]
    if lead == LEAD and len(names) == 1:
        return names[0]
    there = " and ".join(names[:40]) or "no lead at all"
    raise BadInput(f"record {record} has no lead {lead}, only {there}; leave the record out or choose another lead")


@dataclass(frozen=True)
class _Part:
    """So many frames of a record: those of a header of its own, or a gap."""

    header: Header | None
    frames: int


def _beside(name: str, file: str) -> str:
    """A file in the folder of a record, which may lie in a folder itself."""
    return f"{name.rpartition('/')[0]}/{file}".lstrip("/")


def _parts(header: Header, name: str) -> list[_Part]:
    """The segments of a record, itself where it has none. Raises `BadInput` where they do not fit together."""
    if not header.segments:
        return [_Part(header, header.length or _length(header))]
    found: list[_Part] = []
    folder = header.path.parent
    for segment, frames in header.segments:
        if segment == NO_FILE:
            found.append(_Part(None, frames))
        elif frames:  # a segment of no frames only describes the leads of the others
            own = read_header(present(folder, f"{segment}.hea", f"{name}, segment {segment},"))
            if own.segments or own.rate != header.rate or own.length not in (None, frames):
                raise BadInput(
                    f"{own.path} does not fit {header.path}: it needs one segment of {frames:,} frames at"
                    f" {float(header.rate):g} a second; copy the record anew"
                )
            found.append(_Part(own, frames))
    if header.length not in (None, sum(part.frames for part in found)):
        raise BadInput(f"the segments of {header.path} are not the {header.length:,} frames of its first line; copy it anew")
    if all(part.header is None for part in found):
        raise BadInput(f"record {name} has gaps and nothing else; leave it out")
    return found


def _names(signals: Sequence[Signal]) -> list[str]:
    """A name for every signal: its description, numbered where several have the same, ``signal 1`` where it has none."""
    plain = [signal.name or "signal" for signal in signals]
    return [
        f"{own} {plain[: k + 1].count(own) if signals[k].name else k + 1}" if plain.count(own) > 1 or not signals[k].name else own
        for k, own in enumerate(plain)
    ]


def _signal(header: Header, lead: str) -> Signal:
    return header.signals[_names(header.signals).index(lead)]


def _length(header: Header) -> int:
    """Frames by the size of the files. Raises `BadInput` where a file's size does not say."""
    found = []
    for file in _stored(header):
        own = [signal for signal in header.signals if signal.file == file]
        if own[0].format in PACKED:
            raise BadInput(f"{header.path} says no length, and {file} is compressed; add the number of samples to its first line")
        size = present(header.path.parent, file, header.path.stem).stat().st_size - own[0].offset
        found.append(int(size / (_bytes(own[0], header) * sum(signal.frame for signal in own))))
    if not found or min(found) < 1:
        raise BadInput(f"{header.path} says no length, and its signals are empty; copy the record anew")
    return min(found)


def _stored(header: Header) -> list[str]:
    """The signal files, each once. Raises `BadInput` where signals of one file do not agree on what it is."""
    known: dict[str, Signal] = {}
    for signal in header.signals:
        other = known.setdefault(signal.file, signal)
        if (other.format, other.offset) != (signal.format, signal.offset) and signal.file != NO_FILE:
            raise BadInput(f"{header.path} gives {signal.file} two formats; copy the record anew")
    return [file for file in known if file != NO_FILE]


def _bytes(signal: Signal, header: Header) -> Fraction:
    if signal.format not in (*BYTES, *PACKED):
        raise BadInput(f"{header.path} has samples of format {signal.format}; known are {', '.join((*BYTES, *PACKED))}")
    return BYTES.get(signal.format, Fraction(0))


def _check_files(header: Header, frames: int) -> None:
    """Raises `BadInput`, before memory is taken, where a file is missing or smaller than the header says."""
    samples = 0
    for file in _stored(header):
        own = [signal for signal in header.signals if signal.file == file]
        count = frames * sum(signal.frame for signal in own)
        wanted = own[0].offset + ceil(count * _bytes(own[0], header))
        path = present(header.path.parent, file, header.path.stem)
        if (size := path.stat().st_size) < wanted:
            raise BadInput(f"{path} is cut off: {size:,} of {wanted:,} bytes; copy it anew")
        samples += count
    limits.take(16 * samples, f"record {header.path.stem}")


def _piece(wfdb: Any, part: _Part, lead: str, frame: int, remarks: list[str]) -> tuple[Codes, Flags]:
    """Microvolts of one part of a record, and where it has no value."""
    count, header = part.frames * frame, part.header
    if header is None or lead not in _names(header.signals):
        return np.zeros(count, np.int64), np.ones(count, np.bool_)
    signal = _signal(header, lead)
    if signal.frame != frame:
        raise BadInput(f"lead {lead} has {signal.frame} samples a frame in {header.path} and {frame} elsewhere; copy it anew")
    codes = _codes(wfdb, header, lead, part.frames, remarks)
    blank = codes == -(1 << BITS[signal.format] - 1) if signal.format in BITS else np.zeros(count, np.bool_)
    ahead = min(signal.skew * frame, count)
    codes = np.append(codes[ahead:], np.zeros(ahead, np.int64))
    blank = np.append(blank[ahead:], np.ones(ahead, np.bool_))
    if signal.units not in MICROVOLTS:
        raise BadInput(f"lead {lead} of {header.path} is in {signal.units!r}; {', '.join(MICROVOLTS)} are known")
    unit = MICROVOLTS[signal.units]
    with np.errstate(over="ignore"):
        values = (codes - signal.baseline) * (unit if isinstance(unit, int) else float(unit)) / signal.gain + 0.5
    return np.floor(np.clip(values, -1e15, 1e15)).astype(np.int64), blank


def _codes(wfdb: Any, header: Header, lead: str, frames: int, remarks: list[str]) -> Codes:
    """The samples of a lead as they are stored, all signals compared with the sums of the header."""
    _check_files(header, frames)
    stored = [k for k, signal in enumerate(header.signals) if signal.file != NO_FILE]
    at = _names(header.signals).index(lead)
    if at not in stored:
        raise BadInput(f"lead {lead} of {header.path} is not stored; choose another lead, or leave the record out")
    found = parsed(
        wfdb.rdrecord,
        header.path.with_suffix(""),
        f"{header.path} and its signals do not fit together",
        sampto=frames,
        channels=stored,
        physical=False,
        smooth_frames=False,
        ignore_skew=True,
        return_res=32,
    ).e_d_signal
    for k, codes in zip(stored, found, strict=True):
        signal = header.signals[k]
        total = int(np.sum(codes, dtype=np.int64)) % 65536
        if signal.checksum is None or total == signal.checksum % 65536:
            continue
        if signal.checksum:
            path = header.path.parent / signal.file
            raise BadInput(f"{path} does not have the checksum of its header; copy the record anew")
        remarks.append(f"{header.path.name} has checksum 0 for a signal of another one: it is taken for none")
    return np.asarray(found[stored.index(at)], dtype=np.int64)


def parsed(function: Any, base: Path, complaint: str, *options: Any, **named: Any) -> Any:
    """What wfdb makes of a file; whatever it raises on damaged bytes becomes one sentence."""
    try:
        return function(str(base.absolute()), *options, **named)
    except Exception as error:  # damaged files raise what NumPy or the parser happen to meet
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise BadInput(f"{complaint} ({reason}); copy the record anew") from None


def _taken(header: Header, owners: Sequence[Header], name: str, lead: str, chosen: str) -> list[str]:
    """What was taken for granted, in sentences."""
    found = []
    if header.default_rate:
        found.append(f"{header.path.name} says no sampling rate: {float(header.rate):g} a second, as WFDB takes it, is taken")
    if chosen != lead:
        found.append(f"record {name}: lead {chosen} is taken for {lead}")
    if not all(_signal(owner, chosen).calibrated for owner in owners):
        found.append(f"lead {chosen} of record {name} has no gain: 200 steps a unit, as WFDB takes it, are taken")
    return found
