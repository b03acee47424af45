"""qonnx's executor as the judge: a model runs on the values of codes, and gives codes back."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from bittrue import ref
from bittrue.spec import Net

onnx = pytest.importorskip("onnx", reason="no onnx: pip install -e '.[qonnx]'")
pytest.importorskip("qonnx", reason="no qonnx: pip install qonnx")

from qonnx.core.modelwrapper import ModelWrapper  # noqa: E402
from qonnx.core.onnx_exec import execute_onnx  # noqa: E402
from qonnx.transformation.infer_shapes import InferShapes  # noqa: E402

Codes = dict[str, np.ndarray]


def executed(model: onnx.ModelProto, values: Codes) -> Codes:
    """What qonnx makes of values, by the name of the result."""
    onnx.checker.check_model(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return execute_onnx(ModelWrapper(model, make_deepcopy=True), values)


def shaped(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with all shapes said, as the executor wants it."""
    return ModelWrapper(model, make_deepcopy=True).transform(InferShapes()).model


def judged(net: Net, model: bytes, kinds: dict[str, np.dtype], codes: Codes) -> Codes:
    """Codes of every output of an exported net."""
    values = {
        name: np.ldexp(array.astype(np.float64), -net.inputs[name].format.frac).astype(kinds[name])
        for name, array in codes.items()
    }
    found = executed(onnx.load_model_from_string(model), values)
    return {name: np.ldexp(found[name].astype(np.float64), net.types[name].format.frac) for name in net.outputs}


def same(net: Net, found: Codes, codes: Codes) -> None:
    """Fail, naming the output, unless all integers are those of the reference."""
    for name, expected in ref.outputs(net, codes).items():
        np.testing.assert_array_equal(found[name], expected, err_msg=f"output {name} of {net.name}")


def written(model: onnx.ModelProto, path: Path) -> Path:
    """The model as a file."""
    path.write_bytes(model.SerializeToString())
    return path
