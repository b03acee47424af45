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
from bittrue.apps.dpd.captures import data as captures
from bittrue.apps.dpd.captures import recording
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


_RATE, _BAND = 1e6, 2e5
_SPEC = {"input_signal_fs": _RATE, "bw_main_ch": _BAND, "n_sub_ch": 1, "nperseg": 64, "dataset_format": "single_csv"}


def _table(names: str) -> bytes:
    rows = np.random.default_rng(0).standard_normal((40, 1 + names.count(",")))
    return f"{names}\n".encode() + b"".join(b",".join(b"%.5f" % v for v in row) + b"\n" for row in rows)


@target(lambda: [_table("I,Q"), b"\xef\xbb\xbf# Q;I\n1,5;-2,0\n3,25;4\n", b"time\tre\tim\n0\t1\t2\n1\t3\t4\n"])
def recorded_table(data: bytes, folder: Path) -> object:
    (folder / "x.csv").write_bytes(data)
    return recording.read(folder / "x.csv")


@target(lambda: [json.dumps(_SPEC | {"split_ratios": {"train": 0.6, "val": 0.2}, "accept": ["unsteady"]}).encode()])
def capture_description(data: bytes, folder: Path) -> object:
    (folder / "data.csv").write_bytes(_table("Q_in,I_in,I_out,Q_out"))
    (folder / "spec.json").write_bytes(data)
    return captures.load(folder)


import targets_of_board  # noqa: E402, F401  # it registers its own
