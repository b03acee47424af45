"""Where the recordings lie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from bittrue.apps.ecg.beats.records import package
from bittrue.errors import BadInput

VARIABLE = "BITTRUE_MITDB"
"""Environment variable that names the folder of the MIT-BIH records."""

BESIDE = Path(__file__).resolve().parents[6] / "shared" / "data" / "mitdb"
"""Folder beside the checkout that is taken where nothing is named."""


def locate(folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the records: that given, else ``$BITTRUE_MITDB``, else ``../shared/data/mitdb`` of the checkout.

    Raises `BadInput` where it does not exist or holds no record.
    """
    named = folder or os.environ.get(VARIABLE)
    path = Path(named).expanduser() if named else BESIDE
    if not path.is_dir():
        where = f"are not in {path}" if named else "were not found"
        raise BadInput(f"the MIT-BIH records {where}; set {VARIABLE} to their folder, or download them from PhysioNet")
    if not any(path.glob("*.hea")):
        raise BadInput(f"{path} holds no WFDB record (*.hea); set {VARIABLE} to the folder of the MIT-BIH records")
    return path


def download(folder: str | os.PathLike[str], names: Sequence[str] | None = None) -> Path:
    """Fetch MIT-BIH from PhysioNet (ODC-By 1.0; Moody and Mark 2001) into a folder; all 48 records if none is named.

    Raises `BadInput` where the folder cannot be made or PhysioNet cannot be reached.
    """
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        package().dl_database("mitdb", str(path), records=list(names) if names else "all")
    except BadInput:
        raise
    except Exception as error:  # whatever wfdb's network layer raises
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise BadInput(f"cannot download mitdb to {path} ({reason}); check the network, or copy the records") from None
    return path


def digest(folder: Path, names: Sequence[str]) -> str:
    """SHA-256 over the files of some records; a missing file counts as empty, its reader will complain."""
    total = hashlib.sha256()
    for name in names:
        for suffix in (".hea", ".dat", ".atr"):
            path = folder / (name + suffix)
            content = path.read_bytes() if path.is_file() else b""
            total.update(f"{name}{suffix} {len(content)}\n".encode() + content)
    return total.hexdigest()
