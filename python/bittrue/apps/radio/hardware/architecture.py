"""The radio net: a U-Net of convolutions alone whose skips are sums, as layers and as an integer net."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bittrue.apps.radio.hardware.kind import CHANNELS, INPUT, taken
from bittrue.apps.radio.hardware.kind import OUTPUT as OUTPUT
from bittrue.apps.radio.hardware.kind import OUTPUTS as OUTPUTS
from bittrue.errors import BadInput, shown
from bittrue.num import Format, fit_format
from bittrue.num.arrays import integer
from bittrue.spec import Add, Conv2d, ConvTranspose2d, Layer, Linear, MaxPool2d, Net, Node, ReLU

LEVELS = 5
"""Most levels: the map has 128 x 128 pixels, the lowest level 8 x 8."""
WEIGHTS = 400_000
"""Most weights and biases."""


@dataclass(frozen=True)
class Level:
    """One resolution, half that of the level before: channels, and convolutions on the way down.

    On the way up every level but the lowest has one transposed convolution, the sum with what came down, and one
    convolution.
    """

    channels: int
    convolutions: int = 1


@dataclass(frozen=True)
class Shape:
    """One layer with weights: ``(outputs, inputs, 3, 3)``, and whether it doubles the size."""

    name: str
    outputs: int
    inputs: int
    level: int
    doubles: bool = False

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """Shape of its weights."""
        return self.outputs, self.inputs, 3, 3

    @property
    def count(self) -> int:
        """Weights and biases."""
        return math.prod(self.weight) + self.outputs


@dataclass(frozen=True)
class ArchitectureSpec:
    """``levels`` from 128 x 128 pixels down, results inside in ``tensor``, 8-bit weights.

    Layers are ``down<l>_<k>``, ``up<l>`` (transposed), ``merge<l>`` and ``out``; all but the last end in a ReLU. The
    defaults have 180,972 weights and biases. Raises `BadInput` for levels that are none, and for more than `WEIGHTS`.
    """

    name: str = "radio-map"
    levels: tuple[Level, ...] = (Level(16), Level(24), Level(32, 2), Level(48, 2), Level(48, 2))
    tensor: Format | str = "Q1.7"
    weight_bits: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensor", Format.of(self.tensor, f"the tensors of {self.name}"))
        if not 2 <= len(self.levels) <= LEVELS:
            raise BadInput(f"{self.name} has {len(self.levels)} levels; give 2 to {LEVELS}")
        for number, level in enumerate(self.levels):
            if (integer(level.channels) or 0) < 1 or (integer(level.convolutions) or 0) < 1:
                raise BadInput(f"level {number} of {self.name} is {shown(level)}; give sizes of 1 or more")
        if self.parameters > WEIGHTS:
            raise BadInput(
                f"{self.name} has {self.parameters:,} weights and biases; at most {WEIGHTS:,} are allowed, so give its "
                f"levels fewer channels"
            )

    @property
    def layers(self) -> tuple[Shape, ...]:
        """All layers with weights, in the order of evaluation."""
        found, given = [], CHANNELS
        for number, level in enumerate(self.levels):
            for k in range(level.convolutions):
                found.append(Shape(f"down{number}_{k}", level.channels, given, number))
                given = level.channels
        for number in reversed(range(len(self.levels) - 1)):
            own = self.levels[number].channels
            found += [Shape(f"up{number}", own, given, number, True), Shape(f"merge{number}", own, own, number)]
            given = own
        return (*found, Shape("out", OUTPUTS, given, 0))

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(shape.count for shape in self.layers)


Weights = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Values of weights ``(outputs, inputs, 3, 3)`` and biases ``(outputs,)`` by layer; the kernel of a transposed
convolution is that of `bittrue.spec.transposed_kernel`."""


def drawn_weights(spec: ArchitectureSpec, seed: int) -> Weights:
    """Weights to begin with: normal, ``sqrt(2 / terms)`` with the terms of a sum (He et al. 2015), biases 0."""
    rng = np.random.default_rng(seed)
    found = {}
    for shape in spec.layers:
        terms = shape.inputs * (9 / 4 if shape.doubles else 9)
        gain = 0.1 if shape.name == "out" else 2.0
        found[shape.name] = rng.normal(0.0, math.sqrt(gain / terms), shape.weight), np.zeros(shape.outputs)
    return found


def integer_net(spec: ArchitectureSpec, weights: Weights) -> Net:
    """The integer net of these weights; input ``(13, 128, 128)`` in Q1.7, output ``(4, 128, 128)`` in Q1.7.

    Weights go into the finest formats of ``weight_bits`` bits that hold them. Raises `BadInput` for weights of other
    shapes, NaN or infinity.
    """
    tensor = Format.of(spec.tensor, spec.name)
    shapes = {shape.name: shape for shape in spec.layers}
    nodes: list[Node] = []

    def add(name: str, layer: Layer, *inputs: str) -> str:
        nodes.append(Node(name, layer, inputs))
        return name

    def weighted(name: str, given: str) -> str:
        return add(name, _layer(spec, shapes[name], weights, INPUT if given == "input" else tensor), given)

    before, skips = "input", []
    for number, level in enumerate(spec.levels):
        if number:
            before = add(f"half{number}", MaxPool2d((2, 2), (2, 2)), before)
        for k in range(level.convolutions):
            before = weighted(f"down{number}_{k}", before)
        skips.append(before)
    for number in reversed(range(len(spec.levels) - 1)):
        up = weighted(f"up{number}", before)
        before = weighted(f"merge{number}", add(f"sum{number}", Add(tensor), up, skips[number]))
    weighted("out", before)
    return Net(spec.name, taken(), nodes)


def _layer(spec: ArchitectureSpec, shape: Shape, weights: Weights, given: Format) -> Layer:
    weight, bias = (np.asarray(values, np.float64) for values in weights[shape.name])
    if weight.shape != shape.weight or bias.shape != (shape.outputs,):
        raise BadInput(
            f"{spec.name}: layer {shape.name} has weights {weight.shape} and biases {bias.shape}; give {shape.weight} "
            f"and {(shape.outputs,)}"
        )
    fmt = fit_format(weight, spec.weight_bits)
    codes, biases = fmt.encode(weight), Format(32, given.frac + fmt.frac).encode(bias)
    last = shape.name == "out"
    output, activation = (OUTPUT, Linear()) if last else (Format.of(spec.tensor, spec.name), ReLU())
    if shape.doubles:
        return ConvTranspose2d(codes, biases, fmt, output, activation, (2, 2), (1, 1), (1, 1))
    return Conv2d(codes, biases, fmt, output, activation, (1, 1))
