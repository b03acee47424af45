"""An ONNX graph in the making: every tensor has a name, a shape and a number type from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

QONNX = "qonnx.custom_op.general"
"""Domain of the Quant operator."""
IR_VERSION = 8
OPSET, BITWISE_OPSET = 13, 18
"""Operators of ONNX as of these versions; bit by bit operations came with the second."""


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph: ``shape`` begins with the samples, ``kind`` is ``float32``, ``float64`` or ``int64``."""

    name: str
    shape: tuple[int, ...]
    kind: np.dtype[Any]


@dataclass
class Graph:
    """Nodes, constants and shapes; `place` names what follows after a layer.

    With ``thresholds``, who executes the graph compares sums with half steps, and no Quant node rounds.
    """

    place: str = "net"
    thresholds: bool = False
    nodes: list[tuple[str, str, tuple[str, ...], str, dict[str, Any]]] = field(default_factory=list)
    constants: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def op(
        self, operator: str, inputs: Sequence[Tensor], like: Tensor | tuple[tuple[int, ...], Any], **attributes: Any
    ) -> Tensor:
        """A node; ``like`` is a tensor of the result's type, or its ``(shape, kind)``. `QONNX`'s own is ``Quant``."""
        shape, kind = (like.shape, like.kind) if isinstance(like, Tensor) else like
        name = f"{self.place}/{operator.lower()}_{len(self.nodes)}"
        domain = QONNX if operator == "Quant" else ""
        self.nodes.append((operator, domain, tuple(tensor.name for tensor in inputs), name, attributes))
        self.tensors[name] = Tensor(name, shape, np.dtype(kind))
        return self.tensors[name]

    def constant(self, values: Any, kind: Any, what: str = "constant") -> Tensor:
        """An array that is part of the graph; equal scalars are one."""
        array = np.asarray(values, dtype=kind)
        name = f"{self.place}/{what}"
        if not array.ndim:
            name = f"{array.dtype}/{array.item()!r}"
        elif name in self.constants:
            name = f"{name}.{len(self.constants)}"
        self.constants[name] = array
        return Tensor(name, array.shape, array.dtype)

    def cast(self, tensor: Tensor, kind: Any) -> Tensor:
        """The tensor in another number type, itself where it has that."""
        if tensor.kind == np.dtype(kind):
            return tensor
        return self.op("Cast", [tensor], (tensor.shape, kind), to=_element(kind))

    def call(self, tensor: Tensor, name: str) -> None:
        """Give a result the name of its layer."""
        self.names[tensor.name] = name

    def model(
        self, name: str, inputs: Sequence[Tensor], outputs: Sequence[str], notes: Mapping[str, str], producer: str
    ) -> bytes:
        """The serialised model; ``notes`` become its metadata."""
        from onnx import helper, numpy_helper

        called = self.names
        nodes = [
            helper.make_node(
                operator,
                [called.get(source, source) for source in sources],
                [called.get(result, result)],
                name=result,
                domain=domain,
                **attributes,
            )
            for operator, domain, sources, result, attributes in self.nodes
        ]
        infos = {
            called.get(tensor.name, tensor.name): helper.make_tensor_value_info(
                called.get(tensor.name, tensor.name), _element(tensor.kind), tensor.shape
            )
            for tensor in self.tensors.values()
        }
        graph = helper.make_graph(
            nodes,
            name,
            [helper.make_tensor_value_info(each.name, _element(each.kind), each.shape) for each in inputs],
            [infos[each] for each in outputs],
            [numpy_helper.from_array(array, key) for key, array in self.constants.items()],
            value_info=[info for key, info in infos.items() if key not in outputs],
        )
        newest = any(operator.startswith("Bitwise") for operator, *_ in self.nodes)
        versions = [helper.make_opsetid("", BITWISE_OPSET if newest else OPSET), helper.make_opsetid(QONNX, 1)]
        model = helper.make_model(graph, opset_imports=versions, producer_name=producer, ir_version=IR_VERSION)
        helper.set_model_props(model, dict(notes))
        return bytes(model.SerializeToString(deterministic=True))


def _element(kind: Any) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(kind)))
