"""A project folder: the generated C, its manifest, the net it was made of, and the sample of its known-answer test."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue import ref, spec
from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.readers import json_document, npy
from bittrue.spec import Flatten, Net, Reshape
from bittrue.spec.net import INPUT
from bittrue.spec.store import content_hash
from bittrue_firmware.chip import CHIPS, INSTANCES, LANES, Chip

Codes = npt.NDArray[np.int64]
MANIFEST, FORMAT, VERSION = "manifest.json", "bittrue-max7800x", 1
_FIELDS: dict[str, type] = {
    **dict.fromkeys(("name", "node", "processors"), str),
    **dict.fromkeys(("channels", "length", "offset", "passes", "bits"), int),
}
_NAME = re.compile(r"(\w[\w.-]*/)*\w[\w.-]*")
"""A file below the folder."""


@dataclass(frozen=True)
class PlacedLayer:
    """A hardware layer and where its result is meant to lie.

    Parameters
    ----------
    name : str
    node : str
        The net's node whose values are the result.
    channels, length : int
        Of an image, ``length`` counts its pixels, row by row.
    offset : int
        Byte offset in the data memories, a multiple of 4.
    processors : tuple of int
        The processors of one pass of the output, in the order of the channels.
    passes, bits : int
        Passes of the output, and bits of a result, 8 or 32.
    gap : int
        Words of other results between two words of this one.
    """

    name: str
    node: str
    channels: int
    length: int
    offset: int
    processors: tuple[int, ...]
    passes: int
    bits: int
    gap: int = 0

    @cached_property
    def places(self) -> tuple[Codes, Codes, Codes]:
        """Data memory, first word and byte lane of each result ``(channels, length)``; a wide one takes the word."""
        channels = np.arange(self.channels)
        processors = np.array(self.processors)[channels % len(self.processors)]
        steps = np.arange(self.length) * self.passes + (channels // len(self.processors))[:, None]
        words = self.offset // 4 + steps * (self.gap + 1)
        if self.bits == 32:
            words = self.offset // 4 + steps * LANES + (processors % LANES)[:, None]
        lanes = np.broadcast_to((processors % LANES)[:, None], words.shape)
        return np.broadcast_to((processors // LANES)[:, None], words.shape), words, lanes


@dataclass(frozen=True, eq=False)
class Project:
    """What is in a project folder, the C aside.

    Parameters
    ----------
    folder : Path
    chip : Chip
    net : Net
    sample : int64 array, the net's input shape
    taps : mapping of str to int64 array
        Values of every node for the sample, and the sample itself.
    layers : tuple of PlacedLayer
    edited : tuple of str
        Files that are not as they were generated.
    """

    folder: Path
    chip: Chip
    net: Net
    sample: Codes
    taps: dict[str, Codes]
    layers: tuple[PlacedLayer, ...]
    edited: tuple[str, ...]

    @property
    def results(self) -> list[PlacedLayer]:
        """The layers whose results are the net's outputs, in their order: of a result and its copies the first."""
        placed = {layer.node: layer for layer in reversed(self.layers)}
        return [placed[_holder(self.net, name, placed)] for name in self.net.outputs]


def read_project(folder: Path) -> Project:
    """Read a project folder. Raises `BadInput` for what is missing, malformed, or does not belong together."""
    manifest = _manifest(folder / MANIFEST)
    device = manifest.get("device")
    if not isinstance(device, str) or device not in CHIPS:
        raise BadInput(
            f"{folder / MANIFEST} is for device {shown(device)}; the model has {' and '.join(CHIPS)}, so generate the "
            f"project again"
        )
    net = spec.load(folder / "net")
    if manifest.get("hash") != content_hash(net):
        raise BadInput(f"{folder / 'net'} is not the net that {MANIFEST} names; generate the project again")
    sample = _sample(folder / "sample.npy", net)
    taps = {INPUT: sample} | {name: values[0] for name, values in ref.taps(net, sample[None]).items()}
    chip = CHIPS[device]
    rows = manifest.get("layers")
    if not isinstance(rows, list) or not rows:
        raise BadInput(f"{folder / MANIFEST} lists no layers; generate the project again")
    layers = tuple(_layer(row, number, taps, chip, folder / MANIFEST) for number, row in enumerate(rows))
    placed = {layer.node for layer in layers}
    missing = [name for name in net.outputs if _holder(net, name, placed) not in placed]
    if missing:
        raise BadInput(f"{folder / MANIFEST} ends with node {layers[-1].node}, the net with {missing[-1]}")
    return Project(folder, chip, net, sample, taps, layers, _edited(folder, manifest.get("files")))


