"""Readers of what goes to the board with a noise source: manifest, and the demo's data."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from target import target

from bittrue.apps.noise.demonstration import content
from bittrue.board.demo.noise import bundle
from bittrue.board.source_manifest import read_any
from bittrue.lower.source import source_plan
from bittrue.num import Format
from bittrue.spec import Conv1d, Net, Node, TensorType
from bittrue.spec.source import Latent, Source
from bittrue.targets.pynq_z1.source_manifest import SourceManifest


@cache
def _source() -> Source:
    fmt = Format.parse("Q1.7")
    conv = Conv1d(np.ones((1, 1, 2), np.int64), [0], fmt, fmt, "linear")
    return Source(
        Net("n", TensorType((1, 5), fmt), (Node("out", conv, ("input",)),)), {"input": Latent(0, "uniform", 4)}
    )


@target(lambda: [SourceManifest.of(source_plan(_source(), 16), 100.0).to_json().encode()])
def source_manifest(data: bytes, folder: Path) -> object:
    (folder / "n.json").write_bytes(data)
    found = read_any(folder / "n.json")
    return found.net, found.output.words


@target(lambda: [content(_source(), 8)[0]])
def demo_noise(data: bytes, folder: Path) -> object:
    (folder / "demo.npz").write_bytes(data)
    found = bundle.load(folder / "demo.npz")
    return found.due(0, 0, 1, 8192).tolist()
