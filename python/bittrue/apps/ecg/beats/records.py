"""Reading one record of an annotated ECG database: lead by name, beats by class, every fault in one sentence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.ecg.beats.classes import CLASS
from bittrue.errors import BadInput

Codes = npt.NDArray[np.int64]
LEAD = "MLII"
"""The lead that 46 of the 48 MIT-BIH records have; the first channel of all of them but 114, whose second it is."""


@dataclass(frozen=True, eq=False)
class Record:
    """One lead of a record and its beats.

    Parameters
    ----------
    name : str
    rate : int
        Samples a second.
    signal : int64 array (samples,)
        Microvolts.
    positions : int64 array (beats,)
        Sample of each beat's annotation, ascending.
    labels : int64 array (beats,)
        Class of each beat, 0 to 4 in the order of `bittrue.apps.ecg.beats.classes.CLASSES`.
    """

    name: str
    rate: int
    signal: Codes
    positions: Codes
    labels: Codes


def read(folder: str | os.PathLike[str], name: str, lead: str = LEAD) -> Record:
    """Read ``name.hea``, ``name.dat`` and ``name.atr`` of a folder.

    ``uV = floor((code - baseline) * 1000 / gain + 1/2)``, code by code.

    Raises
    ------
    BadInput
        For a file that is missing, cut off or changed, a record without the lead, and one without beats.
    """
    wfdb = package()
    base = Path(folder) / name
    for suffix in (".hea", ".dat", ".atr"):
        if not base.with_name(name + suffix).is_file():
            raise BadInput(
                f"record {name} has no file {base}{suffix}; copy {name}.hea, {name}.dat and {name}.atr there"
            )
    header = _parsed(wfdb.rdheader, base, f"{base}.hea is not a WFDB header")
    channel = _channel(header, name, lead)
    _check_length(header, base)
    record = _parsed(wfdb.rdrecord, base, f"{base}.dat does not hold what its header says", physical=False)
    if list(record.calc_checksum()) != [value % 65536 for value in header.checksum]:
        raise BadInput(f"{base}.dat does not have the checksum of its header; copy the record anew")
    if header.units[channel] != "mV":
        raise BadInput(f"lead {lead} of record {name} is in {header.units[channel]!r}; millivolts are needed")
    positions, labels = _beats(wfdb, base, header.sig_len)
    gain, offset = header.adc_gain[channel], header.baseline[channel]
    signal = np.floor((record.d_signal[:, channel] - offset) * 1000 / gain + 0.5).astype(np.int64)
    return Record(name, int(header.fs), signal, positions, labels)


def package() -> Any:
    """The wfdb package; `BadInput` where it is not installed."""
    try:
        import wfdb
    except ImportError as error:
        raise BadInput(f"reading ECG records needs {error.name}; run: pip install 'bittrue[ecg]'") from None
    return wfdb


def _parsed(function: Any, base: Path, complaint: str, *options: Any, **named: Any) -> Any:
    """What wfdb makes of a file; whatever it raises on damaged bytes becomes one sentence."""
    try:
        return function(str(base), *options, **named)
    except Exception as error:  # damaged files raise what NumPy or the parser happen to meet
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise BadInput(f"{complaint} ({reason}); copy the record anew") from None


def _channel(header: Any, name: str, lead: str) -> int:
    if not header.sig_name or lead not in header.sig_name:
        leads = " and ".join(header.sig_name or ["no lead at all"])
        raise BadInput(f"record {name} has no lead {lead}, only {leads}; leave the record out or choose another lead")
    return int(header.sig_name.index(lead))


def _check_length(header: Any, base: Path) -> None:
    """Format 212 packs two samples into three bytes; for others wfdb complains itself."""
    if set(header.fmt) == {"212"}:
        wanted, found = header.sig_len * header.n_sig * 3 // 2, base.with_name(base.name + ".dat").stat().st_size
        if found < wanted:
            raise BadInput(f"{base}.dat is cut off: {found:,} of {wanted:,} bytes; copy it anew")


def _beats(wfdb: Any, base: Path, samples: int) -> tuple[Codes, Codes]:
    content = base.with_name(base.name + ".atr").read_bytes()
    if len(content) % 2 or content[-2:] != b"\0\0":
        raise BadInput(f"{base}.atr is cut off: its end mark is missing; copy it anew")
    found = _parsed(wfdb.rdann, base, f"{base}.atr is not a WFDB annotation file", "atr")
    kept = [(at, CLASS[symbol]) for at, symbol in zip(found.sample, found.symbol, strict=True) if symbol in CLASS]
    if not kept:
        raise BadInput(f"{base}.atr holds no beat; copy it anew, or leave record {base.name} out")
    positions, labels = (np.array(column, dtype=np.int64) for column in zip(*kept, strict=True))
    if positions.min() < 0 or positions.max() >= samples or (np.diff(positions) <= 0).any():
        raise BadInput(f"the beats of {base}.atr do not ascend within the record's {samples:,} samples; copy it anew")
    return positions, labels
