"""Layout of a RadioMapSeer folder: which file holds what.

gain/{DPM,IRT2,IRT4,carsDPM,carsIRT2,carsIRT4}/<map>_<transmitter>.png
png/{buildings_complete,cars,roads}/<map>.png      png/antennas/<map>_<transmitter>.png
png/buildings_missing{1..4}/{1..6}/<map>.png       antenna/<map>.json: [[x, 255 - row], ...]
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from bittrue.errors import BadInput

VARIABLE = "BITTRUE_RADIOMAPSEER"
"""Environment variable that names the folder."""
BESIDE = Path(__file__).resolve().parents[6] / "shared" / "data" / "radiomapseer"
"""Folder beside the checkout that is taken where nothing is named."""

KINDS = ("DPM", "IRT2", "IRT4", "carsDPM", "carsIRT2", "carsIRT4")
"""Simulations whose maps lie under gain/."""
BUILDINGS, ANTENNAS, CARS, ROADS = "png/buildings_complete", "png/antennas", "png/cars", "png/roads"
MISSING, VERSIONS = 4, 6
"""Most missing buildings, and how many ways to lack them a map has."""
FILES = 1 << 18
"""Most files of a folder that are listed: the data set has 56,080 maps of a kind."""
_NAME = re.compile(r"(\d{1,6})_(\d{1,4})\.png")


def locate(folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the maps: that given, else ``$BITTRUE_RADIOMAPSEER``, else ``../shared/data/radiomapseer``.

    Raises `BadInput` where it does not exist, or lacks one of the folders that every such folder has.
    """
    named = folder or os.environ.get(VARIABLE)
    path = Path(named).expanduser() if named else BESIDE
    if not path.is_dir():
        where = f"are not in {path}" if named else "were not found"
        raise BadInput(
            f"the radio maps {where}; set {VARIABLE} to a RadioMapSeer folder, or make one: bittrue radio make"
        )
    for needed in ("gain", BUILDINGS, ANTENNAS):
        subfolder(path, needed)
    return path


def subfolder(root: Path, name: str) -> Path:
    """A folder of the layout. Raises `BadInput` where it is missing."""
    path = root / name
    if not path.is_dir():
        raise BadInput(
            f"{root} has no folder {name}, which the layout of RadioMapSeer has; add it, or name another folder"
        )
    return path


def missing_folder(count: int, version: int) -> str:
    """The folder of the buildings without ``count`` of them, in one of `VERSIONS` ways."""
    if not (1 <= count <= MISSING and 1 <= version <= VERSIONS):
        raise BadInput(
            f"{count} missing buildings in version {version} are asked for; there are 1 to {MISSING}, in versions "
            f"1 to {VERSIONS}"
        )
    return f"png/buildings_missing{count}/{version}"


def pairs(root: Path, kind: str) -> list[tuple[int, int]]:
    """Map and transmitter of every file of ``gain/<kind>``, sorted. Raises `BadInput` where there is none."""
    folder = subfolder(root, f"gain/{kind}")
    found = numbered(folder)
    if not found:
        raise BadInput(f"{folder} has no file <map>_<transmitter>.png; restore it, or name another folder")
    return found


def numbered(folder: Path) -> list[tuple[int, int]]:
    """Map and transmitter of every file ``<map>_<transmitter>.png`` of a folder, sorted."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, FILES + 1)]
    if len(names) > FILES:
        raise BadInput(f"{folder} has more than {FILES:,} files; split it")
    return sorted((int(match[1]), int(match[2])) for match in map(_NAME.fullmatch, names) if match)


def missing(pairs: Sequence[tuple[int, int]], said: str) -> tuple[str, ...]:
    """A remark on maps that are left out, or none: how many, what of them, and the first."""
    first = "_".join(map(str, pairs[0])) if pairs else ""
    return (f"{len(pairs):,} {said}, {first}.png first: left out",) if pairs else ()
