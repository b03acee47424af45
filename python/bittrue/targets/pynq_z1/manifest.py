"""The manifest of an overlay folder: ``<stem>.json``, what the driver must know of the hardware beside it.

JSON, keys in this order::

    format        "bittrue-overlay"
    version       1
    net, hash     name and content hash of the net that the hardware was built for: its first bank
    interval      clocks a sample
    clock_mhz     frequency of the logic, in MHz
    delay         output n answers input n - delay
    latency       clocks from a sample taken to its result offered
    input         bits, frac, elements of a sample; container_bits an element takes; stream_bits of a transfer
    output        the same
    banks         name and content hash of every bank, in order of their numbers
    bank_count    banks of the hardware, a power of two; those beyond ``banks`` start as copies of bank 0
    load          address_bits, lane_bits, word_bits, data_bits (`bittrue.lower.load.LoadPlan`)
    nodes         names of the layers in the order of the SATURATED bits
    cells         names in the block design: ip, dma
    vlnv          identification of the shell
    files         SHA-256 of npz, bit and hwh in hexadecimal, null for what has not been built

The hashes of ``bit`` and ``hwh`` are written when both files are complete, so they are the seal on the pair. The
``.npz`` beside it holds, for every bank, ``<bank>_addresses`` (uint32) and ``<bank>_codes`` (int64): the words that
write that bank's weights into bank 0.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.lower.ports import container_bits
from bittrue.spec import TensorType
from bittrue.targets.pynq_z1.design import DMA, IP, SHELL_VLNV

FORMAT, VERSION = "bittrue-overlay", 1
_HASH = re.compile(r"sha256:[0-9a-f]{64}\Z")
_SHA = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Samples:
    """How samples travel on a stream: one a transfer, element 0 lowest, each sign-extended into its container."""

    bits: int
    frac: int
    elements: int
    container_bits: int
    stream_bits: int

    @classmethod
    def of(cls, tensor: TensorType, stream_bits: int) -> Samples:
        """Those of a tensor of one axis."""
        fmt = tensor.format
        return cls(fmt.bits, fmt.frac, tensor.shape[0], container_bits(fmt), stream_bits)


@dataclass(frozen=True)
class Load:
    """Bits of a load address and its parts, and of a word."""

    address_bits: int
    lane_bits: int
    word_bits: int
    data_bits: int


@dataclass(frozen=True)
class Bank:
    """A set of weights: its name and the content hash of its net."""

    name: str
    hash: str


@dataclass(frozen=True)
class Manifest:
    """The keys of the file but for ``format``, ``version``, ``cells`` and ``vlnv``, which are always the same."""

    net: str
    hash: str
    interval: int
    clock_mhz: float
    delay: int
    latency: int
    input: Samples
    output: Samples
    banks: tuple[Bank, ...]
    bank_count: int
    load: Load
    nodes: tuple[str, ...]
    files: dict[str, str | None] = field(default_factory=lambda: {"npz": None, "bit": None, "hwh": None})

    def to_json(self) -> str:
        """Text of the file."""
        values = asdict(self)
        files = values.pop("files")
        fixed = {"cells": {"ip": IP, "dma": DMA}, "vlnv": SHELL_VLNV}
        document = {"format": FORMAT, "version": VERSION, **values, **fixed, "files": files}
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Manifest:
        """Read a file; `BadInput` where it is not a manifest of this version."""
        text = read_bytes(path, "manifest")
        try:
            document = json.loads(text)
        except ValueError as error:
            raise BadInput(f"manifest {path} is not JSON: {error}; write the overlay again") from None
        try:
            return _parse(document)
        except (KeyError, TypeError, ValueError) as error:
            what = f"has no {error}" if isinstance(error, KeyError) else str(error)
            raise BadInput(f"manifest {path} cannot be used: {what}; write the overlay again") from None


def _parse(document: Any) -> Manifest:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    if document.get("version") != VERSION:
        raise ValueError(f"its version is {document.get('version')!r}, this program reads {VERSION}")
    if document["cells"] != {"ip": IP, "dma": DMA} or document["vlnv"] != SHELL_VLNV:
        raise ValueError(f"its cells or VLNV are not those of a design with {IP}, {DMA} and {SHELL_VLNV}")
    values = {own.name: document[own.name] for own in fields(Manifest)}
    values["input"], values["output"] = Samples(**values["input"]), Samples(**values["output"])
    values["load"] = Load(**values["load"])
    values["banks"] = tuple(Bank(**bank) for bank in values["banks"])
    values["nodes"] = tuple(values["nodes"])
    manifest = Manifest(**values)
    for name in ("interval", "delay", "latency", "bank_count"):
        if type(values[name]) is not int or values[name] < 0:
            raise ValueError(f"{name} is {values[name]!r}, not a whole number from 0 on")
    if not isinstance(manifest.clock_mhz, int | float) or isinstance(manifest.clock_mhz, bool):
        raise ValueError(f"clock_mhz is {manifest.clock_mhz!r}, not a number")
    for digest in (manifest.hash, *(bank.hash for bank in manifest.banks)):
        if not isinstance(digest, str) or not _HASH.match(digest):
            raise ValueError(f"{digest!r} is no content hash")
    if sorted(manifest.files) != ["bit", "hwh", "npz"]:
        raise ValueError(f"files has {', '.join(sorted(manifest.files))}, not bit, hwh and npz")
    for given in manifest.files.values():
        if given is not None and not (isinstance(given, str) and _SHA.match(given)):
            raise ValueError(f"{given!r} is no SHA-256 in hexadecimal")
    return manifest


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal, as ``files`` has it."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content; `BadInput` where it cannot be read."""
    return sha256(read_bytes(path, "file"))
