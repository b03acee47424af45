"""A folder of synthetic radio maps: written city by city, and gone on with where it was stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bittrue.apps.radio.cities.simulation import pictures
from bittrue.apps.radio.data import layout
from bittrue.bars import Step
from bittrue.errors import BadInput, shown
from bittrue.files import made_folder, read_bytes, write_together, write_whole
from bittrue.kit.schema import nearest
from bittrue.limits import TEXT
from bittrue.readers import json_document

NOTE = "synthetic.json"
"""File that says what the folder holds."""
MAPS, TRANSMITTERS = 100_000, 80
"""Most of them."""


@dataclass(frozen=True)
class Plan:
    """What is made: cities ``first`` to ``first + maps - 1`` of a seed, each with so many transmitters."""

    maps: int = 70
    transmitters: int = 8
    seed: int = 0
    kinds: tuple[str, ...] = ("DPM",)
    first: int = 1
    missing: bool = False
    squared: bool = False

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in layout.KINDS:
                near = nearest(kind, layout.KINDS)
                raise BadInput(f"model {shown(kind)} is unknown; choose {', '.join(layout.KINDS)}{near}")
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise BadInput(f"models are {', '.join(self.kinds) or 'none'}; name one or more, each once")

    @property
    def same(self) -> Mapping[str, object]:
        """What all cities of a folder have in common, whatever parts it was made in."""
        return {key: value for key, value in asdict(self).items() if key not in ("maps", "first")}


def make(folder: str | os.PathLike[str], plan: Plan, step: Step = lambda doing, done, total: None) -> tuple[int, int]:
    """Write the maps, and return how many radio maps were made and how many cities were there already.

    The bytes of a city's files depend on seed and number alone. Each file is written whole; the last of a city is its
    picture of buildings, so what was stopped on the way is made again. Raises `BadInput` where the folder holds maps of
    another kind or origin, or cannot be written.
    """
    with made_folder(folder) as root:
        _check(root, plan)
        made = kept = 0
        for done in range(plan.maps):
            number = plan.first + done
            step(f"city {number}", done, plan.maps)
            if (root / layout.BUILDINGS / f"{number}.png").is_file():
                kept += 1
                continue
            files = pictures(
                plan.seed, number, plan.transmitters, plan.kinds, missing=plan.missing, squared=plan.squared
            )
            _write(root, files)
            made += sum(name.startswith("gain/") and "k2" not in name for name in files)
        step("cities", plan.maps, plan.maps)
    return made, kept


def _check(root: Path, plan: Plan) -> None:
    """Compare with what the folder says of itself, or say it."""
    note = root / NOTE
    mine = {"made_by": "bittrue radio make", **plan.same, "kinds": list(plan.kinds)}
    if note.is_file():
        other = json_document(read_bytes(note, "the note", TEXT), str(note))
        if other != mine:
            raise BadInput(f"{root} holds other maps ({note} says which); choose another folder, or the same options")
        return
    if (root / "gain").exists() or (root / "png").exists():
        raise BadInput(f"{root} holds radio maps that were not made here; choose another folder")
    write_whole(note, json.dumps(mine, indent=1) + "\n")


def _write(root: Path, files: Mapping[str, bytes]) -> None:
    """All files of a city, folder by folder, the picture of buildings last."""
    folders: dict[str, dict[str, bytes]] = {}
    for name, content in files.items():
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder, {})[file] = content
    last = folders.pop(layout.BUILDINGS)
    for folder, group in (*folders.items(), (layout.BUILDINGS, last)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        write_together(root / folder, group)
