"""Every reader of foreign files: a good file or two, and how it is read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from bittrue import readers, spec
from bittrue.readers.tensors import tensors
from bittrue.spec import Dense

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """A reader: good files, and a call that reads a file's bytes (in a folder for what must lie beside)."""

    name: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], object]


TARGETS: dict[str, Target] = {}


def target(seeds: Callable[[], list[bytes]]) -> Callable[[Callable[[bytes, Path], object]], Callable[..., object]]:
    """Register a function ``name(data, folder)`` as the reader of that name."""

    def register(read: Callable[[bytes, Path], object]) -> Callable[..., object]:
        TARGETS[read.__name__] = Target(read.__name__, seeds, read)
        return read

    return register


def _saved(write: Callable[..., None], *values: object, **named: object) -> bytes:
    stream = io.BytesIO()
    write(stream, *values, **named)
    return stream.getvalue()


def _net_files() -> dict[str, bytes]:
    return {
        name: data.encode() if isinstance(data, str) else data for name, data in spec.contents(Dense.example()).items()
    }


@target(lambda: [json.dumps({"a": [1, -2.5, "text", None], "b": {"c": True}}).encode()])
def json_document(data: bytes, _: Path) -> object:
    return readers.json_document(data, "the file")


@target(lambda: [b'# a recipe\nname = "x"\nseed = 1\n[train]\nrate = 1.5e-3\nlist = [1, 2]\n[[part]]\na = true\n'])
def toml_document(data: bytes, _: Path) -> object:
    return readers.toml_document(data, "the file")


@target(lambda: [_saved(np.save, np.arange(6).reshape(2, 3)), _saved(np.save, np.ones(3, np.complex64))])
def npy(data: bytes, _: Path) -> object:
    return readers.npy(data, "the file")


@target(
    lambda: [
        _saved(np.savez, a=np.arange(50), b=np.ones((2, 2))),
        _saved(np.savez_compressed, a=np.arange(500)),
    ]
)
def npz(data: bytes, _: Path) -> object:
    return readers.npz(data, "the file")


@target(lambda: [safetensors.numpy.save({"a": np.arange(6, dtype=np.int8).reshape(2, 3), "b": np.ones(2)})])
def safetensors_file(data: bytes, _: Path) -> object:
    return tensors(data, "the file")


import targets_of_board  # noqa: E402, F401  # it registers its own
