"""Net: a named chain or graph of layers with one input and one output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.limits import DELAY, ELEMENTS, NODES
from bittrue.num.arrays import integer, plain
from bittrue.spec.layer import Layer, TensorType

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
INPUT = "input"
"""The name under which nodes refer to the net's input."""


@dataclass(frozen=True)
class Node:
    """A layer in its place: ``inputs`` names earlier nodes, or ``"input"``; one name may stand without a list.

    Raises `BadInput` for a name that is none, no layer, or inputs that are no names.
    """

    name: str
    layer: Layer
    inputs: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise BadInput(f"a node has {shown(self.name)} for its name; give text")
        if not isinstance(self.layer, Layer):
            raise BadInput(f"node {self.name} has {shown(self.layer)} for its layer; give one of bittrue.spec's layers")
        inputs = (self.inputs,) if isinstance(self.inputs, str) else self.inputs
        names = tuple(inputs) if isinstance(inputs, list | tuple) else (None,)
        if not all(isinstance(name, str) for name in names):
            raise BadInput(f"node {self.name} has inputs {shown(self.inputs)}; name earlier nodes, or 'input'")
        if len(names) > NODES:
            raise BadInput(f"node {self.name} takes {len(names):,} tensors, more than {NODES:,}; add them in groups")
        object.__setattr__(self, "inputs", names)


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
        For a name twice, an input that does not exist (yet), a node that nothing uses, layers that do not fit, a
        delay that is not within the net's memory, or a net beyond the limits of docs/net-format.md.
    """

    name: str
    input: TensorType
    nodes: tuple[Node, ...]
    delay: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,60}", self.name):
            raise BadInput(f"net name {shown(self.name)}: use a letter, then up to 60 letters, digits, '-' and '_'")
        if not isinstance(self.input, TensorType):
            raise BadInput(f"net {self.name} has {shown(self.input)} for its input; give a TensorType(shape, format)")
        nodes = tuple(self.nodes) if isinstance(self.nodes, list | tuple) else (None,)
        if not all(isinstance(node, Node) for node in nodes):
            raise BadInput(f"net {self.name} has {shown(self.nodes)} for its nodes; give a list of Node")
        object.__setattr__(self, "nodes", nodes)
        if not nodes:
            raise BadInput(f"net {self.name} has no layers; give it at least one")
        if len(nodes) > NODES:
            raise BadInput(f"net {self.name} has {len(nodes):,} layers, more than {NODES:,}; make it smaller")
        used = {source for node in self.nodes for source in node.inputs}
        for node in self.nodes[:-1]:
            if node.name not in used:
                raise BadInput(
                    f"net {self.name}: nothing uses node {node.name}; the last node is the output, remove this"
                )
        if self.elements > ELEMENTS:
            raise BadInput(
                f"net {self.name}: its tensors have {self.elements:,} elements together, more than {ELEMENTS:,}; make "
                f"them smaller"
            )
        if self.memory > DELAY:
            raise BadInput(
                f"net {self.name} looks {self.memory:,} samples back, more than {DELAY:,}; shorten its delays"
            )
        delay = integer(self.delay)
        if delay is None or not 0 <= delay <= self.memory:
            raise BadInput(
                f"net {self.name} declares a delay of {shown(self.delay)} samples; its outputs see 0 to {self.memory} "
                f"back"
            )
        object.__setattr__(self, "delay", delay)

    @cached_property
    def types(self) -> dict[str, TensorType]:
        """Type of every tensor by its name, ``"input"`` first."""
        types = {INPUT: self.input}
        for node in self.nodes:
            if not _NAME.fullmatch(node.name) or node.name in types:
                raise BadInput(
                    f"net {self.name}: node name {shown(node.name)} is taken or not a lower-case identifier; "
                    f"choose another"
                )
            missing = [source for source in node.inputs if source not in types]
            if missing:
                raise BadInput(
                    f"net {self.name}: node {node.name} takes {shown(missing[0])}, which is not an earlier "
                    f"node; choose one of {', '.join(islice(types, 20))}"
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

    @cached_property
    def elements(self) -> int:
        """Elements of all tensors together, the input among them, for one sample."""
        return sum(tensor.elements for tensor in self.types.values())

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
        array = plain(codes, f"the array of samples for net {self.name}")
        if array.shape == self.input.shape and len(self.input.shape) > 1:
            array = array[np.newaxis]
        if array.ndim != len(self.input.shape) + 1 or array.shape[1:] != self.input.shape or not len(array):
            shape = ", ".join(("N", *map(str, self.input.shape)))
            raise BadInput(f"net {self.name} takes samples of shape ({shape}), not {array.shape}; reshape the array")
        return self.input.format.check(array, "sample ")