def _holder(net: Net, name: str, placed: Container[str]) -> str:
    """The node whose layer holds a result: another shape of the same numbers takes no layer."""
    nodes = {node.name: node for node in net.nodes}
    while name not in placed and name in nodes and isinstance(nodes[name].layer, Flatten | Reshape):
        name = nodes[name].inputs[0]
    return name


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BadInput(f"{path.parent} has no {MANIFEST}; name a folder that bittrue max78002 generate wrote")
    found = json_document(read_bytes(path, "the manifest"), f"the manifest {path}")
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("version") != VERSION:
        raise BadInput(f"{path} is no manifest of format {FORMAT} {VERSION}; generate the project again")
    return found


def _sample(path: Path, net: Net) -> Codes:
    if not path.exists():
        raise BadInput(f"cannot read the sample {path}: No such file or directory; generate the project again")
    codes = npy(read_bytes(path, "the sample"), f"the sample {path}", "generate the project again")
    if codes.shape != net.input.shape:
        raise BadInput(f"{path} has shape {codes.shape}, the net takes {net.input.shape}; generate the project again")
    return np.asarray(net.check_codes(codes)[0])


def _layer(row: Any, number: int, taps: dict[str, Codes], chip: Chip, path: Path) -> PlacedLayer:
    if not isinstance(row, dict) or not all(type(row.get(key)) is kind for key, kind in _FIELDS.items()):
        wanted = ", ".join(f"{key} ({kind.__name__})" for key, kind in _FIELDS.items())
        raise BadInput(f"{path}: layer {number} is {shown(row)}, but has {wanted}; generate the project again")
    place = f"{path}: layer {number}, {shown(row['name'])},"
    try:
        mask = int(row["processors"], 16)
    except ValueError:
        mask = 0
    if not 0 < mask < 1 << INSTANCES * LANES:
        raise BadInput(
            f"{place} has processors {shown(row['processors'])}; give a map of 64; generate the project again"
        )
    processors = tuple(p for p in range(INSTANCES * LANES) if mask >> p & 1)
    gap = row.get("gap", 0)
    if type(gap) is not int or not 0 <= gap < LANES * LANES:
        raise BadInput(
            f"{place} has gap {shown(gap)}; give words, 0 to {LANES * LANES - 1}; generate the project again"
        )
    found = PlacedLayer(**{key: row[key] for key in _FIELDS} | {"processors": processors, "gap": gap})
    values = taps.get(found.node)
    fits = values is not None and values.size == found.channels * found.length and len(values) == found.channels
    if not fits or -(-found.channels // len(processors)) != found.passes or found.bits not in (8, 32):
        raise BadInput(f"{place} does not fit the net's node {shown(found.node)}; generate the project again")
    inside = found.offset in range(0, chip.data_words * LANES, LANES)
    if not inside or int(found.places[1].max()) >= chip.data_words:
        raise BadInput(f"{place} is placed outside data memory, at {found.offset}; generate the project again")
    return found


def _edited(folder: Path, files: Any) -> tuple[str, ...]:
    """Files that are not as generated. Raises `BadInput` for names that lead out of the folder."""
    if not isinstance(files, dict):
        return ()
    found = []
    for name, known in files.items():
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{folder / MANIFEST} lists {shown(name)}, which is no file of it; generate the project again"
            )
        path = folder / name
        same = path.is_file() and f"sha256:{hashlib.sha256(read_bytes(path, 'the file')).hexdigest()}" == known
        found += [] if same else [name]
    return tuple(found)
