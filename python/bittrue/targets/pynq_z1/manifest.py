"""The manifest of an overlay folder: ``<stem>.json``, what the driver must know of the hardware beside it.

JSON, keys in this order::

    format        "bittrue-overlay"
    version       1
    net, hash     name and content hash of the net that the hardware was built for: its first bank
    interval      clocks a sample
    clock_mhz     frequency of the logic, in MHz
    delay         output n answers input n - delay
    latency       clocks from a sample taken to its result offered
    input         bits, frac, elements of a word; container_bits an element takes; stream_bits of a word; frame, null
                  where every word is a sample, else shape of a frame and table: channels by word and element of a
                  position, -1 for nothing (`bittrue.lower.layout.Layout`)
    output        the same
    banks         name and content hash of every bank, in order of their numbers
    bank_count    banks of the hardware, a power of two; those beyond ``banks`` start as copies of bank 0
    load          address_bits, lane_bits, word_bits, data_bits (`bittrue.lower.load.LoadPlan`); null for fixed weights
    nodes         names of the layers in the order of the SATURATED bits
    samples       samples in a word, side by side, the oldest lowest; left out where that is one
    cells         names in the block design: ip, dma
    vlnv          identification of the shell
    files         SHA-256 of npz, bit and hwh in hexadecimal, null for what has not been built; of weights; of
                  rtl, that of the list of Verilog and memory files with their own (``rtl/<module>_shell.sha256``)
    weights       bytes: of the weights that the hardware reads from memory, in ``<stem>.weights``; null where all are
                  on chip

The hashes of ``bit`` and ``hwh`` are written when both files are complete, so they are the seal on the pair. The
``.npz`` beside it holds, for every bank, ``<bank>_addresses`` (uint32) and ``<bank>_codes`` (int64): the words that
write that bank's weights into bank 0.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bittrue.board.errors import BoardError
from bittrue.board.frame_layout import FrameLayout
from bittrue.board.manifest import FILES, FORMAT, VERSION, Bank, SampleFormat, read_manifest
from bittrue.errors import BadInput
from bittrue.files import read_bytes
from bittrue.lower.layout import Layout
from bittrue.lower.ports import container_bits
from bittrue.lower.stream_shell import stream_bits
from bittrue.spec import TensorType
from bittrue.targets.pynq_z1.design import DMA, IP, SHELL_VLNV

__all__ = ["Bank", "Load", "Manifest", "file_sha256", "samples_of", "sha256"]


def samples_of(tensor: TensorType, layout: Layout, framed: bool) -> SampleFormat:
    """How samples, or frames, of a tensor travel on a stream of the shell."""
    fmt, bits = tensor.format, stream_bits(tensor, layout)
    frame = FrameLayout(tensor.shape, layout.table) if framed else None
    return SampleFormat(fmt.bits, fmt.frac, layout.lanes, container_bits(fmt), bits, frame)


@dataclass(frozen=True)
class Load:
    """Bits of a load address and its parts, and of a word."""

    address_bits: int
    lane_bits: int
    word_bits: int
    data_bits: int


@dataclass(frozen=True)
class Manifest:
    """The keys of the file but for ``format``, ``version``, ``cells`` and ``vlnv``, which are always the same."""

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
    load: Load | None
    nodes: tuple[str, ...]
    samples: int = 1
    files: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(FILES))
    weights: int = 0

    def to_json(self) -> str:
        """Text of the file."""
        values = asdict(self)
        files, weights = values.pop("files"), values.pop("weights")
        if self.samples == 1:
            del values["samples"]
        fixed = {"cells": {"ip": IP, "dma": DMA}, "vlnv": SHELL_VLNV}
        document = {"format": FORMAT, "version": VERSION, **values, **fixed, "files": files}
        document["weights"] = {"bytes": weights} if weights else None
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Manifest:
        """Read a file as the driver does; `BadInput` where it would refuse it, or for another design's."""
        try:
            found = read_manifest(path)
        except BoardError as error:
            raise BadInput(str(error)) from None
        if (found.cells, found.vlnv) != ({"ip": IP, "dma": DMA}, SHELL_VLNV):
            raise BadInput(
                f"manifest {path} is not of a design with {IP}, {DMA} and {SHELL_VLNV}; write the overlay again"
            )
        values: dict[str, Any] = {key: getattr(found, key) for key in cls.__dataclass_fields__}
        return cls(**values | {"load": Load(**found.load) if found.load else None, "files": dict(found.files)})


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal, as ``files`` has it."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content; `BadInput` where it cannot be read."""
    return sha256(read_bytes(path, "file"))
