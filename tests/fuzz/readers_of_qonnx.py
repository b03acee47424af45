"""Readers of QONNX models, where the package onnx is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from target import target

from bittrue.spec import LAYERS
from bittrue.targets.qonnx.export import export
from bittrue.targets.qonnx.read import read_qonnx


def _described() -> list[bytes]:
    return [export(LAYERS[name].example()).model for name in ("Dense", "ComplexFIR", "Table")]


def _bare() -> list[bytes]:
    """Models that say nothing about who wrote them."""
    from onnx import load_model_from_string

    found = []
    for name in ("Conv2d", "ConvTranspose1d", "Dense", "MaxPool1d", "Mul", "Reshape", "Table", "Upsample"):
        model = load_model_from_string(export(LAYERS[name].example()).model)
        del model.metadata_props[:]
        found.append(model.SerializeToString())
    return found


if find_spec("onnx"):

    @target(_described)
    def qonnx_of_bittrue(data: bytes, folder: Path) -> object:
        (folder / "m.onnx").write_bytes(data)
        return read_qonnx(folder / "m.onnx")

    @target(_bare)
    def qonnx_model(data: bytes, folder: Path) -> object:
        (folder / "m.onnx").write_bytes(data)
        return read_qonnx(folder / "m.onnx", requantise=True)
