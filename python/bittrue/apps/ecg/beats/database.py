"""Place of the recordings, and how they get there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bittrue.apps.ecg.beats.leads import files
from bittrue.apps.ecg.beats.published import PUBLISHED
from bittrue.apps.ecg.beats.records import ANNOTATOR, check_name, package
from bittrue.apps.ecg.beats.split import DS1, DS2, PACED
from bittrue.errors import BadInput, shown

VARIABLE = "BITTRUE_MITDB"
"""Environment variable that names the folder of the MIT-BIH records."""

BESIDE = Path(__file__).resolve().parents[6] / "shared" / "data" / "mitdb"
"""Folder beside the checkout that is taken where nothing is named."""


MITDB = "mitdb"
EVERY = {MITDB: (*DS1, *DS2, *PACED)}
"""Records of a database of PhysioNet, where they are known."""


def locate(folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the records: that given, else ``$BITTRUE_MITDB``, else ``../shared/data/mitdb`` of the checkout.

    Raises `BadInput` where it does not exist or holds no record.
    """
    named = folder or os.environ.get(VARIABLE)
    path = Path(named).expanduser() if named else BESIDE
    if not path.is_dir():
        where = f"are not in {path}" if named else "were not found"
        raise BadInput(
            f"the MIT-BIH records {where}; set {VARIABLE} to their folder, or fetch them: bittrue ecg download"
        )
    if not any(any(path.glob(f"{deeper}*.hea")) for deeper in ("", "*/", "*/*/")):
        raise BadInput(f"{path} holds no WFDB record (*.hea); set {VARIABLE} to the folder of the MIT-BIH records")
    return path


def download(folder: str | os.PathLike[str], names: Sequence[str] | None = None, source: str = MITDB) -> Path:
    """Fetch MIT-BIH (ODC-By 1.0; Moody and Mark 2001), or another ``source``, from PhysioNet into a folder.

    All records if none is named. What is there already is not fetched again. What wfdb says meanwhile goes to standard
    error.

    Raises `BadInput` where the folder cannot be made, PhysioNet cannot be reached, or a record is not complete
    afterwards; the same call goes on then.
    """
    path = Path(folder).expanduser()
    if not re.fullmatch(r"[a-z0-9][-a-z0-9_./]{0,100}", source):
        raise BadInput(f"{shown(source)} is no database of PhysioNet; such are mitdb, svdb, incartdb, ltafdb")
    wfdb = package()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with contextlib.redirect_stdout(sys.stderr):
            wfdb.dl_database(source, str(path), records=list(names) if names else "all")
    except Exception as error:  # whatever wfdb's network layer raises
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise BadInput(
            f"cannot download {source} to {path} ({reason}); check the network and call again, which goes on where this"
            f" stopped, or copy the records there"
        ) from None
    complete(path, names, source)
    return path


def complete(folder: Path, names: Sequence[str] | None = None, source: str = MITDB) -> list[str]:
    """The records of a folder: those asked for, those that the source is known to have, or all that are there.

    Raises `BadInput` where there is none, or one that lacks a file: the signals that its header names, of MIT-BIH also
    the annotations.
    """
    there = sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.hea"))
    wanted = list(names or EVERY.get(source) or there)
    for name in wanted or [f"of {source}"]:
        needed = files(folder, name) + [f"{name}.{ANNOTATOR}"] * (source == MITDB)
        if lacking := next((file for file in needed if not (folder / file).is_file()), None):
            raise BadInput(f"the download is not complete: there is no {folder / lacking}; call again, which goes on")
    return wanted


def digest(folder: Path, names: Sequence[str], annotator: str | None = ANNOTATOR) -> str:
    """SHA-256 over the files of some records; a missing file counts as empty, its reader will complain."""
    total = hashlib.sha256()
    for name in names:
        check_name(name)
        for file in [*files(folder, name), *([f"{name}.{annotator}"] if annotator else [])]:
            path = folder / file
            there = path.is_file()
            total.update(f"{file} {path.stat().st_size if there else 0}\n".encode())
            if there:
                with path.open("rb") as stream:
                    while part := stream.read(1 << 20):
                        total.update(part)
    return total.hexdigest()


def published(folder: Path, names: Sequence[str]) -> bool:
    """Whether these records are those of the MIT-BIH Arrhythmia Database, version 1.0.0, byte by byte."""
    return all(PUBLISHED.get(name) == digest(folder, [name])[:16] for name in names)
