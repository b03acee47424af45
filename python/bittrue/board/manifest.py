"""The files of an overlay: bit file, hardware hand-off, manifest and bank words, and whether they belong together."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from bittrue.board import registers as reg
from bittrue.board.bank_words import Integers, Stored, check_words, read_words, sealed
from bittrue.board.entries import Entries
from bittrue.board.errors import BoardError
from bittrue.board.frame_layout import FrameLayout, frame_layout
from bittrue.errors import BadInput, listed, shown
from bittrue.files import read_bytes
from bittrue.limits import TEXT
from bittrue.readers import json_document

FORMAT, VERSION = "bittrue-overlay", 1
FILES = "npz", "rtl", "bit", "hwh", "weights"
"""Keys of ``files``; what ``rtl`` lists stays where the hardware is built."""
_FIX = "write the overlay again with bittrue overlay, or copy it again"
_HASH = r"sha256:[0-9a-f]{64}", "a content hash (sha256: and 64 hexadecimal digits)"
_NAME = r"[a-z][a-z0-9_]*", "a name of lower-case letters, digits and _, a letter first"
_SHA = r"(sha256:)?[0-9a-f]{64}", "a SHA-256 in hexadecimal, or null"
_STREAM_BITS = 1024
"""Widest stream of an AXI DMA."""
_LARGEST_MHZ = 1000
_MOST_WEIGHTS = 1 << 28
"""Bytes of streamed weights: half of the board's memory."""
_MOST_SAMPLES = 16


class Sealed(Protocol):
    """Any manifest."""

    @property
    def files(self) -> Mapping[str, str | None]:
        """SHA-256 of the files of a build, or nothing."""


Kind = TypeVar("Kind", bound=Sealed)


@dataclass(frozen=True)
class SampleFormat:
    """How a sample travels: ``elements`` signed codes of ``bits`` bits with ``frac`` fractional ones.

    Each is sign-extended into ``container_bits``; the word of the stream has ``stream_bits``, element 0 lowest. Where
    there is a ``frame``, a word carries the elements of one of its beats.
    """

    bits: int
    frac: int
    elements: int
    container_bits: int
    stream_bits: int
    frame: FrameLayout | None = None

    @property
    def words(self) -> int:
        """Words of a sample or frame."""
        return self.frame.words if self.frame else 1

    @property
    def bytes(self) -> int:
        """Bytes of a sample or frame in memory."""
        return self.words * self.stream_bits // 8

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its codes."""
        return self.frame.shape if self.frame else (self.elements,)

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
    layers in the order of their SATURATED bits; ``cells`` the names of the cells ``ip`` and ``dma`` in the design;
    ``samples`` how many of the samples lie side by side in a word, the oldest lowest.
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
    weights: int = 0
    """Bytes of the weights that the hardware reads from memory."""
    samples: int = 1

    @property
    def framed(self) -> bool:
        """Whether the net takes or gives frames."""
        return self.input.frame is not None

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
        elif not isinstance(bank, bool | np.bool_ | np.ndarray):
            try:
                number = operator.index(bank)
            except TypeError:
                number = -1
            if 0 <= number < self.bank_count:
                return number
        raise BoardError(f"the overlay has no bank {shown(bank)}; its banks are {listed(self.names)}")

    def bank_words(self, bank: str | int) -> tuple[Integers, Integers, str]:
        """Addresses (of bank 0, ascending), codes and content hash of a bank that the overlay was made with.

        Raises `BoardError` for a bank that is not stored, or a ``.npz`` that cannot be read or is not the manifest's.
        """
        number = self.bank_number(bank)
        if number >= len(self.banks):
            raise BoardError(
                f"{self.path.with_suffix('.npz')} holds no words of bank {self.names[number]}; it was made with "
                f"{listed(given.name for given in self.banks)}"
            )
        addresses, codes = self.stored[self.banks[number].name]
        return addresses.copy(), codes.copy(), self.banks[number].hash

    @cached_property
    def stored(self) -> Stored:
        """Addresses and codes of the banks by name, read once; `BoardError` as `bank_words`."""
        path = self.path.with_suffix(".npz")
        found = read_words(path, self.files.get("npz"), [bank.name for bank in self.banks])
        for name, (addresses, codes) in found.items():
            check_words(addresses, codes, self.load or {}, f"bank {name} in {path}")
        return found


def read_manifest(path: str | PathLike[str]) -> Manifest:
    """Read a manifest; `BoardError` for one that is missing, damaged, of another version, or of impossible values."""
    try:
        return _parsed(Path(path), entries_of(Path(path)))
    except BadInput as error:
        raise BoardError(str(error)) from None


def entries_of(file: Path) -> Entries:
    """What a manifest's file holds; `BadInput` where it is missing or no JSON."""
    if not file.exists():
        raise BadInput(f"{file} is missing; copy the whole overlay folder to the board")
    what = f"manifest {file}"
    return Entries(json_document(read_bytes(file, "manifest", TEXT), what), what, _FIX)


def check_format(file: Path, document: Entries, wanted: str) -> None:
    """Raise `BadInput` for a manifest of another kind or version."""
    if document.get("format") != wanted:
        raise BadInput(f"{file} is not the manifest of an overlay; `bittrue overlay` writes it")
    if document.whole("version", 0, 1 << 31) != VERSION:
        raise BadInput(
            f"{file} has version {document.get('version')}, this driver reads {VERSION}; use the bittrue that made it"
        )


