"""``bittrue ecg download``: annotated electrocardiograms of PhysioNet."""

from __future__ import annotations

import argparse
from pathlib import Path

from bittrue.cli.parser import Commands, Parser, add_command, add_folder, remark

EXAMPLES = (
    "bittrue ecg download -o data/mitdb",
    "bittrue ecg download -o data/mitdb --records 100,101",
    "bittrue ecg download svdb -o data/svdb",
)


def add(under: Commands[Parser]) -> None:
    """Add the command below ``bittrue ecg``."""
    does = "fetch annotated electrocardiograms from PhysioNet; called again, it goes on"
    command = add_command(under, "download", call, does, net=False, examples=EXAMPLES)
    command.add_argument(
        "database", nargs="?", default="mitdb", help="its name there: mitdb (default), svdb, incartdb, ltafdb ..."
    )
    command.add_argument("--records", metavar="A,B", help="these records only (default all)")
    add_folder(command, "the records")


def call(arguments: argparse.Namespace) -> int:
    """Fetch, look through, and say what is there."""
    from bittrue.apps.ecg.beats import database

    names = [name.strip() for name in arguments.records.split(",")] if arguments.records else None
    remark(f"fetching {arguments.database} from physionet.org; what is in {arguments.output} already stays")
    folder = database.download(arguments.output, names, arguments.database)
    there = database.complete(folder, names, arguments.database)
    size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    terms = "ODC-By 1.0" if arguments.database == database.MITDB else "its page on physionet.org says on what terms"
    print(f"{folder}: {len(there):,} records of {arguments.database}, {size / 1e6:,.1f} MB ({terms})")
    if arguments.database == database.MITDB and names is None:
        print(f"next: export {database.VARIABLE}={folder.resolve()}")
    return 0
