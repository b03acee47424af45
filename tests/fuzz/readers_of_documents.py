"""The readers that all others stand on: JSON, TOML, NumPy's files, safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import safetensors.numpy
from target import saved, target

from bittrue import readers
from bittrue.readers.tensors import tensors


@target(lambda: [json.dumps({"a": [1, -2.5, "text", None], "b": {"c": True}}).encode()])
def json_document(data: bytes, _: Path) -> object:
    return readers.json_document(data, "the file")


@target(lambda: [b'# a recipe\nname = "x"\nseed = 1\n[train]\nrate = 1.5e-3\nlist = [1, 2]\n[[part]]\na = true\n'])
def toml_document(data: bytes, _: Path) -> object:
    return readers.toml_document(data, "the file")


@target(lambda: [saved(np.save, np.arange(6).reshape(2, 3)), saved(np.save, np.ones(3, np.complex64))])
def npy(data: bytes, _: Path) -> object:
    return readers.npy(data, "the file")


@target(
    lambda: [
        saved(np.savez, a=np.arange(50), b=np.ones((2, 2))),
        saved(np.savez_compressed, a=np.arange(500)),
    ]
)
def npz(data: bytes, _: Path) -> object:
    return readers.npz(data, "the file")


@target(lambda: [safetensors.numpy.save({"a": np.arange(6, dtype=np.int8).reshape(2, 3), "b": np.ones(2)})])
def safetensors_file(data: bytes, _: Path) -> object:
    return tensors(data, "the file")
