"""The radio net: a U-Net of convolutions alone whose skips are sums, as blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bittrue.apps.radio.hardware.blocks import Block, Convolution, Graph, Half, Sum, Weights, results
from bittrue.apps.radio.hardware.kind import CHANNELS, taken
from bittrue.apps.radio.hardware.kind import OUTPUT as OUTPUT
from bittrue.apps.radio.hardware.kind import OUTPUTS as OUTPUTS
from bittrue.errors import BadInput, shown
from bittrue.num import Format
from bittrue.num.arrays import integer
from bittrue.spec import net

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
class ArchitectureSpec:
    """``levels`` from 128 x 128 pixels down, results inside in ``tensor``, 8-bit weights.

    Layers are ``down<l>_<k>``, ``up<l>`` (transposed), ``merge<l>`` and ``out``; all but the last end in a ReLU. The
    defaults have 180,972 weights and biases. Raises `BadInput` for levels that are none, and for more than `WEIGHTS`.
    """

    name: str = "radio-map"
    levels: tuple[Level, ...] = (Level(16), Level(24), Level(32, 2), Level(48, 2), Level(48, 2))
    tensor: Format | str = "Q1.7"
    weight_bits: int = 8
    bias_bits: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensor", results(self.tensor, self.name))
        if not 2 <= len(self.levels) <= LEVELS:
            raise BadInput(f"{self.name} has {len(self.levels)} levels; give 2 to {LEVELS}")
        for number, level in enumerate(self.levels):
            if (integer(level.channels) or 0) < 1 or (integer(level.convolutions) or 0) < 1:
                raise BadInput(f"level {number} of {self.name} is {shown(level)}; give sizes of 1 or more")
        if self.graph.parameters > WEIGHTS:
            raise BadInput(
                f"{self.name} has {self.graph.parameters:,} weights and biases; at most {WEIGHTS:,} are allowed, so "
                f"give its levels fewer channels"
            )

    @property
    def graph(self) -> Graph:
        """Its blocks; input ``(13, 128, 128)`` in Q1.7, output ``(4, 128, 128)`` in Q1.7."""
        tensor = Format.of(self.tensor, self.name)
        blocks: list[Block] = []
        given, before, skips = CHANNELS, net.INPUT, []
        for number, level in enumerate(self.levels):
            if number:
                blocks.append(Half(f"half{number}", before))
                before = f"half{number}"
            for k in range(level.convolutions):
                blocks.append(Convolution(f"down{number}_{k}", before, level.channels, given, tensor))
                before, given = f"down{number}_{k}", level.channels
            skips.append(before)
        for number in reversed(range(len(self.levels) - 1)):
            up, total, own = f"up{number}", f"sum{number}", self.levels[number].channels
            blocks.append(Convolution(up, before, own, given, tensor, stride=2, doubles=True))
            blocks.append(Sum(total, (up, skips[number]), tensor))
            blocks.append(Convolution(f"merge{number}", total, own, own, tensor))
            before, given = f"merge{number}", own
        blocks.append(Convolution("out", before, OUTPUTS, given, OUTPUT, relu=False, ends=False))
        return Graph(self.name, taken(), tuple(blocks), self.weight_bits, self.bias_bits)


def drawn_weights(spec: ArchitectureSpec, seed: int) -> Weights:
    """Weights to begin with: normal, ``sqrt(2 / terms)`` with the terms of a sum (He et al. 2015), biases 0."""
    rng = np.random.default_rng(seed)
    found = {}
    for block in spec.graph.convolutions:
        gain = 0.1 if block.name == "out" else 2.0
        found[block.name] = rng.normal(0.0, math.sqrt(gain / block.terms), block.weight), np.zeros(block.outputs)
    return found
