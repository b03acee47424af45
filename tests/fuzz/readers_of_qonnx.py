"""Readers of QONNX models, where the package onnx is installed."""

from __future__ import annotations

import functools
import io
import struct
from importlib.util import find_spec
from pathlib import Path

from target import target

from bittrue.spec import LAYERS
from bittrue.targets.qonnx.export import export
from bittrue.targets.qonnx.read import read_qonnx


def _described() -> list[bytes]:
    return [export(LAYERS[name].example()).model for name in ("Dense", "ComplexFIR", "Table")]


@functools.cache
def _bare() -> list[bytes]:
    """Models that say nothing about who wrote them."""
    from onnx import load_model_from_string

    found = []
    for name in ("Conv2d", "ConvTranspose1d", "Dense", "MaxPool1d", "Mul", "Reshape", "Table", "Upsample"):
        model = load_model_from_string(export(LAYERS[name].example()).model)
        del model.metadata_props[:]
        found.append(model.SerializeToString())
    return found


def _numbers(content: bytes, values: bytes | None = None) -> bytes:
    """All constants and whole-number attributes of a model one behind the other; with ``values``, a model of these."""
    from onnx import load_model_from_string

    model, stream = load_model_from_string(content), io.BytesIO(values or b"")
    found = b""
    for tensor in model.graph.initializer:
        found += tensor.raw_data
        tensor.raw_data = stream.read(len(tensor.raw_data))
    for node in model.graph.node:
        for attribute in node.attribute:
            for k, each in enumerate(attribute.ints):
                found += struct.pack("<i", each)
                attribute.ints[k] = int.from_bytes(stream.read(4), "little", signed=True)
    return found if values is None else model.SerializeToString()


if find_spec("onnx"):

    @target(lambda: [bytes([k]) + _numbers(content) for k, content in enumerate(_bare())])
    def qonnx_numbers(data: bytes, folder: Path) -> object:
        """The numbers are damaged, in a model that is whole."""
        which = _bare()[data[0] % len(_bare())] if data else _bare()[0]
        (folder / "m.onnx").write_bytes(_numbers(which, data[1:]))
        return read_qonnx(folder / "m.onnx", requantise=True)

    @target(_described)
    def qonnx_of_bittrue(data: bytes, folder: Path) -> object:
        (folder / "m.onnx").write_bytes(data)
        return read_qonnx(folder / "m.onnx")

    @target(_bare)
    def qonnx_model(data: bytes, folder: Path) -> object:
        (folder / "m.onnx").write_bytes(data)
        return read_qonnx(folder / "m.onnx", requantise=True)
