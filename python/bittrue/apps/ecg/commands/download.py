"""``bittrue ecg download``: annotated electrocardiograms of PhysioNet."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.kit.application import Printed, Remark, Result


def run(arguments: argparse.Namespace) -> Printed:
    """Fetch, look through, and say what is there."""
    from bittrue.apps.ecg.beats import database

    names = [name.strip() for name in arguments.records.split(",")] if arguments.records else None
    yield Remark(f"fetching {arguments.database} from physionet.org; what is in {arguments.output} already stays")
    folder = database.download(arguments.output, names, arguments.database)
    there = database.complete(folder, names, arguments.database)
    size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    terms = "ODC-By 1.0" if arguments.database == database.MITDB else "its page on physionet.org says on what terms"
    yield f"{folder}: {len(there):,} records of {arguments.database}, {size / 1e6:,.1f} MB ({terms})"
    yield Result({"database": arguments.database, "records": len(there), "bytes": size, "folder": str(folder)})
    if arguments.database == database.MITDB and names is None:
        yield f"next: export {database.VARIABLE}={folder.resolve()}"
