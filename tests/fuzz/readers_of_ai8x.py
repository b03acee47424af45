"""Readers of ai8x files and of firmware projects."""

from __future__ import annotations

import functools
import io
import shutil
import struct
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from target import target

from bittrue.spec.stages import Stage, stage_net
from bittrue.targets.max78002.checkpoint import Checkpoint, npz_bytes, read_checkpoint
from bittrue.targets.max78002.devices import MAX78002
from bittrue.targets.max78002.generate import write_project
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network
from bittrue.targets.max78002.quantise import quantise
from bittrue.targets.max78002.verify import verify
from bittrue_firmware.elf import read_elf
from bittrue_firmware.project import read_project

NETWORK = b"""arch: small
dataset: none
layers:
- {name: a, operation: conv1d, kernel_size: 3, pad: 1, max_pool: 2, pool_stride: 2, activate: ReLU, processors: 0x3}
- {operation: mlp, flatten: true, output_width: 32, quantization: 8, processors: 0x000f, out_offset: 0x2000}
"""


def _state(whole: bool) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(1)
    found: dict[str, np.ndarray] = {}
    for name, shape in (("a", (4, 2, 3)), ("b", (3, 16))):
        weight, bias = draw.integers(-100, 100, shape), 128 * draw.integers(-100, 100, shape[0])
        found |= {f"{name}.op.weight": weight if whole else (weight / 128).astype(np.float32)}
        found |= {f"{name}.op.bias": bias if whole else (bias / 16384).astype(np.float32)}
        scalars = {
            "weight_bits": 8,
            "bias_bits": 8,
            "output_shift": -1,
            "shift_quantile": 1.0,
            "quantize_activation": 1,
        }
        found |= {f"{name}.{key}": np.array([value]) for key, value in scalars.items()}
    return {key: value.astype("<f4" if value.dtype.kind == "f" else "<i8") for key, value in found.items()}


def program(state: dict[str, np.ndarray]) -> bytes:
    """The pickle that torch.save writes for a state dictionary, made without PyTorch."""
    kinds = {"f": b"FloatStorage", "i": b"LongStorage"}
    found = b"\x80\x02}" + _text("state_dict") + b"}("
    for number, (key, value) in enumerate(state.items()):
        steps = [step // value.itemsize for step in value.strides]
        found += _text(key) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + _text("storage")
        found += b"ctorch\n" + kinds[value.dtype.kind] + b"\n" + _text(str(number)) + _text("cpu")
        found += _whole(value.size) + b"tQK\x00("
        found += b"".join(map(_whole, value.shape)) + b"t(" + b"".join(map(_whole, steps)) + b"t\x89}tR"
    return found + b"us" + _text("arch") + _text("small") + b"s" + _text("epoch") + _whole(3) + b"s."


def archive(state: dict[str, np.ndarray], data: bytes) -> bytes:
    """The archive of a program and of the storages of a state."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as stored:
        stored.writestr("c/data.pkl", data)
        for number, value in enumerate(state.values()):
            stored.writestr(f"c/data/{number}", value.tobytes())
    return stream.getvalue()


def _text(word: str) -> bytes:
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def _whole(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _checkpoint(path: Path) -> object:
    checkpoint = read_checkpoint(path)
    verify(checkpoint)
    return quantise(checkpoint)


@target(lambda: [archive(state, program(state)) for state in (_state(True), _state(False))])
def torch_checkpoint(data: bytes, folder: Path) -> object:
    (folder / "c.pth.tar").write_bytes(data)
    (folder / "n.yaml").write_bytes(NETWORK)
    import_network(read_network(folder / "n.yaml"), read_checkpoint(folder / "c.pth.tar"), MAX78002, 8)
    return verify(read_checkpoint(folder / "c.pth.tar"))


@target(lambda: [program(_state(False))])
def torch_checkpoint_program(data: bytes, folder: Path) -> object:
    """The program alone is damaged, in an archive that is whole."""
    return torch_checkpoint(archive(_state(False), data), folder)


@target(lambda: [npz_bytes(_state(False))])
def npz_checkpoint(data: bytes, folder: Path) -> object:
    (folder / "c.npz").write_bytes(data)
    return _checkpoint(folder / "c.npz")


@target(lambda: [b"".join(map(_npy, _state(False).values())), b"".join(map(_npy, _state(True).values()))])
def npz_checkpoint_members(data: bytes, folder: Path) -> object:
    """The arrays are damaged, in a .npz that is whole."""
    mark, stream = np.lib.format.MAGIC_PREFIX, io.BytesIO()
    with zipfile.ZipFile(stream, "w") as stored:
        for key, content in zip(_state(True), data.split(mark)[1:], strict=False):
            stored.writestr(f"{key}.npy", mark + content)
    (folder / "c.npz").write_bytes(stream.getvalue())
    (folder / "n.yaml").write_bytes(NETWORK)
    import_network(read_network(folder / "n.yaml"), read_checkpoint(folder / "c.npz"), MAX78002, 8)
    return verify(read_checkpoint(folder / "c.npz"))


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@target(lambda: [NETWORK])
def network_description(data: bytes, folder: Path) -> object:
    (folder / "n.yaml").write_bytes(data)
    return import_network(read_network(folder / "n.yaml"), Checkpoint("c.npz", _state(True)), MAX78002)


@functools.cache
def _project() -> dict[str, bytes]:
    """The files of a firmware project that are read back."""
    weight = np.random.default_rng(2).integers(-9, 9, (3, 2, 3))
    net = stage_net("small", (2, 8), [Stage("a", "conv1d", weight, padding=1), Stage("b", "none")])
    with tempfile.TemporaryDirectory() as folder:
        write_project(net, np.ones((2, 8), np.int64), MAX78002, folder)
        paths = [path for path in Path(folder).rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _read_project(folder: Path, **changed: bytes) -> object:
    place = folder / "project"
    shutil.rmtree(place, ignore_errors=True)
    (place / "net").mkdir(parents=True)
    for name, content in (_project() | changed).items():
        (place / name).write_bytes(content)
    return read_project(place)


@target(lambda: [_project()["manifest.json"]])
def firmware_manifest(data: bytes, folder: Path) -> object:
    return _read_project(folder, **{"manifest.json": data})


@target(lambda: [_project()["sample.npy"]])
def firmware_sample(data: bytes, folder: Path) -> object:
    return _read_project(folder, **{"sample.npy": data})


@target(lambda: [_elf()])
def firmware_image(data: bytes, _: Path) -> object:
    return read_elf(data)


def _elf() -> bytes:
    """A 32-bit Arm image of one segment and one symbol."""
    code, names, symbol = b"\x00\xbf" * 8, b"\0main\0", struct.pack("<IIIBBH", 1, 0x1000_0000, 16, 0, 0, 0)
    start = 52 + 32
    sections = start + len(code) + len(names) + len(symbol) + 2
    head = b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIII", 2, 40, 1, 0x1000_0001, 52, sections)
    head += struct.pack("<IHHHHHH", 0, 52, 32, 1, 40, 3, 0)
    program = struct.pack("<8I", 1, start, 0x1000_0000, 0x1000_0000, len(code), len(code), 5, 4)
    at = start + len(code)
    table = bytes(40) + struct.pack("<10I", 0, 3, 0, 0, at, len(names), 0, 0, 1, 0)
    table += struct.pack("<10I", 0, 2, 0, 0, at + len(names), 16, 1, 0, 4, 16)
    return head + program + code + names + symbol + bytes(2) + table
