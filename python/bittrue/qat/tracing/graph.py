"""A traced module: operations in their places, without formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.qat.tracing.operations import Chosen, Operation, Sum
from bittrue.spec import Net, Node, TensorType

PLAIN = Chosen(Format(16, 8), Format(16, 8))
"""Formats where none are chosen yet and only shapes count."""


@dataclass
class Part:
    """An operation, the names of what it takes, and its place in the user's source."""

    name: str
    operation: Operation
    inputs: tuple[str, ...]
    place: str


@dataclass
class Graph:
    """Operations in the order of evaluation.

    Parameters
    ----------
    name : str
        Of the net.
    shapes : dict of tuple of int by name
        Of one sample of every tensor, the inputs first.
    inputs, outputs : list of str
    parts : list of Part
    """

    name: str
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    def add(self, name: str, operation: Operation, inputs: tuple[str, ...], place: str) -> str:
        """Append an operation; its name. Raises `BadInput`, beginning with the place, where it does not fit."""
        types = [TensorType(self.shapes[source], PLAIN.output) for source in inputs]
        try:
            shape = operation.layer(types, PLAIN).output_type(*types).shape
        except BadInput as error:
            raise BadInput(f"{place}: {error}") from None
        self.parts.append(Part(name, operation, inputs, place))
        self.shapes[name] = shape
        return name

    def part(self, name: str) -> Part | None:
        """The operation that makes a tensor, or nothing for an input."""
        return next((part for part in self.parts if part.name == name), None)

    @property
    def sums(self) -> dict[str, Sum]:
        """The operations with weights, by name."""
        return {part.name: part.operation for part in self.parts if isinstance(part.operation, Sum)}

    def groups(self, tied: bool = False) -> dict[str, str]:
        """The tensors that share one format, each by the first of them; where ``tied``, sums of branches share too."""
        first = {name: name for name in self.inputs}
        for part in self.parts:
            first[part.name] = part.name
            if part.operation.keeps or (tied and not isinstance(part.operation, Sum)):
                together = {first[source] for source in part.inputs} | {part.name}
                head = next(name for name in first if name in together)
                first = {name: head if root in together else root for name, root in first.items()}
        return first

    def net(self, formats: Mapping[str, Format], weights: Mapping[str, Format]) -> Net:
        """The net with these formats of tensors and of weights, by name. Raises `BadInput` as `Net` does."""
        given = {name: TensorType(self.shapes[name], formats[name]) for name in self.inputs}
        types, nodes = dict(given), []
        for part in self.parts:
            chosen = Chosen(formats[part.name], weights.get(part.name))
            taken = [types[source] for source in part.inputs]
            try:
                layer = part.operation.layer(taken, chosen)
                types[part.name] = layer.output_type(*taken)
            except BadInput as error:
                raise BadInput(f"{part.place}: {error}") from None
            nodes.append(Node(part.name, layer, part.inputs))
        order = [part.name for part in self.parts if part.name in self.outputs]
        return Net(self.name, given if len(given) > 1 else given[self.inputs[0]], nodes, outputs=order)
