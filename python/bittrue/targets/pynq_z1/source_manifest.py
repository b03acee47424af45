"""The manifest of an overlay with a noise source: ``<stem>.json``.

JSON, keys in this order::

    format        "bittrue-source-overlay"
    version       1
    net, hash     name of the net, and SHA-256 of the source's source.json, in which the net's own hash stands
    interval      clocks a frame
    clock_mhz     frequency of the logic, in MHz
    latency       clocks from a reset to the first word offered, at least
    output        as of `bittrue.targets.pynq_z1.manifest`; frame is that of the source
    samples       of a frame
    gain          the source's own, a code of Q4.12
    parameters    name, low, high, default, frac and offset of each, as in source.json
    nodes, cells, vlnv
                  as of `bittrue.targets.pynq_z1.manifest`
    files         SHA-256 of bit, hwh and rtl, as there
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bittrue.board.errors import BoardError
from bittrue.board.manifest import VERSION, SampleFormat
from bittrue.board.source_manifest import FORMAT, Setting, read_source_manifest
from bittrue.board.source_manifest import SourceManifest as OnBoard
from bittrue.board.source_manifest import read_any as read_on_board
from bittrue.errors import BadInput
from bittrue.lower.source import SourcePlan
from bittrue.lower.source_shell import source_hash, source_shell_latency
from bittrue.targets.pynq_z1.design import DMA, IP, SOURCE_VLNV
from bittrue.targets.pynq_z1.manifest import Manifest, samples_of

_CELLS = {"ip": IP, "dma": DMA}


@dataclass(frozen=True)
class SourceManifest:
    """The keys of the file but for ``format``, ``version``, ``cells`` and ``vlnv``, which are always the same."""

    net: str
    hash: str
    interval: int
    clock_mhz: float
    latency: int
    output: SampleFormat
    samples: int
    gain: int
    settings: tuple[Setting, ...]
    nodes: tuple[str, ...]
    files: dict[str, str | None] = field(default_factory=lambda: {"rtl": None, "bit": None, "hwh": None})

    @classmethod
    def of(cls, plan: SourcePlan, clock_mhz: float) -> SourceManifest:
        """That of a source at one interval."""
        source, net = plan.source, plan.source.net
        keys = ("name", "low", "high", "default", "frac", "offset")
        return cls(
            net=net.name,
            hash=source_hash(source),
            interval=plan.interval,
            clock_mhz=clock_mhz,
            latency=source_shell_latency(plan),
            output=samples_of(net.output, plan.output, framed=True),
            samples=source.samples,
            gain=int(source.gain),
            settings=tuple(
                Setting(**{key: getattr(given, key) for key in keys}) for given, _ in source.settings.values()
            ),
            nodes=tuple(node.name for node in net.nodes),
        )

    def to_json(self) -> str:
        """Text of the file."""
        values = asdict(self)
        files, nodes, settings = (values.pop(key) for key in ("files", "nodes", "settings"))
        fixed = {"nodes": nodes, "cells": _CELLS, "vlnv": SOURCE_VLNV}
        head = {"format": FORMAT, "version": VERSION}
        return json.dumps(head | values | {"parameters": settings} | fixed | {"files": files}, indent=1) + "\n"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> SourceManifest:
        """Read a file as the driver does; `BadInput` where it would refuse it, or for another design's."""
        try:
            found = read_source_manifest(path)
        except BoardError as error:
            raise BadInput(str(error)) from None
        if (dict(found.cells), found.vlnv) != (_CELLS, SOURCE_VLNV):
            raise BadInput(
                f"manifest {path} is not of a design with {IP}, {DMA} and {SOURCE_VLNV}; write the overlay again"
            )
        values: dict[str, Any] = {key: getattr(found, key) for key in cls.__dataclass_fields__}
        return cls(**values | {"files": dict(found.files)})


def read_any(path: Path) -> Manifest | SourceManifest:
    """The manifest of whatever overlay; `BadInput` as of `SourceManifest.read`."""
    try:
        found = read_on_board(path)
    except BoardError as error:
        raise BadInput(str(error)) from None
    return SourceManifest.read(path) if isinstance(found, OnBoard) else Manifest.read(path)
