"""Reading one record of an ECG database: lead by name, beats by class, every fault in one sentence."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bittrue import limits
from bittrue.apps.ecg.beats.classes import CLASS, FLUTTER
from bittrue.apps.ecg.beats.gaps import bridged, no_gaps
from bittrue.apps.ecg.beats.header import Header, Rate, exact
from bittrue.apps.ecg.beats.leads import LEAD, Lead, read_lead
from bittrue.apps.ecg.beats.samples import Codes, parsed, present
from bittrue.errors import BadInput, amount, shown
from bittrue.extras import install
from bittrue.files import read_bytes

ANNOTATOR = "atr"
"""Ending of the file of the reference annotations."""


@dataclass(frozen=True, eq=False)
class Record:
    """One lead of a record and its beats.

    Parameters
    ----------
    name : str
    rate : int or float
        Samples a second.
    signal : int64 array (samples,)
        Microvolts; where there is no value, a straight line between its neighbours.
    positions : int64 array (beats,)
        Sample of each beat's annotation, ascending.
    labels : int64 array (beats,)
        Class of each beat, 0 to 4 in the order of `bittrue.apps.ecg.beats.classes.CLASSES`.
    symbols : tuple of str
        The annotations as the database writes them; none where nobody annotated.
    gaps : int64 array (gaps, 2)
        First sample of each stretch without values that is too long for a straight line, and the one behind its last.
    remarks : tuple of str
        What was taken for granted, in sentences.
    known : bool
        Whether somebody said what the beats are; if not, all are Q.
    """

    name: str
    rate: Rate
    signal: Codes
    positions: Codes
    labels: Codes
    symbols: tuple[str, ...] = ()
    gaps: Codes = field(default_factory=no_gaps)
    remarks: tuple[str, ...] = ()
    known: bool = True


def read(folder: str | os.PathLike[str], name: str, lead: str = LEAD, annotator: str | None = ANNOTATOR) -> Record:
    """Read a record of a folder: ``name.hea``, the signal files that it names, and ``name.atr``.

    Parameters
    ----------
    folder : path
    name : str
        May begin with folders inside of this one: ``"sub/100"``.
    lead : str
        As `bittrue.apps.ecg.beats.leads.choose` takes it.
    annotator : str, optional
        Ending of the annotation file; None to find the R peaks by `bittrue.apps.ecg.beats.detection.peaks`.

    Raises
    ------
    BadInput
        As `bittrue.apps.ecg.beats.leads.read_lead` does, for an annotation file that is missing or damaged, and for a
        record without beats.
    """
    wfdb, root = package(), Path(folder)
    check_name(name)
    if annotator is not None:
        present(root, f"{name}.{annotator}", name)
    header, found = read_lead(wfdb, root, name, lead)
    if annotator is None:
        return detected(name, found)
    positions, symbols, remarks = _annotated(wfdb, root / name, annotator, header, found)
    labels = np.array([CLASS[symbol] for symbol in symbols], dtype=np.int64)
    return _record(name, found, positions, labels, symbols, remarks)


def detected(name: str, lead: Lead) -> Record:
    """A record of a lead that nobody annotated. Raises `BadInput` where no beat is found in it."""
    from bittrue.apps.ecg.beats.detection import peaks

    bare = _record(name, lead, np.zeros(0, np.int64), np.zeros(0, np.int64), (), (), known=False)
    positions = peaks(bare)
    return _record(name, lead, positions, np.full(len(positions), CLASS["Q"]), (), (), known=False)


def annotated(name: str, lead: Lead, positions: Codes, symbols: tuple[str, ...]) -> Record:
    """A record of a lead and beats by symbol; without symbols nobody knows their classes."""
    labels = np.array([CLASS[symbol] for symbol in symbols] or [CLASS["Q"]] * len(positions), dtype=np.int64)
    return _record(name, lead, positions, labels, symbols, (), known=bool(symbols))


def package() -> Any:
    """The wfdb package; `BadInput` where it is not installed."""
    try:
        import wfdb
    except ImportError as error:
        raise BadInput(f"reading ECG records needs {error.name}; {install('ecg')}") from None
    return wfdb


def check_name(name: str) -> None:
    """Raises `BadInput` where a name is none of a record in a folder: letters, digits, ``-`` and ``_``."""
    if name.endswith((".edf", ".EDF")):
        raise BadInput(f"{shown(name)} is EDF; convert it to a WFDB record first, with wfdb.io.convert.edf or edf2mit")
    if not re.fullmatch(r"(?:(?!\.+/)[-.\w]+/)*[-\w]{1,200}", name, re.ASCII) or len(name) > 1000:
        raise BadInput(f"{shown(name)} is no record: a name has letters, digits, - and _, folders of the data in front")


def _record(
    name: str,
    lead: Lead,
    positions: Codes,
    labels: Codes,
    symbols: tuple[str, ...],
    remarks: tuple[str, ...],
    known: bool = True,
) -> Record:
    signal, gaps, said = bridged(lead.signal, lead.blank, lead.rate, f"lead {lead.name} of record {name}")
    every = (*lead.remarks, *said, *remarks)
    return Record(name, lead.rate, signal, positions, labels, symbols, gaps, every, known)


def _annotated(
    wfdb: Any, base: Path, annotator: str, header: Header, lead: Lead
) -> tuple[Codes, tuple[str, ...], tuple[str, ...]]:
    """Positions, symbols of the beats, and what was left out that might be taken for one."""
    path = Path(f"{base}.{annotator}")
    content = read_bytes(path, "the annotations", limits.TEXT)
    if len(content) % 2 or content[-2:] != b"\0\0":
        kind = " (it looks like one of the AHA's format; convert it with ahaconvert)" if _aha(content) else ""
        raise BadInput(f"{path} is cut off: its end mark is missing{kind}; copy it anew")
    found = parsed(wfdb.rdann, base, f"{path} is not a WFDB annotation file", annotator)
    kept = [(at, symbol) for at, symbol in zip(found.sample, found.symbol, strict=True) if symbol in CLASS]
    if not kept:
        raise BadInput(f"{path} holds no beat; copy it anew, or leave record {base.name} out")
    positions = _placed(np.array([at for at, _ in kept], dtype=np.int64), found.fs, header, lead, path)
    samples = len(lead.signal)
    if positions.min() < 0 or positions.max() >= samples or (np.diff(positions) <= 0).any():
        raise BadInput(f"the beats of {path} do not ascend within the record's {samples:,} samples; copy it anew")
    left = Counter(str(symbol) for symbol in found.symbol)
    standard = {label.symbol for label in wfdb.io.annotation.ann_labels}
    remarks = [f"{path.name}: ventricular flutter waves (!) are no beats: {left[FLUTTER]:,} left out"]
    own = sorted(symbol for symbol in left if symbol not in standard)
    unknown = [f"{path.name}: annotations {shown(symbol)} are unknown: {left[symbol]:,} left out" for symbol in own[:5]]
    remarks = remarks * (left[FLUTTER] > 0) + unknown
    return positions, tuple(str(symbol) for _, symbol in kept), tuple(remarks)


def _placed(ticks: Codes, resolution: float | None, header: Header, lead: Lead, path: Path) -> Codes:
    """Samples of the lead, ``floor(t * rate / resolution + 1/2)``; annotations count frames if they say nothing."""
    counted = exact(header.rate if resolution is None else resolution)
    if not 0 < counted < 10**9:
        raise BadInput(f"{path} counts {amount(float(counted))} ticks a second; copy it anew")
    ratio = exact(lead.rate) / counted
    placed = [(2 * int(tick) * ratio.numerator + ratio.denominator) // (2 * ratio.denominator) for tick in ticks]
    return np.array([min(max(at, -1), len(lead.signal)) for at in placed], dtype=np.int64)


def _aha(content: bytes) -> bool:
    """Whether annotations look like those of the AHA's format: blocks of 16 bytes, a blank, a letter."""
    return content[:1] in (b"\0", b" ") and content[1:2] in [bytes([letter]) for letter in b"NVFREPQOU[]"]
