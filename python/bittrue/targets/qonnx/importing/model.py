"""QONNX files, read with care: bounded, nothing outside the file is opened, no operator is executed."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.files import read_bytes
from bittrue.limits import AXES, ELEMENTS, NODES, take
from bittrue.readers.damage import refusing

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general", "finn")
"""Under which tools keep Quant, the newest first."""
KINDS = {"FLOAT", "FLOAT16", "DOUBLE", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "BOOL"}
"""Types of constants that are numbers."""


@dataclass(frozen=True)
class Operation:
    """A node of the graph; a missing input is an empty name."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]

    @property
    def result(self) -> str:
        """What the layer that it becomes may be called: its result, without what PyTorch puts behind every one."""
        return self.outputs[0].removesuffix("_output_0")

    def __str__(self) -> str:
        return f"{self.operator} {shown(self.name or self.outputs[0])}"


@dataclass(frozen=True)
class Model:
    """A graph: inputs as shapes (None for a length that is not fixed), results, nodes in order, constants."""

    name: str
    inputs: dict[str, tuple[int | None, ...]]
    outputs: tuple[str, ...]
    operations: tuple[Operation, ...]
    constants: dict[str, npt.NDArray[Any]]
    notes: dict[str, str]
    graph: bytes


def read_model(path: str | os.PathLike[str]) -> Model:
    """The graph of a model.

    Raises `BadInput` for a file that is no ONNX model or larger than `bittrue.limits.FILE`, data in other files,
    functions, sparse tensors, tensors beyond the limits, and constants that are no numbers.
    """
    from google.protobuf.message import DecodeError
    from onnx import load_model_from_string

    what = f"the QONNX model {path}"
    data = read_bytes(path, "the QONNX model")
    take(8 * len(data), what)
    try:
        with refusing(what):
            return _model(load_model_from_string(data), what)
    except DecodeError:
        raise BadInput(f"{what} is no ONNX file; give one that export_qonnx or bittrue export-qonnx wrote") from None


def _model(model: Any, what: str) -> Model:
    graph = model.graph
    if not graph.node or len(graph.node) > NODES or len(graph.initializer) > 8 * NODES:
        raise BadInput(f"{what} has {len(graph.node):,} nodes; a net has 1 to {NODES:,}")
    if len(model.functions) or len(graph.sparse_initializer):
        raise BadInput(f"{what} has functions of its own or sparse tensors; export it without")
    constants = {tensor.name: array(tensor, what) for tensor in graph.initializer}
    take(8 * sum(each.size for each in constants.values()), what)
    inputs = {each.name: _shape(each, what) for each in graph.input if each.name not in constants}
    operations = tuple(_operation(node, what) for node in graph.node)
    made = [name for node in operations for name in node.outputs] + [*inputs, *constants]
    if len(set(made)) != len(made):
        raise BadInput(f"{what} makes a tensor twice; restore the file")
    notes = {each.key: each.value for each in model.metadata_props}
    names = tuple(each.name for each in graph.output)
    stored = bytes(graph.SerializeToString(deterministic=True))
    return Model(graph.name, inputs, names, operations, constants, notes, stored)


def array(tensor: Any, what: str) -> npt.NDArray[Any]:
    """A constant of the file; `BadInput` where its numbers stand in another file, or it is too large or holds none."""
    from onnx import TensorProto, numpy_helper

    name = f"{what}, tensor {shown(tensor.name)}"
    if tensor.data_location == TensorProto.EXTERNAL or len(tensor.external_data):
        raise BadInput(f"{name}: its data lie in another file, which is not opened; save the model in one file")
    kind = TensorProto.DataType.Name(tensor.data_type)
    if kind not in KINDS:
        raise BadInput(f"{name} is of type {kind}; constants are numbers")
    shape = tuple(tensor.dims)
    if len(shape) > AXES or any(length < 0 for length in shape) or math.prod(shape) > ELEMENTS:
        raise BadInput(f"{name} has shape {shown(shape)}, beyond {AXES} axes or {ELEMENTS:,} elements")
    found = np.asarray(numpy_helper.to_array(tensor))
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise BadInput(f"{name} holds NaN or infinity; export it again")
    return found


def _operation(node: Any, what: str) -> Operation:
    if node.domain not in ("", "ai.onnx", *DOMAINS):
        raise BadInput(f"{what}: {shown(node.op_type)} is of {shown(node.domain)}, which is not known; export to QONNX")
    if not node.output:
        raise BadInput(f"{what}: a {shown(node.op_type)} has no result; restore the file")
    attributes = {each.name: _attribute(each, what) for each in node.attribute}
    return Operation(node.name, node.op_type, tuple(node.input), tuple(node.output), attributes)


def _attribute(attribute: Any, what: str) -> Any:
    from onnx import AttributeProto, helper

    if attribute.type == AttributeProto.TENSOR:
        return array(attribute.t, what)
    if attribute.type not in (
        AttributeProto.INT,
        AttributeProto.INTS,
        AttributeProto.FLOAT,
        AttributeProto.FLOATS,
        AttributeProto.STRING,
    ):
        raise BadInput(
            f"{what}: attribute {shown(attribute.name)} is no number and no text; export without control flow"
        )
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return list(value) if attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS) else value


def _shape(info: Any, what: str) -> tuple[int | None, ...]:
    if not info.type.HasField("tensor_type"):
        raise BadInput(f"{what}: input {shown(info.name)} is no tensor; export a graph of tensors")
    dims = info.type.tensor_type.shape.dim
    return tuple(each.dim_value if each.HasField("dim_value") else None for each in dims)
