"""Two-dimensional nets that make spectrograms of noise: what a MAX78002 takes, from an image of latents to real and
imaginary parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bittrue.apps.noise import lapped
from bittrue.errors import BadInput, shown
from bittrue.num import Format, fit_with_biases
from bittrue.num.arrays import integer
from bittrue.spec import Conv2d, ConvTranspose2d, Layer, Linear, Net, Node, ReLU, TensorType
from bittrue.spec.source import Latent, Source

KERNEL = 3
TENSOR, OUTPUT, LAST = Format.parse("Q1.7"), Format.parse("Q18.14"), Format.parse("Q1.7")
"""Of latents and results inside; of the spectrogram, the chip's wide output; of the last weights, as that asks."""
CARRIERS = 4
"""Results of the first convolution that begin as constants: from their borders the next layers learn where they are."""
Weights = Mapping[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Doubling:
    """One size of the image: a transposed convolution that doubles rows and columns (at the first size none), then
    ``convolutions``, all with so many ``channels`` as results."""

    channels: int
    convolutions: int = 0


@dataclass(frozen=True)
class SpectrogramSpec:
    """``latent x base x base -> levels -> 2 x rows x rows``, kernels of 3x3, ReLU, all results clipped to below 1.

    All is padded, so an image has borders, and from them a net can know which row is which frequency. An image is
    ``rows ** 2`` samples; images do not share latents (`bittrue.spec.source.seam`).

    Parameters
    ----------
    name : str
    latent : int
        Channels of the latents.
    base : int
        Rows and columns of the latents.
    levels : tuple of Doubling
        Two or more; the first has one convolution or more.
    distribution : str

    Raises
    ------
    BadInput
        For numbers that do not fit together.
    """

    name: str = "spectrogram"
    latent: int = 64
    base: int = 4
    levels: tuple[Doubling, ...] = (
        Doubling(64, 2),
        Doubling(48, 1),
        Doubling(48),
        Doubling(40),
        Doubling(24),
    )
    distribution: str = "gaussian"

    def __post_init__(self) -> None:
        sizes = (self.latent, self.base, *(level.channels for level in self.levels))
        if len(self.levels) < 2 or any((integer(size) or 0) < 1 for size in sizes):
            raise BadInput(f"{self.name} has {shown(sizes)} channels and rows; give two levels and sizes of 1 or more")
        if any((integer(level.convolutions) or 0) < (not number) for number, level in enumerate(self.levels)):
            raise BadInput(f"{self.name}: the first level has one convolution or more, the others none or more")
        if self.rows > 1024:
            raise BadInput(f"{self.name} has {self.rows:,} rows; give fewer levels, for at most 1,024")

    @property
    def rows(self) -> int:
        """Frequencies, and columns: blocks of time."""
        return int(self.base << (len(self.levels) - 1))

    @property
    def samples(self) -> int:
        """Of the signal of an image."""
        return self.rows**2

    grain = samples
    """Training takes signals of a multiple of so many samples."""

    parameter = None
    """There is none."""

    @property
    def layers(self) -> dict[str, tuple[int, int, int]]:
        """Outputs, inputs and columns of what it makes by node: ``conv<k>_<i>``, ``up<k>``, ``out``."""
        found: dict[str, tuple[int, int, int]] = {}
        given = self.latent
        for number, level in enumerate(self.levels):
            size = self.base << number
            names = [f"up{number}"] if number else []
            for name in names + [f"conv{number}_{k}" for k in range(level.convolutions)]:
                found[name] = (level.channels, given, size)
                given = level.channels
        found["out"] = (2, given, self.rows)
        return found

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(outputs * inputs * KERNEL**2 + outputs for outputs, inputs, _ in self.layers.values())

    @property
    def macs(self) -> float:
        """Multiplications a sample, those by the zeros between a transposed convolution's inputs left out."""
        total = 0.0
        for name, (outputs, inputs, size) in self.layers.items():
            total += outputs * inputs * KERNEL**2 * size**2 / (4 if name.startswith("up") else 1)
        return total / self.samples

    @property
    def terms(self) -> int:
        """Products in the largest sum."""
        return max(inputs * (4 if name.startswith("up") else KERNEL**2) for name, (_, inputs, _) in self.layers.items())

    def waveforms(self, values: np.ndarray) -> lapped.Floats:
        """Signals ``(N, L)`` of what `bittrue.generate` gives, ``(N, 2, L)``; L a multiple of ``samples``."""
        return lapped.waveform(lapped.joined(values, (2, self.rows, self.rows)))


def drawn_weights(spec: SpectrogramSpec, seed: int) -> Weights:
    """Weights ``(outputs, inputs, 3, 3)`` to begin with: normal, ``sqrt(2 / terms)``; biases 0. The first `CARRIERS`
    results of the first convolution, or a quarter where there are few, are constants of 1/2."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, (outputs, inputs, _) in spec.layers.items():
        terms = inputs * (KERNEL**2 / 4 if name.startswith("up") else KERNEL**2)
        weight = rng.normal(0.0, math.sqrt((1.0 if name == "out" else 2.0) / terms), (outputs, inputs, KERNEL, KERNEL))
        bias = np.zeros(outputs)
        if name == "conv0_0":
            constant = min(CARRIERS, outputs // 4)
            weight[:constant], bias[:constant] = 0.0, 0.5
        found[name] = weight, bias
    return found


def weight_format(name: str, weight: np.ndarray, bias: np.ndarray) -> Format:
    """The finest format of 8 bits that holds a layer's weights and biases; of the last layer `LAST`."""
    return LAST if name == "out" else fit_with_biases(weight, TENSOR.bits, bias, TENSOR.bits)


def spectrogram_source(spec: SpectrogramSpec, weights: Weights) -> Source:
    """The integer net of these weights, and its one latent.

    A bias is a word of 8 bits at the scale of the weights, as on the chip: ``128 * code`` beside the products.

    Raises `BadInput` for weights of other shapes, NaN or infinity.
    """
    nodes, before = [], "input"
    for name in spec.layers:
        nodes.append(Node(name, _layer(spec, name, weights), (before,)))
        before = name
    given = TensorType((spec.latent, spec.base, spec.base), TENSOR)
    latent = Latent(0, spec.distribution, spec.base**2)
    return Source(Net(spec.name, {"input": given}, nodes), {"input": latent})


def _layer(spec: SpectrogramSpec, name: str, weights: Weights) -> Layer:
    weight, bias = (np.asarray(values, np.float64) for values in weights[name])
    wanted = (*spec.layers[name][:2], KERNEL, KERNEL)
    if weight.shape != wanted or bias.shape != wanted[:1]:
        raise BadInput(f"{spec.name}: layer {name} has weights {weight.shape}, biases {bias.shape}; give {wanted}")
    fmt = weight_format(name, weight, bias)
    codes, biases = fmt.encode(weight), fmt.encode(bias) << TENSOR.frac
    if name == "out":
        return Conv2d(codes, biases, fmt, OUTPUT, Linear(), padding=(1, 1))
    if name.startswith("up"):
        return ConvTranspose2d(codes, biases, fmt, TENSOR, ReLU(), (2, 2), (1, 1), (1, 1))
    return Conv2d(codes, biases, fmt, TENSOR, ReLU(), padding=(1, 1))
