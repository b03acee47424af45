"""Stages as nodes of a net.

The MAX78000 and MAX78002 execute nets as stages (`bittrue.spec.stage`); training and import describe them so, and both
become nets by the rule that stands here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bittrue.errors import BadInput, shown
from bittrue.spec.arranging import Flatten, Reshape
from bittrue.spec.layer import Layer, TensorType
from bittrue.spec.net import INPUT, Net, Node
from bittrue.spec.pool import MaxPool1d, MaxPool2d
from bittrue.spec.stage import (
    BIAS_STEP,
    DATA,
    RANKS,
    SHIFT_LIMIT,
    WIDE_BITS,
    Join,
    Operation,
    Pool,
    Stage,
)

__all__ = [
    "BIAS_STEP",
    "DATA",
    "RANKS",
    "SHIFT_LIMIT",
    "WIDE_BITS",
    "Builder",
    "Join",
    "Operation",
    "Pool",
    "Stage",
    "node_name",
    "stage_net",
    "stage_types",
]


def stage_net(name: str, shape: tuple[int, ...], stages: Iterable[Stage], outputs: Sequence[str] = ()) -> Net:
    """The net of stages on int8 data of ``shape``: ``(channels, length)`` or ``(channels, rows, columns)``.

    ``outputs`` names the stages whose results are those of the net, in the order of evaluation; without, the last.
    Raises `BadInput`, naming the layer, where stages do not fit each other.
    """
    stages = list(stages)
    builder = Builder(shape, [stage.name for stage in stages])
    for stage in stages:
        builder.add(stage)
    return builder.net(name, outputs)


def stage_types(shape: tuple[int, ...], stages: Iterable[Stage]) -> list[tuple[TensorType, TensorType]]:
    """What each stage takes (joined channels, or one operand, as it reads them) and puts out.

    Raises `BadInput` as `stage_net` does.
    """
    builder = Builder(shape)
    return [builder.add(stage) for stage in stages]


class Builder:
    """Makes nodes of stages, one stage after the other.

    Parameters
    ----------
    shape : tuple of int
        Of the input.
    names : iterable of str
        What all stages are called, so that nodes before them are called otherwise.

    Attributes
    ----------
    types : dict of TensorType
        Of the input, and of what each stage puts out, by name.
    """

    def __init__(self, shape: tuple[int, ...], names: Iterable[str] = ()) -> None:
        self.types = {INPUT: TensorType(shape, DATA)}
        self._names = frozenset(names)
        self._nodes: list[Node] = []
        self._last = INPUT

    def net(self, name: str, outputs: Sequence[str] = ()) -> Net:
        """The net of all stages so far; ``outputs`` as of `stage_net`."""
        inputs: Any = self.types[INPUT]
        return Net(name, inputs, tuple(self._nodes), outputs=tuple(outputs))

    def add(self, stage: Stage) -> tuple[TensorType, TensorType]:
        """Append the nodes of a stage; what it takes and puts out."""
        operands = []
        for source in stage.sources or (self._last,):
            if source not in self.types:
                raise BadInput(f"layer {stage.name} takes {shown(source)}, which is no earlier layer; correct it")
            if self.types[source].format != DATA:
                raise BadInput(f"layer {stage.name} follows a wide layer; only results of the net may be 32 bits wide")
            operands.append(_Tensor(source, self.types[source]))
        steps = _Steps(stage, self._names)
        try:
            given = steps.take(operands)
        except BadInput as error:
            raise BadInput(f"layer {stage.name}: {error}") from None
        *before, last = steps.nodes
        self._nodes += [*before, replace(last, name=stage.name)]
        self.types[stage.name], self._last = steps.type, stage.name
        return given, steps.type


@dataclass(frozen=True)
class _Tensor:
    """A tensor on the way through a stage."""

    name: str
    type: TensorType


class _Steps:
    """The nodes of one stage, the last of which gets the name of the stage."""

    def __init__(self, stage: Stage, names: Collection[str]) -> None:
        self.stage, self._names = stage, names
        self.nodes: list[Node] = []
        self.type = TensorType((1,), DATA)

    def take(self, operands: list[_Tensor]) -> TensorType:
        """Nodes from what the stage takes to what it puts out; the type of the former."""
        stage = self.stage
        if stage.join == "concat":
            operands = [self._step("concat", stage.joining(), *operands)]
        operands = self._each("reshape", operands, self._reading)
        given = operands[0].type
        if stage.pool_first:
            operands = self._each("pool", operands, self._pooling)
        if stage.eltwise:
            operands = [self._step(str(stage.join), stage.joining(), *operands)]
        if not stage.pool_first:
            operands = self._each("pool", operands, self._pooling)
        (last,) = operands
        pixels = last.type.shape[1:]
        if stage.operation == "linear" and pixels and (stage.flatten or set(pixels) == {1}):
            last = self._step("flatten", Flatten(), last)
        if stage.operation != "none":
            self._step("sum", stage.layer(len(last.type.shape) - 1), last)
        elif not self.nodes:
            self._step("same", _same(last.type), last)
        return given

    def _step(self, suffix: str, layer: Layer, *operands: _Tensor) -> _Tensor:
        name, self.type = f"{self.stage.name}_{suffix}", layer.output_type(*(operand.type for operand in operands))
        while name in self._names:
            name += "_"
        self.nodes.append(Node(name, layer, tuple(operand.name for operand in operands)))
        return _Tensor(name, self.type)

    def _each(
        self, suffix: str, operands: list[_Tensor], layer: Callable[[tuple[int, ...]], Layer | None]
    ) -> list[_Tensor]:
        """Every operand behind the layer that its shape needs, if it needs one."""
        found = []
        for index, operand in enumerate(operands):
            needed = layer(operand.type.shape)
            numbered = f"{suffix}_{index}" if len(operands) > 1 else suffix
            found.append(operand if needed is None else self._step(numbered, needed, operand))
        return found

    def _reading(self, shape: tuple[int, ...]) -> Layer | None:
        read = self.stage.reading(shape)
        return None if read == shape else Reshape(read)

    def _pooling(self, shape: tuple[int, ...]) -> Layer | None:
        return self.stage.pool.layer(len(shape) - 1) if self.stage.pool else None


def _same(given: TensorType) -> Layer:
    """A layer that puts out what it takes."""
    return {2: MaxPool1d(1, 1), 3: MaxPool2d((1, 1), (1, 1))}.get(len(given.shape)) or Reshape(given.shape)


def node_name(text: str) -> str:
    """A name of a layer elsewhere, such as ``Conv1.0``, as the name of a node: ``conv1_0``."""
    name = re.sub(r"[^a-z0-9_]", "_", text.lower()) or "layer"
    return (name if name[0].isalpha() else f"l{name}")[:30]