def _parsed(file: Path, document: Entries) -> Manifest:
    """The manifest with every value of its kind and within what registers and hardware can hold."""
    check_format(file, document, FORMAT)
    count = document.whole("bank_count", 1, reg.MOST_BANKS)
    banks = tuple(Bank(bank.text("name", *_NAME), bank.text("hash", *_HASH)) for bank in document.each("banks", count))
    if (document.inner("input").get("frame") is None) != (document.inner("output").get("frame") is None):
        raise document.refused("output", "of frames where the input is, and only there")
    if count & (count - 1):
        raise document.refused("bank_count", "a power of two")
    if len({bank.name for bank in banks}) < len(banks):
        raise document.refused("banks", "a list of banks with different names")
    return Manifest(
        path=file,
        delay=document.whole("delay", 0, _most("DELAY", "samples")),
        input=sample_format(document.inner("input")),
        banks=banks,
        bank_count=count,
        load=_load(document, count),
        weights=0 if document.get("weights") is None else document.inner("weights").whole("bytes", 8, _MOST_WEIGHTS),
        samples=_samples(document),
        **common(document),
    )


def common(document: Entries, kinds: tuple[str, ...] = FILES) -> dict[str, Any]:
    """What the manifests of all overlays say, as arguments of `Manifest`; ``kinds`` are the keys of ``files``."""
    files, cells = document.inner("files"), document.inner("cells")
    return {
        "net": document.text("net"),
        "hash": document.text("hash", *_HASH),
        "interval": document.whole("interval", 1, (1 << 32) - 1),
        "clock_mhz": document.number("clock_mhz", 1e-3, _LARGEST_MHZ),
        "latency": document.whole("latency", 0, (1 << 32) - 1),
        "output": sample_format(document.inner("output")),
        "nodes": document.texts("nodes", 32),
        "cells": {key: cells.text(key) for key in ("ip", "dma")},
        "vlnv": document.text("vlnv"),
        "files": {key: files.text(key, *_SHA) if files.get(key) is not None else None for key in kinds},
    }


def _samples(document: Entries) -> int:
    """Samples in a word; one where nothing is said."""
    if document.get("samples") is None:
        return 1
    samples = document.whole("samples", 1, _MOST_SAMPLES)
    for end in ("input", "output"):
        inner = document.inner(end)
        if inner.get("frame") is not None or inner.whole("elements", 1, _STREAM_BITS) % samples:
            raise document.refused("samples", f"1, because the {end} is no {samples} samples side by side")
    return samples


def sample_format(entries: Entries) -> SampleFormat:
    """How samples travel, of an object ``input`` or ``output``; `BadInput` for what no stream can have."""
    bits = entries.whole("bits", 1, 64)
    container = entries.whole("container_bits", bits, 64)
    if container not in (8, 16, 32, 64):
        raise entries.refused("container_bits", "8, 16, 32 or 64")
    elements = entries.whole("elements", 1, _STREAM_BITS // container)
    stream = entries.whole("stream_bits", container * elements, _STREAM_BITS)
    if stream % container:
        raise entries.refused("stream_bits", f"a multiple of the container's {container} bits")
    frame = None if entries.get("frame") is None else frame_layout(entries.inner("frame"), elements)
    return SampleFormat(bits, entries.whole("frac", -128, 127), elements, container, stream, frame)


def _load(document: Entries, count: int) -> Mapping[str, int] | None:
    """The widths of an address and a word; nothing where the weights are fixed."""
    if document.get("load") is None:
        if count > 1:
            raise document.refused("load", f"an object, because there are {count} banks")
        return None
    load = document.inner("load")
    found = {key: load.whole(key, 0, 32) for key in ("address_bits", "lane_bits", "word_bits")}
    if found["address_bits"] != (count - 1).bit_length() + found["lane_bits"] + found["word_bits"]:
        raise load.refused("address_bits", "what bank, lane and word take together")
    return found | {"data_bits": load.whole("data_bits", 1, 64)}


def _most(register: str, field: str) -> int:
    """Largest value of a field of a register."""
    return (1 << reg.FIELDS[register][field][1]) - 1


def check_files(bit: str | PathLike[str]) -> Manifest:
    """The manifest of a bit file whose files are all there and of one build; errors as of `checked_files`."""
    return checked_files(bit, read_manifest)


def checked_files(bit: str | PathLike[str], read: Callable[[Path], Kind]) -> Kind:
    """Make sure that a bit file has its ``.hwh`` and its manifest beside it and that all are those of one build.

    ``read`` reads the manifest. Raises `BoardError` for a file that is missing or whose SHA-256 is not the manifest's
    (where that holds one).
    """
    path = Path(bit)
    if path.suffix != ".bit":
        raise BoardError(f"{path} is no .bit file; give the path of the overlay's bit file")
    for file in (path, path.with_suffix(".hwh")):
        if not file.is_file():
            raise BoardError(f"{file} is missing; .bit and .hwh of one stem must lie side by side, copy both")
    manifest = read(path.with_suffix(".json"))
    for kind in ("bit", "hwh", "npz", "weights"):
        wanted, file = manifest.files.get(kind), path.with_suffix(f".{kind}")
        if wanted is None:
            continue
        if not file.is_file():
            raise BoardError(f"{file} is missing; copy the whole overlay folder to the board")
        sealed(file, wanted)
    return manifest
