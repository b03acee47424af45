"""Nets that are noise sources in hardware: fresh noise at every rate, convolutions without padding, a parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bittrue.errors import BadInput, shown
from bittrue.num import Format, fit_format
from bittrue.num.arrays import integer
from bittrue.spec import Concat, Conv1d, ConvTranspose1d, Layer, Linear, Net, Node, ReLU, TensorType
from bittrue.spec.source import Input, Latent, Parameter, Source

FACTOR = 4
"""By how much each level is faster than the one before."""


@dataclass(frozen=True)
class Level:
    """What happens at one rate: what comes from the slower level, and fresh noise, through some convolutions.

    Parameters
    ----------
    channels : int
        Results of each convolution, but for the last one of the fastest level: that gives the signal.
    noise : int
        Channels of the latent.
    kernels : tuple of int
        Sizes of the convolutions, one or more.
    upsampling : int
        Size of the transposed convolution that comes before them; 0 at the slowest level.
    """

    channels: int
    noise: int
    kernels: tuple[int, ...]
    upsampling: int = 9


@dataclass(frozen=True)
class Setting:
    """The parameter of a conditional net: values from ``low`` to ``high``, and what is meant where none is given."""

    name: str
    low: float
    high: float
    default: float


@dataclass(frozen=True)
class Lengths:
    """Columns of a frame at one level: of the latent and of all that stands beside it, and of what leaves the level.

    ``spare`` is the output padding of the transposed convolution that comes first: zeros that stand between its inputs
    anyway.
    """

    latent: int
    results: int
    spare: int


@dataclass(frozen=True)
class ArchitectureSpec:
    """A net of levels, each `FACTOR` times as fast as the one before; the last one has the rate of the signal.

    Nothing is padded, so that frames of any number of ``samples`` are one signal: a longer frame computes less twice,
    and with the same weights gives the same samples. The defaults have 64,853 parameters.

    Parameters
    ----------
    name : str
    levels : tuple of Level
        The slowest first, two or more.
    samples : int
        Of a frame: a multiple of ``FACTOR ** (levels - 1)``.
    distribution : str
        Of all latents.
    setting : Setting, optional
        Its channel stands beside every latent.
    tensor, output : Format, or its text
        Of latents and results inside; of the signal. Gaussian latents have a quarter of the tensor format's end as
        their standard deviation: 1 in Q3.5.
    weight_bits : int

    Raises
    ------
    BadInput
        For levels, samples or numbers that do not fit together.
    """

    name: str = "noise"
    levels: tuple[Level, ...] = (
        Level(36, 4, (9, 5), 0),
        Level(40, 4, (5,)),
        Level(32, 4, (5,)),
        Level(24, 2, (9,)),
        Level(12, 2, (9, 9)),
    )
    samples: int = 1024
    distribution: str = "gaussian"
    setting: Setting | None = None
    tensor: Format | str = "Q3.5"
    output: Format | str = "Q4.12"
    weight_bits: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensor", Format.of(self.tensor, f"the tensors of {self.name}"))
        object.__setattr__(self, "output", Format.of(self.output, f"the signal of {self.name}"))
        if len(self.levels) < 2:
            raise BadInput(f"{self.name} has {len(self.levels)} levels; give two or more")
        for number, level in enumerate(self.levels):
            sizes = (level.channels, level.noise, *level.kernels, *([level.upsampling] if number else []))
            if (
                any((integer(size) or 0) < 1 for size in sizes)
                or not level.kernels
                or (not number and level.upsampling)
            ):
                raise BadInput(
                    f"level {number} of {self.name} is {shown(level)}; give sizes of 1 or more, and no upsampling to "
                    f"the first"
                )
        slowest = FACTOR ** (len(self.levels) - 1)
        if (integer(self.samples) or 0) < 1 or self.samples % slowest:
            raise BadInput(f"{self.name} has {shown(self.samples)} samples a frame; give a multiple of {slowest}")
        if self.setting and not self.setting.low <= self.setting.default <= self.setting.high:
            raise BadInput(f"{self.name}: {shown(self.setting)} is no range with a default in it; put them in order")

    def rate(self, number: int) -> int:
        """Samples of the signal a column of a level."""
        return int(FACTOR ** (len(self.levels) - 1 - number))

    @property
    def grain(self) -> int:
        """Training takes signals of a multiple of so many samples: those of a column of the slowest level."""
        return self.rate(0)

    def waveforms(self, values: np.ndarray) -> np.ndarray:
        """Signals ``(N, L)`` of what `bittrue.generate` gives, which is those."""
        return values

    @property
    def lengths(self) -> tuple[Lengths, ...]:
        """By level. Counted from the signal backwards: ``results`` of a level are what the next one's transposed
        convolution needs, whose result is as long as its latent."""
        found: list[Lengths] = []
        results = self.samples
        for level in reversed(self.levels):
            latent = results + sum(size - 1 for size in level.kernels)
            if not level.upsampling:
                found.append(Lengths(latent, results, 0))
                break
            places = latent + level.upsampling - 1  # inputs and the zeros between them
            before = -(-places // FACTOR)
            found.append(Lengths(latent, results, places - (FACTOR * (before - 1) + 1)))
            results = before
        return tuple(reversed(found))

    @property
    def layers(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights ``(outputs, inputs, size)`` by node; ``up<k>`` are transposed convolutions."""
        shapes: dict[str, tuple[int, ...]] = {}
        before = 0
        for number, level in enumerate(self.levels):
            given = level.noise + bool(self.setting)
            if number:
                shapes[f"up{number}"] = (level.channels, before, level.upsampling)
                given += level.channels
            for k, size in enumerate(level.kernels):
                last = number == len(self.levels) - 1 and k == len(level.kernels) - 1
                channels = 1 if last else level.channels
                shapes["out" if last else f"conv{number}_{k}"] = (channels, given, size)
                given = channels
            before = level.channels
        return shapes

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(math.prod(shape) + shape[0] for shape in self.layers.values())

    @property
    def macs(self) -> float:
        """Multiplications a sample of a frame without end; `bittrue.cost` counts those of this frame."""
        total = 0.0
        for name, shape in self.layers.items():
            number = len(self.levels) - 1 if name == "out" else int(name.removeprefix("up").removeprefix("conv")[0])
            taps = FACTOR if name.startswith("up") else 1
            total += math.prod(shape) / (self.rate(number) * taps)
        return total

    @property
    def parameter(self) -> tuple[Setting, Parameter] | None:
        """The parameter with a scale by which its range fills three quarters of the codes or more, if it can."""
        setting, fmt = self.setting, Format.of(self.tensor, self.name)
        if setting is None:
            return None
        frac = (
            fit_format(np.array([0.5 * (setting.high - setting.low)]), fmt.bits).frac
            if setting.high > setting.low
            else 0
        )
        frac = max(-16, min(32, frac))
        wide = Format(48, frac)
        low, high, default = wide.encode(np.array([setting.low, setting.high, setting.default])).tolist()
        offset = (low + high) // 2
        return setting, Parameter(setting.name, low - offset, high - offset, default - offset, frac, offset)


