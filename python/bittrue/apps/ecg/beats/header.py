"""Headers of WFDB records, read strictly: what one says, what it leaves to a default, and what cannot be.

The grammar is that of header(5) of the WFDB applications guide. Every line has to match whole: a reader that stops at
the first character that it does not know takes ``360,5`` samples a second for 360.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from bittrue import limits
from bittrue.errors import BadInput, amount, shown
from bittrue.files import read_bytes

Rate = int | float
"""Samples a second. What is computed with it is exact by `exact`: 128.7 is 1287/10 there."""

DEFAULT_RATE, DEFAULT_GAIN = 250, 200.0
"""Frames a second and steps a unit where a header has none (header(5))."""

SLOWEST, FASTEST = 50, 100_000
"""Samples a second that an electrocardiogram may have: no QRS complex is left below, nothing is gained above."""

SIGNALS, SEGMENTS = 1_000, 100_000
"""Of a record, at most."""

NO_FILE = "~"
"""Name of a signal's file where the signal is not stored, and of a segment that is a gap."""

_RECORD = re.compile(
    r"(?P<name>[-\w]+)(?:/(?P<segments>\d{1,9}))?\s+(?P<signals>\d{1,9})"
    r"(?:\s+(?P<rate>\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:/-?\d*\.?\d*(?:\(-?\d*\.?\d*\))?)?"
    r"(?:\s+(?P<length>\d{1,18})(?:\s+\d{1,2}(?::\d{1,2}){0,2}(?:\.\d{1,6})?(?:\s+\d{1,2}/\d{1,2}/\d{4})?)?)?)?",
    re.ASCII,
)
_SIGNAL = re.compile(
    r"(?P<file>~|[-\w]+(?:\.\w*)?)\s+(?P<format>\d{1,4})(?:x(?P<frame>\d{1,6}))?(?::(?P<skew>\d{1,9}))?(?:\+(?P<offset>\d{1,15}))?"
    r"(?:\s+(?P<gain>-?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:e[-+]?\d{1,3})?)?(?:\((?P<baseline>-?\d{1,10})\))?"
    r"(?:/(?P<units>[\w^%?/-]+))?(?:\s+(?P<bits>\d{1,3})(?:\s+(?P<zero>-?\d{1,10})(?:\s+(?P<initial>-?\d{1,11})"
    r"(?:\s+(?P<checksum>-?\d{1,10})(?:\s+(?P<block>\d{1,9})(?:\s+(?P<name>\S.*))?)?)?)?)?)?)?",
    re.ASCII,
)
_SEGMENT = re.compile(r"(?P<name>~|[-\w]+)\s+(?P<length>\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Signal:
    """One signal line.

    Parameters
    ----------
    name : str
        Description, ``""`` where there is none.
    file : str
        Beside the header; `NO_FILE` where nothing is stored.
    format : str
        Of its samples: ``"212"``, ``"16"`` ...
    frame, skew, offset : int
        Samples a frame; frames that the signal lags behind; bytes in front of the first sample of the file.
    gain, baseline : float, int
        Steps a unit, not 0; the step of 0 units.
    calibrated : bool
        Whether the header has the gain.
    units : str
        As written; micro is ``"u"``.
    checksum : int, optional
        Sum of all samples modulo 65,536.
    """

    name: str
    file: str
    format: str
    frame: int
    skew: int
    offset: int
    gain: float
    baseline: int
    calibrated: bool
    units: str
    checksum: int | None


@dataclass(frozen=True)
class Header:
    """A header.

    Parameters
    ----------
    path : Path
    rate : int or float
        Frames a second.
    default_rate : bool
        Whether the header has no rate, so that it is 250.
    length : int, optional
        Frames; None where the header does not say.
    signals : tuple of Signal
    segments : tuple of (str, int)
        Names and frames of the records that this one is made of, one after the other; none for most.
    """

    path: Path
    rate: Rate
    default_rate: bool
    length: int | None
    signals: tuple[Signal, ...] = ()
    segments: tuple[tuple[str, int], ...] = ()


def read_header(path: Path) -> Header:
    """Read a header.

    Raises `BadInput` where it cannot be read, a line is none of header(5), and where the record has no signal, another
    number of lines than it says, or a rate of 0.
    """
    rows = _lines(path)
    if not rows:
        raise BadInput(f"{path} is not a WFDB header: it is empty; copy the record anew")
    fields = _fields(_RECORD, rows[0], path, "first line")
    if fields["length"] is not None and int(fields["length"]) == 0:
        raise BadInput(f"{path} says that the record has 0 samples; copy the record anew")
    several = fields["segments"] is not None
    what, said = ("segment", fields["segments"] or "0") if several else ("signal", fields["signals"] or "0")
    most = SEGMENTS if several else SIGNALS
    if not 0 < int(said) <= most:
        raise BadInput(f"{path} says that the record has {int(said):,} {what}s; 1 to {most:,} can be")
    if len(rows) - 1 != int(said):
        raise BadInput(f"{path} says {said} {what}s and has {len(rows) - 1} lines of them; copy the record anew")
    signals, segments = [], []
    for row in rows[1:]:
        if several:
            part = _fields(_SEGMENT, row, path, "line of a segment")
            segments.append((part["name"] or "", int(part["length"] or 0)))
        else:
            signals.append(_signal(_fields(_SIGNAL, row, path, "line of a signal"), path))
    rate = DEFAULT_RATE if fields["rate"] is None else as_rate(exact(fields["rate"]))
    if not rate:
        raise BadInput(f"{path} says 0 samples a second; correct the rate, or leave it out for {DEFAULT_RATE}")
    return Header(path, rate, fields["rate"] is None, _whole(fields["length"]), tuple(signals), tuple(segments))


def exact(number: float | str) -> Fraction:
    """A decimal number as it is written."""
    return Fraction(str(number))


def as_rate(number: Fraction) -> Rate:
    """A rate as it is shown: an int where it is whole."""
    return int(number) if number.denominator == 1 else float(number)


def checked_rate(rate: Rate, whose: str) -> Rate:
    """The rate. Raises `BadInput`, which begins with ``whose``, outside of `SLOWEST` to `FASTEST`."""
    if not SLOWEST <= rate <= FASTEST:
        raise BadInput(
            f"{whose} has {amount(rate)} samples a second; an ECG has {SLOWEST} to {FASTEST:,}; correct the rate"
        )
    return rate


def _lines(path: Path) -> list[str]:
    """The lines that say something, stripped, without comments; the micro sign is ``u``."""
    content = read_bytes(path, "the header", limits.TEXT)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    rows = [row.strip() for row in re.split(r"[\r\n]+", text)]
    return [re.sub("[µμ]", "u", row) for row in rows if row and not row.startswith("#")]


def _fields(pattern: re.Pattern[str], row: str, path: Path, which: str) -> dict[str, str | None]:
    match = pattern.fullmatch(row)
    if match is None:
        raise BadInput(f"{path} is not a WFDB header: its {which} is {shown(row)}; correct it, or copy the record anew")
    return match.groupdict()


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)


def _signal(fields: dict[str, str | None], path: Path) -> Signal:
    gain = float(fields["gain"] or 0)
    if not math.isfinite(gain):
        raise BadInput(f"{path} has a signal of {fields['gain']} steps a unit; copy the record anew")
    return Signal(
        name=(fields["name"] or "").strip(),
        file=fields["file"] or "",
        format=fields["format"] or "",
        frame=int(fields["frame"] or 1) or 1,
        skew=int(fields["skew"] or 0),
        offset=int(fields["offset"] or 0),
        gain=gain or DEFAULT_GAIN,
        baseline=int(fields["baseline"] or fields["zero"] or 0),
        calibrated=gain != 0,
        units=fields["units"] or "mV",
        checksum=_whole(fields["checksum"]),
    )
