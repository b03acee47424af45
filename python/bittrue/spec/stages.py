"""Stages: what an 8-bit CNN accelerator calls a layer, and the nodes of a net that mean the same.

A stage is an optional pooling, then a convolution or a matrix or nothing, a bias byte a channel, a shift, a clamp to
8 bits, an activation. The MAX78000 and MAX78002 execute nets as a row of such stages; training and import describe
them here, so that both become nets by the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.spec.activation import Activation, Linear
from bittrue.spec.arranging import Flatten
from bittrue.spec.conv import Conv1d
from bittrue.spec.dense import Dense
from bittrue.spec.layer import Layer, TensorType
from bittrue.spec.net import INPUT, Net, Node
from bittrue.spec.pool import AvgPool1d, MaxPool1d

Codes = npt.NDArray[np.int64]

DATA = Format(8, 7)
"""Format of every tensor between stages."""

WIDE_BITS = 32
BIAS_STEP = 128
"""Accumulator units of a bias byte: ``1.0 * 1.0`` is ``128 * 128`` there, and ``128`` as a weight."""

SHIFT_LIMIT = 15
"""Largest magnitude of the total shift: four bits and a direction."""


@dataclass(frozen=True)
class Pool:
    """A maximum or an average (cut off toward zero) over ``size`` samples, before the stage's sum."""

    kind: Literal["max", "avg"]
    size: int
    stride: int
    dilation: int = 1

    def __post_init__(self) -> None:
        if self.kind not in ("max", "avg"):
            raise BadInput(f"a pooling is of kind {shown(self.kind)}; give 'max' or 'avg'")

    def layer(self) -> Layer:
        """The layer that means the same."""
        return (MaxPool1d if self.kind == "max" else AvgPool1d)(self.size, self.stride, self.dilation)


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage, in integers: ``acc = sum(w * x) + 128 * b``, ``y = clamp(floor(acc * 2**shift / 128 + 1/2))``.

    Parameters
    ----------
    name : str
        Becomes the name of its node; its pooling is ``<name>_pool``, its flattening ``<name>_flatten``.
    operation : "conv1d", "linear" or "none"
        "none" passes the (pooled) data through.
    weight : int64 array (O, C / groups, K) or (O, I), optional
        Codes of ``bits`` bits; ``None`` for "none".
    bias : int64 array (O,), optional
        Bias bytes, -128 to 127.
    bits : int
        Bits of a weight, 8, 4, 2 or 1; -1 for weights that are -1 or +1.
    output_shift : int
        ``shift`` is ``output_shift + 8 - |bits|``. Without meaning where ``wide``.
    wide : bool
        The result is the accumulator itself, 32 bits, without shift and clamp.
    """

    name: str
    operation: Literal["conv1d", "linear", "none"]
    weight: Codes | None = None
    bias: Codes | None = None
    bits: int = 8
    output_shift: int = 0
    wide: bool = False
    activation: Activation = field(default_factory=Linear)
    pool: Pool | None = None
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    stride: int = 1

    @property
    def shift(self) -> int:
        """The total shift ``s``: the result is the accumulator times ``2**s / 128``."""
        return 8 - abs(self.bits) + (0 if self.wide else self.output_shift)

    def layer(self) -> Layer:
        """The layer with this stage's sum. Raises `BadInput` for a shift or weights outside their limits."""
        if self.weight is None:
            return self.pool.layer() if self.pool else MaxPool1d(1, 1)
        if abs(self.shift) > SHIFT_LIMIT:
            implied = 8 - abs(self.bits)
            raise BadInput(
                f"layer {self.name} has output_shift {self.output_shift} with {abs(self.bits)}-bit weights; the range "
                f"is {-SHIFT_LIMIT - implied}..{SHIFT_LIMIT - implied}, so scale its weights by a power of two"
            )
        weight_format = Format(2 if self.bits < 0 else self.bits, DATA.frac - self.shift)
        output = Format(WIDE_BITS, DATA.frac + weight_format.frac) if self.wide else DATA
        bias = np.zeros(len(self.weight), np.int64) if self.bias is None else self.bias * BIAS_STEP
        if self.operation == "linear":
            return Dense(self.weight, bias, weight_format, output, self.activation)
        return Conv1d(
            self.weight,
            bias,
            weight_format,
            output,
            self.activation,
            self.padding,
            self.dilation,
            self.groups,
            self.stride,
        )


def stage_net(name: str, shape: tuple[int, int], stages: Iterable[Stage]) -> Net:
    """The net of a row of stages on int8 frames of ``shape`` (channels, length).

    Raises `BadInput`, naming the layer, where stages do not fit each other.
    """
    given = TensorType(shape, DATA)
    nodes: list[Node] = []
    tensor, source = given, INPUT
    for stage in stages:
        for node, layer in _layers(stage, tensor):
            try:
                tensor = layer.output_type(tensor)
            except BadInput as error:
                raise BadInput(f"layer {stage.name}: {error}") from None
            nodes.append(Node(node, layer, (source,)))
            source = node
    return Net(name, given, tuple(nodes))


def stage_types(shape: tuple[int, int], stages: Iterable[Stage]) -> list[tuple[TensorType, TensorType]]:
    """What each stage takes and puts out. Raises `BadInput` as `stage_net` does."""
    tensor, found = TensorType(shape, DATA), []
    for stage in stages:
        given = tensor
        for _, layer in _layers(stage, tensor):
            try:
                tensor = layer.output_type(tensor)
            except BadInput as error:
                raise BadInput(f"layer {stage.name}: {error}") from None
        found.append((given, tensor))
    return found


def _layers(stage: Stage, given: TensorType) -> list[tuple[str, Layer]]:
    """Nodes of a stage by name, in order."""
    if given.format != DATA:
        raise BadInput(f"layer {stage.name} follows a wide layer; only the last layer may be 32 bits wide")
    found: list[tuple[str, Layer]] = []
    if stage.pool and stage.operation != "none":
        found.append((f"{stage.name}_pool", stage.pool.layer()))
    if stage.operation == "linear" and len(given.shape) == 2:
        found.append((f"{stage.name}_flatten", Flatten()))
    return [*found, (stage.name, stage.layer())]


def node_name(text: str) -> str:
    """A name of a layer elsewhere, such as ``Conv1.0``, as the name of a node: ``conv1_0``."""
    name = re.sub(r"[^a-z0-9_]", "_", text.lower())[:30] or "layer"
    return name if name[0].isalpha() else f"l{name}"