Weights = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Weights ``(outputs, inputs, size)`` and biases ``(outputs,)`` by node, values; a transposed convolution's kernel is
that of `bittrue.spec.transposed_kernel`."""


def drawn_weights(spec: ArchitectureSpec, seed: int) -> Weights:
    """Weights to begin with: normal, ``sqrt(2 / terms)`` with the terms of a sum (He et al. 2015), biases 0."""
    rng = np.random.default_rng(seed)
    found = {}
    for name, shape in spec.layers.items():
        terms = shape[1] * shape[2] / (FACTOR if name.startswith("up") else 1)
        gain = 1.0 if name == "out" else 2.0
        found[name] = rng.normal(0.0, math.sqrt(gain / terms), shape), np.zeros(shape[0])
    return found


def hardware_source(spec: ArchitectureSpec, weights: Weights) -> Source:
    """The integer net of these weights, and how its inputs are filled.

    Inputs are called ``noise<k>`` and, with a parameter, ``setting<k>``, by level; nodes as in
    `ArchitectureSpec.layers`, and ``both<k>``. Weights go into the finest formats of
    ``weight_bits`` bits that hold them.

    Raises `BadInput` for weights of other shapes, NaN or infinity.
    """
    fmt, output = Format.of(spec.tensor, spec.name), Format.of(spec.output, spec.name)
    found = spec.parameter
    nodes: list[Node] = []
    types: dict[str, TensorType] = {}
    inputs: dict[str, Input] = {}
    before = ""

    def layer(name: str, spare: int = -1) -> None:
        nonlocal before
        made = _layer(spec, name, weights, fmt, output if name == "out" else fmt, spare)
        nodes.append(Node(name, made, (before,)))
        before = name

    for number, (level, lengths) in enumerate(zip(spec.levels, spec.lengths, strict=True)):
        names = [f"noise{number}"]
        types[names[0]] = TensorType((level.noise, lengths.latent), fmt)
        inputs[names[0]] = Latent(number, spec.distribution, spec.samples // spec.rate(number))
        if found:
            names.append(f"setting{number}")
            types[names[1]], inputs[names[1]] = TensorType((1, lengths.latent), fmt), found[1]
        if number:
            layer(f"up{number}", lengths.spare)
            names.insert(0, before)
        if len(names) > 1:
            nodes.append(Node(f"both{number}", Concat(), tuple(names)))
            names = [f"both{number}"]
        before = names[0]
        for name in spec.layers:
            if name.startswith(f"conv{number}_") or (name == "out" and number == len(spec.levels) - 1):
                layer(name)
    return Source(Net(spec.name, types, nodes), inputs)


def _layer(spec: ArchitectureSpec, name: str, weights: Weights, given: Format, output: Format, spare: int) -> Layer:
    """A convolution, or with ``spare >= 0`` a transposed one, of codes."""
    weight, bias = (np.asarray(values, np.float64) for values in weights[name])
    if weight.shape != spec.layers[name] or bias.shape != weight.shape[:1]:
        raise BadInput(
            f"{spec.name}: layer {name} has weights {weight.shape} and biases {bias.shape}; give "
            f"{spec.layers[name]} and {spec.layers[name][:1]}"
        )
    fmt = fit_format(weight, spec.weight_bits)
    codes, biases = fmt.encode(weight), Format(48, given.frac + fmt.frac).encode(bias)
    activation = Linear() if name == "out" else ReLU()
    if spare >= 0:
        return ConvTranspose1d(codes, biases, fmt, output, activation, FACTOR, weight.shape[2] - 1, spare)
    return Conv1d(codes, biases, fmt, output, activation)


def reframed(spec: ArchitectureSpec, source: Source, samples: int) -> Source:
    """The same signal in frames of another length: the layers of ``source``, a net of ``spec``, code by code.

    Raises `BadInput` for a number of samples that the levels do not have.
    """
    longer = hardware_source(replace(spec, samples=samples), drawn_weights(spec, 0))
    kept = {node.name: node.layer for node in source.net.nodes}
    nodes = []
    for node in longer.net.nodes:
        layer = kept[node.name]
        if isinstance(layer, ConvTranspose1d) and isinstance(node.layer, ConvTranspose1d):
            layer = replace(layer, output_padding=node.layer.output_padding)
        nodes.append(Node(node.name, layer, node.inputs))
    net = Net(source.net.name, longer.net.inputs, nodes)
    return Source(net, longer.inputs, source.gain)
