"""Net: a named chain or graph of layers with one input and one output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.spec.layer import Layer, TensorType

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
INPUT = "input"
"""The name under which nodes refer to the net's input."""


@dataclass(frozen=True)
class Node:
    """A layer in its place: ``inputs`` names earlier nodes, or ``"input"``."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Net:
    """A frozen network: its meaning is one integer function from codes ``(N, *input.shape)`` to codes ``(N, ...)``.

    Nodes stand in the order of evaluation; the last one is the output. Every intermediate tensor has a name, that of
    its node: the *tap* by which the legs are compared.

    Parameters
    ----------
    name : str
    input : TensorType
    nodes : tuple of Node
    delay : int
        Samples by which the output lags what it is about: output ``n`` answers input ``n - delay``, and what lies
        between is look-ahead. It is a promise to whoever aligns signals; the integer function does not depend on it.

    Raises
    ------
    BadInput
        For a name twice, an input that does not exist (yet), a node that nothing uses, layers that do not fit, or a
        delay that is not within the net's memory.
    """

    name: str
    input: TensorType
    nodes: tuple[Node, ...]
    delay: int = 0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,60}", self.name):
            raise BadInput(f"net name {self.name!r}: use a letter, then up to 60 letters, digits, '-' and '_'")
        if not self.nodes:
            raise BadInput(f"net {self.name} has no layers; give it at least one")
        used = {source for node in self.nodes for source in node.inputs}
        for node in self.nodes[:-1]:
            if node.name not in used:
                raise BadInput(
                    f"net {self.name}: nothing uses node {node.name}; the last node is the output, remove this"
                )
        _ = self.types
        if isinstance(self.delay, bool) or not isinstance(self.delay, int) or not 0 <= self.delay <= self.memory:
            raise BadInput(
                f"net {self.name} declares a delay of {self.delay} samples; its outputs see 0 to {self.memory} back"
            )

    @cached_property
    def types(self) -> dict[str, TensorType]:
        """Type of every tensor by its name, ``"input"`` first."""
        types = {INPUT: self.input}
        for node in self.nodes:
            if not _NAME.fullmatch(node.name) or node.name in types:
                raise BadInput(
                    f"net {self.name}: node name {node.name!r} is taken or not a lower-case identifier; choose another"
                )
            missing = [source for source in node.inputs if source not in types]
            if missing:
                raise BadInput(
                    f"net {self.name}: node {node.name} takes {missing[0]!r}, which is not an earlier node; "
                    f"choose one of {', '.join(types)}"
                )
            arity = node.layer.arity
            if arity is not None and len(node.inputs) != arity:
                raise BadInput(
                    f"net {self.name}: {type(node.layer).__name__} {node.name} takes {arity} input, "
                    f"not {len(node.inputs)}; name the tensors it runs on"
                )
            try:
                types[node.name] = node.layer.output_type(*(types[source] for source in node.inputs))
            except BadInput as error:
                raise BadInput(f"net {self.name}, node {node.name}: {error}") from None
        return types

    @property
    def output(self) -> TensorType:
        """Type of the result."""
        return self.types[self.nodes[-1].name]

    @cached_property
    def memory(self) -> int:
        """How many earlier input samples an output depends on."""
        reach = {INPUT: 0}
        for node in self.nodes:
            reach[node.name] = node.layer.memory + max(reach[source] for source in node.inputs)
        return reach[self.nodes[-1].name]

    def input_types(self, node: Node) -> tuple[TensorType, ...]:
        """Types of what a node takes."""
        return tuple(self.types[source] for source in node.inputs)

    def check_codes(self, codes: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Input codes as int64 ``(N, *input.shape)``; a single sample gains the leading axis.

        Raises `BadInput` for another shape, a type that is not integer, or a code outside the input's format.
        """
        array = np.asarray(codes)
        if array.shape == self.input.shape and len(self.input.shape) > 1:
            array = array[np.newaxis]
        if array.ndim != len(self.input.shape) + 1 or array.shape[1:] != self.input.shape or not len(array):
            shape = ", ".join(("N", *map(str, self.input.shape)))
            raise BadInput(f"net {self.name} takes samples of shape ({shape}), not {array.shape}; reshape the array")
        return self.input.format.check(array, "sample ")
