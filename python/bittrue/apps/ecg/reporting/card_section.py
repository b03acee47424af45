"""The section of CARD.md that says what a finished net is worth on patients it never saw."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bittrue.apps.ecg.reporting import tables
from bittrue.apps.ecg.reporting.judging import Judged
from bittrue.errors import BadInput
from bittrue.files import read_bytes, write_whole
from bittrue.kit import card as parts

FOREIGN = "not the published files of MIT-BIH: bittrue knows nothing of their origin and licence"
"""What is said of other recordings with the names of MIT-BIH's."""


def section(nets: Sequence[Judged], command: str) -> str:
    """Markdown of nets that were judged on the same patients: heading, tables, uncertainty, the command.

    The first line is `heading`.
    """
    sheets = [tables.figures(nets), tables.differences(nets), tables.uncertainty(nets)]
    sections = [heading(nets[0]), f"`{command}`"]
    sections += [part for sheet in sheets if sheet is not None for part in (parts.sheet(sheet), sheet.caption)]
    people = nets[0].patients
    data = f"Data: SHA-256 `{people.digest[:16]}...` of {len(people.names)} records"
    sections.append(f"{data}, {FOREIGN}." if people.foreign else f"{data}.")
    return "\n\n".join(sections) + "\n"


def heading(net: Judged) -> str:
    """The first line of the section: ``## Results on DS2`` for the test patients, as the card has it from training."""
    return f"## Results on {net.patients.title.partition(',')[0]}"


def cards(paths: Sequence[str | os.PathLike[str]]) -> dict[Path, str]:
    """The cards of net folders. Raises `BadInput` where a net has none."""
    found = {}
    for folder in paths:
        path = Path(folder) / parts.FILE
        try:
            found[path] = read_bytes(path, "the card").decode()
        except UnicodeDecodeError:
            raise BadInput(f"{path} is no text; restore the card, or train the net again") from None
    return found


def write(nets: Sequence[Judged], command: str) -> None:
    """Write `section` into CARD.md of every net: its own figures with those of the nets on the same patients.

    Raises `BadInput` where a net has no card; none is changed then.
    """
    old = cards([net.folder.path for net in nets])
    for group in tables.by_patients(nets):
        text = section(group, command)
        for net in group:
            path = net.folder.path / parts.FILE
            write_whole(path, parts.replaced(old[path], text), renew=True)
