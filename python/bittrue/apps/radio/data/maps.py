"""Radio maps of a folder, read one by one when they are asked for; real and synthetic ones are not told apart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.data import layout, names, png, scene, sparse, splits
from bittrue.apps.radio.data.png import Levels
from bittrue.apps.radio.data.scene import Scene
from bittrue.errors import BadInput


@dataclass(frozen=True)
class View:
    """How maps are looked at.

    Parameters
    ----------
    name : str
        A published name of data (`bittrue.apps.radio.data.names.NAMES`).
    split : str
        One of `bittrue.apps.radio.data.splits.CHOICES`.
    missing, version : int
        So many buildings are not shown, in that way of six (0: each map and transmitter draws its own).
    samples : (int, int)
        Fewest and most sparse samples.
    seed : int
        Of what is drawn; a map draws the same whatever else is read.
    origin_compatible : bool
        Divide sparse and IRT4 maps by 256 as the published loaders do; else all by 255.
    """

    name: str = "radio"
    split: str = "train"
    missing: int = 0
    version: int = 0
    samples: tuple[int, int] = (10, 300)
    seed: int = 0
    origin_compatible: bool = False

    def __post_init__(self) -> None:
        names.data(self.name)
        if self.missing or self.version:
            layout.missing_folder(self.missing, self.version or 1)
        if not 1 <= self.samples[0] <= self.samples[1] <= png.SIDE**2:
            raise BadInput(
                f"samples from {self.samples[0]} to {self.samples[1]} are asked for; give 1 to 65,536, rising"
            )


class RadioMaps:
    """The maps of a folder in a view: a sequence of dictionaries as the published loaders give them.

    ``maps[i]`` has ``image`` float32 (1, 256, 256) and ``cond`` float32 (3, 256, 256), both from -1 to 1, and
    ``img_name``; `scene` has the grey levels. Only names are held in memory.

    Parameters
    ----------
    folder : path, optional
        See `bittrue.apps.radio.data.layout.locate`.
    view : View

    Raises
    ------
    BadInput
        Where a folder of the layout is missing, no map is in the split, and, when a map is read, for a file that is
        missing, damaged, of another size, or shows no transmitter.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, view: View | None = None) -> None:
        self.view = view or View()
        self.data = names.data(self.view.name)
        self.root = layout.locate(folder)
        for needed in self._folders():
            layout.subfolder(self.root, needed)
        found = layout.pairs(self.root, self.data.gain)
        self.keys = tuple(pair for pair in found if splits.holds(self.view.split, pair[0]))
        """Map and transmitter of each."""
        if not self.keys:
            raise BadInput(
                f"{self.root} has {len({number for number, _ in found})} maps and none of the split {self.view.split}; "
                "take another split, or make more maps"
            )
        self.remarks: tuple[str, ...] = (splits.WARNING,) if self.view.split.startswith("published-") else ()
        antennas = layout.numbered(layout.subfolder(self.root, layout.ANTENNAS))
        alone = [pair for pair in sorted({*antennas} - {*found}) if splits.holds(self.view.split, pair[0])]
        self.remarks += layout.missing(alone, f"of the split's antenna images have no map in gain/{self.data.gain}")
        """What a command must say about them."""

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> dict[str, Any]:
        found = self.scene(index)
        return {"image": self._image(found), "cond": self._cond(found), "img_name": found.name}

    def scenes(self) -> Iterator[Scene]:
        """All, one after the other."""
        return (self.scene(index) for index in range(len(self)))

    def scene(self, index: int) -> Scene:
        """The files of one map."""
        number, transmitter = self.keys[index]
        pair, alone = f"{number}_{transmitter}.png", f"{number}.png"
        random = np.random.default_rng([self.view.seed, number, transmitter])
        complete = scene.buildings(self.root / layout.BUILDINGS / alone)
        antenna = png.read(self.root / layout.ANTENNAS / pair, "antenna image")
        row, column = scene.place(antenna, self.root / layout.ANTENNAS / pair)
        truth = png.read(self.root / "gain" / self.data.gain / pair, "radio map")
        shown = complete
        if self.view.missing:
            version = self.view.version or int(random.integers(1, layout.VERSIONS + 1))
            shown = scene.buildings(self.root / layout.missing_folder(self.view.missing, version) / alone)
        third = self._third(shown, truth, pair, alone, random)
        return Scene(number, transmitter, shown, antenna, truth, third, row, column)

    def _third(self, shown: Levels, truth: Levels, pair: str, alone: str, random: np.random.Generator) -> Levels:
        if self.data.third == "buildings":
            return shown
        if self.data.third == "cars":
            return png.read(self.root / layout.CARS / alone, "image of cars")
        if self.data.third == "k2":
            return png.read(self.root / self.data.k2 / pair, "k2 picture")
        return sparse.sampled(truth, shown, self.data.places, self.data.masked, self.view.samples, random)

    def _folders(self) -> list[str]:
        needed = [f"gain/{self.data.gain}"]
        if self.data.third == "cars":
            needed.append(layout.CARS)
        if self.data.third == "k2":
            needed.append(self.data.k2)
        if self.view.missing:
            versions = [self.view.version] if self.view.version else range(1, layout.VERSIONS + 1)
            needed += [layout.missing_folder(self.view.missing, version) for version in versions]
        return needed

    def _image(self, found: Scene) -> npt.NDArray[np.float32]:
        by = 256 if self.view.origin_compatible and (self.data.third == "samples" or "IRT4" in self.data.gain) else 255
        return (found.truth[None].astype(np.float32) / by * 2 - 1).astype(np.float32)

    def _cond(self, found: Scene) -> npt.NDArray[np.float32]:
        second = found.third if self.data.blind else found.antenna
        channels = np.stack([found.buildings, second, found.third])
        return (channels.astype(np.float32) / 255 * 2 - 1).astype(np.float32)
