"""One lead of a WFDB record: chosen by its name, put together of the record's parts, in microvolts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bittrue import limits
from bittrue.apps.ecg.beats.header import NO_FILE, Header, Rate, as_rate, checked_rate, exact, read_header
from bittrue.apps.ecg.beats.samples import Codes, Flags, check_files, length, microvolts, present
from bittrue.errors import BadInput

LEAD = "MLII"
"""The lead that 46 of the 48 MIT-BIH records have; the first channel of all of them but 114, whose second it is."""

SAME: dict[str, tuple[str, ...]] = {LEAD: ("II", "ECG lead II", "ECG II", "Lead II")}
"""Names of the lead that is taken where one is not there: MLII is lead II with the electrodes on the chest."""

LARGEST, SMALLEST = 10**6, 50
"""Microvolts that a signal may reach, and that it has from lowest to highest: else gain or unit are wrong."""


@dataclass(frozen=True, eq=False)
class Lead:
    """One lead.

    Parameters
    ----------
    name : str
    rate : int or float
        Samples a second.
    signal : int64 array (samples,)
        Microvolts.
    blank : bool array (samples,)
        Where there is no value.
    remarks : tuple of str
        What was taken for granted, in sentences.
    """

    name: str
    rate: Rate
    signal: Codes
    blank: Flags
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """So many frames of a record: those of a header, or a gap."""

    header: Header | None
    frames: int

    @property
    def names(self) -> list[str]:
        """A name for each signal: its description, numbered where said twice, ``signal 1`` where there is none."""
        said = [signal.name for signal in self.header.signals] if self.header else []
        return [
            f"{name or 'signal'} {said[: k + 1].count(name)}" if said.count(name) > 1 or not name else name
            for k, name in enumerate(said)
        ]


def read_lead(wfdb: Any, folder: Path, name: str, lead: str = LEAD) -> tuple[Header, Lead]:
    """Read the header of a record and one lead of it, as `bittrue.apps.ecg.beats.samples.microvolts` has it.

    Raises
    ------
    BadInput
        For a file that is missing, cut off or changed, a record without the lead, a unit that is no voltage, and a
        lead without any value.
    """
    header = read_header(present(folder, f"{name}.hea", name))
    parts = _parts(header, name)
    chosen = choose(list(dict.fromkeys(each for part in parts for each in part.names)), name, lead)
    owners = [part.header.signals[part.names.index(chosen)] for part in parts if part.header and chosen in part.names]
    frame, whose = owners[0].frame, f"lead {chosen} of record {name}"
    if any(owner.frame != frame for owner in owners):
        raise BadInput(f"{whose} changes its number of samples a frame; copy the record anew")
    rate = checked_rate(as_rate(exact(header.rate) * frame), whose)
    for part in parts:
        if part.header and chosen in part.names:
            check_files(part.header, part.frames)
    limits.take(64 * frame * sum(part.frames for part in parts), whose)
    remarks = _taken(header, name, lead, chosen)
    if not all(owner.calibrated for owner in owners):
        remarks.append(f"{whose} has no gain: 200 steps a unit, as WFDB takes it, are taken")
    pieces = []
    for part in parts:
        if part.header and chosen in part.names:
            signal, blank, said = microvolts(wfdb, part.header, part.names.index(chosen), part.frames)
            remarks += said
        else:
            signal, blank = np.zeros(part.frames * frame, np.int64), np.ones(part.frames * frame, np.bool_)
        pieces.append((signal, blank))
    signal, blank = (np.concatenate(column) for column in zip(*pieces, strict=True))
    if blank.all():
        raise BadInput(f"{whose} has no value at all; choose another lead, or leave the record out")
    remarks += checked(signal[~blank], whose, f"gain, baseline or unit in {header.path}")
    return header, Lead(chosen, rate, signal, blank, tuple(dict.fromkeys(remarks)))


def checked(values: Codes, whose: str, what: str) -> list[str]:
    """A remark where a signal is hardly one; ``what`` may be wrong. Raises `BadInput` beyond `LARGEST`."""
    if (peak := int(abs(values).max())) > LARGEST:
        raise BadInput(f"{whose} reaches {peak / 1e6:,.1f} V, which no electrocardiogram does; correct {what}")
    span = int(values.max() - values.min())
    return [f"{whose} has {span} uV from its lowest to its highest value; check {what}"] if span < SMALLEST else []


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


def files(folder: Path, name: str) -> list[str]:
    """The files of a record's signals, relative to the folder, headers first; the usual two where it is damaged."""
    found = [f"{name}.hea"]
    try:
        header = read_header(folder / found[0])
    except BadInput:
        return [*found, f"{name}.dat"]
    for segment in dict.fromkeys(segment for segment, _ in header.segments):
        if segment not in (NO_FILE, header.path.stem):
            own = _beside(name, f"{segment}.hea")
            found.append(own)
            if (folder / own).is_file():
                found += [_beside(name, file) for file in _signal_files(folder / own)]
    return list(dict.fromkeys([*found, *(_beside(name, file) for file in _signal_files(header.path))]))


def _signal_files(path: Path) -> list[str]:
    try:
        return [signal.file for signal in read_header(path).signals if signal.file != NO_FILE]
    except BadInput:
        return []


def _beside(name: str, file: str) -> str:
    """A file in the folder of a record, which may lie in a folder itself."""
    return f"{name.rpartition('/')[0]}/{file}".lstrip("/")


def _parts(header: Header, name: str) -> list[Part]:
    """The segments of a record, itself where it has none. Raises `BadInput` where they do not fit together."""
    if not header.segments:
        return [Part(header, length(header))]
    found: list[Part] = []
    for segment, frames in header.segments:
        if segment == NO_FILE:
            found.append(Part(None, frames))
        elif frames:  # a segment of no frames only describes the leads of the others
            own = read_header(present(header.path.parent, f"{segment}.hea", name))
            if own.segments or own.rate != header.rate or own.length not in (None, frames):
                raise BadInput(
                    f"{own.path} does not fit {header.path}: it needs one segment of {frames:,} frames at"
                    f" {header.rate:g} a second; copy the record anew"
                )
            found.append(Part(own, frames))
    if header.length not in (None, sum(part.frames for part in found)):
        raise BadInput(f"the segments of {header.path} are not its {header.length:,} frames; copy the record anew")
    if all(part.header is None for part in found):
        raise BadInput(f"record {name} has gaps and nothing else; leave it out")
    return found


def _taken(header: Header, name: str, lead: str, chosen: str) -> list[str]:
    """What was taken for granted of the whole record, in sentences."""
    found = []
    if header.default_rate:
        found.append(f"{header.path.name} says no sampling rate: {header.rate:g} a second, as WFDB takes it, is taken")
    if chosen != lead:
        found.append(f"record {name}: lead {chosen} is taken for {lead}")
    return found
