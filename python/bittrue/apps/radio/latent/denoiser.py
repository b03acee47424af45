"""The denoiser: a small U-Net of convolutions in the latent, given a noisy latent, the step, and pictures of the city.

Channels of its input, codes of Q1.7, ``(C, 32, 32)``: the noisy latent; one channel a step k = 1 to N, `WHITE` for the
present one and 0 for the others; the pictures (`pictures`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bittrue.apps.radio.hardware.blocks import Block, Convolution, Graph, Half, Sum, Weights, drawn, results
from bittrue.apps.radio.hardware.inputs import CHANNELS, HALF, WHITE, Codes, folded
from bittrue.apps.radio.latent.autoencoder import SIDE, SQUARE
from bittrue.apps.radio.latent.process import CODE
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.num.arrays import integer
from bittrue.spec import TensorType
from bittrue.spec.net import INPUT

PICTURES = 2 * 4 * SQUARE**2 + 1 + SQUARE**2
"""Channels of `pictures`: 64 of the buildings, 64 of the sight, one of the distance, 16 of the way."""
WEIGHTS = 400_000
"""Most weights and biases."""


def pictures(channels: npt.NDArray[Any]) -> Codes:
    """What a denoiser sees of the city: ``(..., 13, 128, 128)`` of radio nets to ``(..., 145, 32, 32)``.

    Buildings, sight and way are folded twice more; of the distance the pixel of row ``8 r + 4``, column ``8 s + 4`` is
    taken.
    """
    if channels.shape[-3:] != (CHANNELS, HALF, HALF):
        raise BadInput(f"pictures of a city have shape {channels.shape}; give (..., {CHANNELS}, {HALF}, {HALF})")
    half = SQUARE // 2
    built, far, sight, way = np.split(channels, [4, 8, 12], -3)
    parts = [folded(folded(part)) for part in (built, sight)]
    parts += [far[..., :1, half::SQUARE, half::SQUARE], folded(folded(way))]
    return np.concatenate(parts, -3)


def assembled(latent: npt.NDArray[Any], k: npt.NDArray[np.int64], steps: int, seen: npt.NDArray[Any]) -> Codes:
    """The input, int8 ``(N, C, 32, 32)``, of noisy latents ``(N, values, 32, 32)``, step numbers ``(N,)`` from 1 on,
    and pictures ``(N, 145, 32, 32)`` or ``(1, 145, 32, 32)``."""
    count = len(latent)
    marks = np.zeros((count, steps, SIDE, SIDE), np.int8)
    marks[np.arange(count), k - 1] = WHITE
    every = np.broadcast_to(seen, (count, *seen.shape[1:]))
    return np.concatenate([latent.astype(np.int8), marks, every.astype(np.int8)], 1)


@dataclass(frozen=True)
class DenoiserSpec:
    """Sizes; results inside in ``tensor``, 8-bit weights.

    ``mix`` takes every pixel's channels alone; then levels of 32, 16 and 8 pixels with ``channels``, one convolution on
    the way down and two at the lowest, a transposed one, a sum and one convolution on the way up; ``linear`` adds a
    matrix of the input to the result.

    Raises `BadInput` for sizes that are none, and for more than `WEIGHTS`.
    """

    name: str = "radio-ldm"
    values: int = 12
    steps: int = 6
    channels: tuple[int, ...] = (56, 64, 64)
    tensor: Format | str = "Q1.7"
    weight_bits: int = 8
    bias_bits: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensor", results(self.tensor, self.name))
        if not 2 <= len(self.channels) <= 4 or min(integer(size) or 0 for size in self.channels) < 1:
            raise BadInput(
                f"levels of {self.name} have channels {list(self.channels)}; give two to four sizes of 1 or more"
            )
        if self.graph.parameters > WEIGHTS:
            raise BadInput(
                f"{self.name} has {self.graph.parameters:,} weights and biases; at most {WEIGHTS:,} are allowed, so "
                f"give it fewer channels"
            )

    @property
    def inputs(self) -> int:
        """Channels of its input."""
        return self.values + self.steps + PICTURES

    @property
    def latent(self) -> tuple[int, int, int]:
        """Shape of a latent."""
        return self.values, SIDE, SIDE

    @property
    def graph(self) -> Graph:
        """Its blocks."""
        inside, sizes, last = Format.of(self.tensor, self.name), self.channels, len(self.channels) - 1
        blocks: list[Block] = [
            Convolution("linear", INPUT, self.values, self.inputs, CODE, kernel=1, relu=False),
            Convolution("mix", INPUT, sizes[0], self.inputs, inside, kernel=1),
        ]
        before, given = "mix", sizes[0]
        for level, size in enumerate(sizes):
            if level:
                blocks.append(Half(f"half{level}", before))
                before = f"half{level}"
            for k in range(2 if level == last else 1):
                blocks.append(Convolution(f"down{level}_{k}", before, size, given, inside))
                before, given = f"down{level}_{k}", size
        for level in reversed(range(last)):
            size = sizes[level]
            blocks += [
                Convolution(f"up{level}", before, size, given, inside, stride=2, doubles=True),
                Sum(f"sum{level}", (f"up{level}", f"down{level}_0"), inside),
                Convolution(f"merge{level}", f"sum{level}", size, size, inside),
            ]
            before, given = f"merge{level}", size
        blocks += [
            Convolution("seen", before, self.values, given, CODE, relu=False),
            Sum("out", ("linear", "seen"), CODE),
        ]
        shape = TensorType((self.inputs, SIDE, SIDE), CODE)
        return Graph(self.name, shape, tuple(blocks), self.weight_bits, self.bias_bits)

    def first_weights(self, seed: int) -> Weights:
        """Weights to begin with: `drawn`, the two that end in the result faint."""
        return drawn(self.graph, seed, ("linear", "seen"))
