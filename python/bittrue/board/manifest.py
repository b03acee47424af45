"""The files of an overlay: bit file, hardware hand-off, manifest and bank words, and whether they belong together."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.board.errors import BoardError

FORMAT, VERSION = "bittrue-overlay", 1
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "net": str,
    "hash": str,
    "interval": int,
    "clock_mhz": (int, float),
    "delay": int,
    "latency": int,
    "input": dict,
    "output": dict,
    "banks": list,
    "bank_count": int,
    "load": (dict, type(None)),
    "nodes": list,
    "cells": dict,
    "vlnv": str,
    "files": dict,
}
_STREAM = ("bits", "frac", "elements", "container_bits", "stream_bits")
_LOAD = ("address_bits", "lane_bits", "word_bits", "data_bits")


@dataclass(frozen=True)
class SampleFormat:
    """How a sample travels: ``elements`` signed codes of ``bits`` bits with ``frac`` fractional ones.

    Each is sign-extended into ``container_bits``; the word of the stream has ``stream_bits``, element 0 lowest.
    """

    bits: int
    frac: int
    elements: int
    container_bits: int
    stream_bits: int

    @property
    def lo(self) -> int:
        """Smallest code."""
        return -(1 << (self.bits - 1))

    @property
    def hi(self) -> int:
        """Largest code."""
        return (1 << (self.bits - 1)) - 1


@dataclass(frozen=True)
class Bank:
    """A bank that the overlay was made with: its name and the content hash ``"sha256:.."`` of its net."""

    name: str
    hash: str


@dataclass(frozen=True)
class Manifest:
    """What ``<stem>.json`` says about an overlay; ``path`` is that file.

    ``load`` holds the widths of the load address, or nothing where the weights are fixed; ``nodes`` the names of the
    layers in the order of their SATURATED bits; ``cells`` the names of the cells ``ip`` and ``dma`` in the design.
    """

    path: Path
    net: str
    hash: str
    interval: int
    clock_mhz: float
    delay: int
    latency: int
    input: SampleFormat
    output: SampleFormat
    banks: tuple[Bank, ...]
    bank_count: int
    load: Mapping[str, int] | None
    nodes: tuple[str, ...]
    cells: Mapping[str, str]
    vlnv: str
    files: Mapping[str, str | None]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the banks, by number; those beyond the ones that were given are called by their number."""
        given = tuple(bank.name for bank in self.banks)
        return given + tuple(str(k) for k in range(len(given), self.bank_count))

    def bank_number(self, bank: str | int) -> int:
        """Number of a bank by its name or number; `BoardError` where there is none."""
        if isinstance(bank, str):
            if bank in self.names:
                return self.names.index(bank)
        elif not isinstance(bank, bool) and 0 <= bank < self.bank_count:
            return int(bank)
        raise BoardError(f"the overlay has no bank {bank!r}; its banks are {', '.join(self.names)}")

    def bank_words(self, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], str]:
        """Addresses, codes and hash of a bank as the ``.npz`` file beside the manifest holds them.

        Raises `BoardError` for a bank that is not stored or a file that cannot be read.
        """
        number = self.bank_number(name)
        path = self.path.with_suffix(".npz")
        try:
            with np.load(path, allow_pickle=False) as arrays:
                addresses, codes = (arrays[f"{name}_{what}"].astype(np.int64) for what in ("addresses", "codes"))
        except KeyError:
            raise BoardError(
                f"{path} holds no words of bank {name}; it was made with {', '.join(bank.name for bank in self.banks)}"
            ) from None
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise BoardError(f"{path} cannot be read ({error}); copy it again with the overlay") from None
        return addresses, codes, self.banks[number].hash


def read_manifest(path: str | PathLike[str]) -> Manifest:
    """Read a manifest; `BoardError` for one that is missing, damaged, or of another format or version."""
    file = Path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BoardError(f"{file} is missing; copy the whole overlay folder to the board") from None
    except (OSError, ValueError) as error:
        raise BoardError(f"{file} cannot be read ({error}); copy it again with the overlay") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BoardError(f"{file} is not the manifest of an overlay; `bittrue overlay` writes it")
    if document.get("version") != VERSION:
        raise BoardError(
            f"{file} has version {document.get('version')}, this driver reads {VERSION}; use the bittrue that made it"
        )
    for key, kind in _TYPES.items():
        if not isinstance(document.get(key), kind):
            raise BoardError(f"{file} has no valid {key!r}; write the overlay again")
    try:
        return _parsed(file, document)
    except (KeyError, TypeError, ValueError) as error:
        raise BoardError(f"{file} is incomplete ({error!r}); write the overlay again") from None


def _parsed(file: Path, document: Mapping[str, Any]) -> Manifest:
    values = {key: document[key] for key in _TYPES}
    for side in ("input", "output"):
        values[side] = SampleFormat(**{key: int(document[side][key]) for key in _STREAM})
    values["banks"] = tuple(Bank(str(bank["name"]), str(bank["hash"])) for bank in document["banks"])
    values["nodes"] = tuple(str(name) for name in document["nodes"])
    values["clock_mhz"] = float(document["clock_mhz"])
    values["cells"] = {key: str(document["cells"][key]) for key in ("ip", "dma")}
    values["load"] = {key: int(document["load"][key]) for key in _LOAD} if document["load"] else None
    return Manifest(path=file, **values)


def check_files(bit: str | PathLike[str]) -> Manifest:
    """Make sure that a bit file has its ``.hwh`` and its manifest beside it and that all are those of one build.

    Raises `BoardError` for a file that is missing or whose SHA-256 is not the manifest's (where that holds one).
    """
    path = Path(bit)
    if path.suffix != ".bit":
        raise BoardError(f"{path} is no .bit file; give the path of the overlay's bit file")
    for file in (path, path.with_suffix(".hwh")):
        if not file.is_file():
            raise BoardError(f"{file} is missing; .bit and .hwh of one stem must lie side by side, copy both")
    manifest = read_manifest(path.with_suffix(".json"))
    for kind in ("bit", "hwh", "npz"):
        wanted, file = manifest.files.get(kind), path.with_suffix(f".{kind}")
        if wanted is None:
            continue
        if not file.is_file():
            raise BoardError(f"{file} is missing; copy the whole overlay folder to the board")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != wanted.removeprefix("sha256:"):
            raise BoardError(
                f"{file} is not of this overlay: its SHA-256 begins with {found[:12]}, {manifest.path.name} says "
                f"{wanted.removeprefix('sha256:')[:12]}; copy all files of one build"
            )
    return manifest
