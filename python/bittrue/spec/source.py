"""Source: a net whose inputs are noise and parameters, so that it is a signal without end and without an input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bittrue.errors import BadInput, amount, listed, shown
from bittrue.limits import ELEMENTS
from bittrue.num import Format
from bittrue.num.arrays import integer
from bittrue.num.draws import DISTRIBUTIONS, DRAW_BITS, GROUP, GROUP_BITS, LEAST_BITS, STREAM_BITS
from bittrue.spec.arranging import Concat, Upsample
from bittrue.spec.conv import Conv
from bittrue.spec.eltwise import Eltwise
from bittrue.spec.layer import Layer, TensorType
from bittrue.spec.net import Net, Node
from bittrue.spec.pool import Pool
from bittrue.spec.table import Table

GAIN = Format(16, 12)
"""Format of the gain, Q4.12."""
CHANNELS = GROUP << GROUP_BITS
"""Most channels of a latent."""
STREAMS = 1 << STREAM_BITS
"""Most streams."""
VALUE_BITS = 48
"""Bits in which a parameter's value is counted."""
START_BITS = 32
"""Bits of a frame's number from which a source can start."""
OUTPUT_BITS = 32
"""Most bits of a sample, so that its product with the gain has 48."""


@dataclass(frozen=True)
class Latent:
    """An input of fresh noise: in frame ``f``, channel ``c`` of position ``i`` is the code of
    ``draw(seed, stream, f * step + i, c)`` (`bittrue.num.draws`).

    Positions are columns of a frame, pixels of an image with the last axis fastest, and one of a vector. With a step
    shorter than the frame neighbouring frames share draws, by which a net without padding gives one seamless signal.

    Parameters
    ----------
    stream : int
        0 to 255, another one for each latent.
    distribution : "uniform" or "gaussian"
    step : int
        Positions from one frame to the next, 1 or more.
    """

    stream: int
    distribution: str
    step: int

    def __post_init__(self) -> None:
        _whole(self.stream, 0, STREAMS - 1, "the stream of a latent")
        _whole(self.step, 1, ELEMENTS, "the step of a latent")
        if self.distribution not in DISTRIBUTIONS:
            raise BadInput(
                f"a latent has the distribution {shown(self.distribution)}; choose {' or '.join(DISTRIBUTIONS)}"
            )


RESERVED = ("source", "count", "length", "seed", "start", "gain", "codes", "leg", "interval", "stalls")
"""Arguments of `bittrue.generate`, beside which it takes parameters by name."""


@dataclass(frozen=True)
class Parameter:
    """An input that is the same code everywhere in a frame: ``floor(value * 2**frac + 1/2) - offset``.

    The scale is the parameter's own, so that its range may fill the codes whatever the input's format calls them.
    Several inputs may take a parameter of one name; then all else of it agrees too.

    Parameters
    ----------
    name : str
        As `bittrue.generate` and a register have it: a letter, then up to 30 letters, digits and ``_``.
    low, high, default : int
        Codes of the input's format, ``low <= default <= high``.
    frac : int
        -16 to 32.
    offset : int
        -2**31 to 2**31.
    """

    name: str
    low: int
    high: int
    default: int
    frac: int
    offset: int = 0

    def __post_init__(self) -> None:
        name = self.name
        if not (isinstance(name, str) and name.isascii() and name.isidentifier() and name[0].isalpha()):
            raise BadInput(f"a parameter is called {shown(name)}; use a letter, then letters, digits and '_'")
        if name in RESERVED:
            raise BadInput(f"a parameter is called {shown(name)}, which `bittrue.generate` takes itself; rename it")
        if len(name) > 31:
            raise BadInput(f"a parameter is called {shown(name)}, which is longer than 31 characters; shorten it")
        low = _whole(self.low, -(1 << 62), 1 << 62, f"the lowest code of parameter {name}")
        high = _whole(self.high, low, 1 << 62, f"the highest code of parameter {name}")
        _whole(self.default, low, high, f"the default of parameter {name}")
        _whole(self.frac, -16, 32, f"the fractional bits of parameter {name}")
        _whole(self.offset, -(1 << 31), 1 << 31, f"the offset of parameter {name}")

    def code(self, value: float) -> int:
        """The code of a value. Raises `BadInput` for one that is not finite or whose code is not ``low .. high``."""
        found = int(Format(VALUE_BITS, self.frac).encode(np.asarray(value, np.float64))) - self.offset
        if not self.low <= found <= self.high:
            raise BadInput(
                f"parameter {self.name} is {amount(value)}; give a value from {amount(self.value(self.low))} to "
                f"{amount(self.value(self.high))}"
            )
        return found

    def value(self, code: int) -> float:
        """``(code + offset) * 2**-frac``."""
        return math.ldexp(code + self.offset, -self.frac)


Input: TypeAlias = Latent | Parameter


@dataclass(frozen=True, eq=False)
class Source:
    """A net with one output, and how each of its inputs is filled.

    Sample ``i`` of frame ``f`` is ``requantise(gain * y, 12, format)`` with ``y`` the net's output at position ``i``
    for the inputs of frame ``f``, and ``format`` the output's.

    Parameters
    ----------
    net : Net
    inputs : dict of Latent or Parameter, one for every input of the net
    gain : int
        The factor where none is given, a code of Q4.12.

    Raises
    ------
    BadInput
        For a net with several outputs, with memory or with samples of more than 32 bits, an input without an entry or
        of a format that its noise does not have, a stream twice, no latent, or parameters of one name that differ.
    """

    net: Net
    inputs: dict[str, Input]
    gain: int = 1 << GAIN.frac

    def __post_init__(self) -> None:
        net = self.net
        if not isinstance(net, Net) or not isinstance(self.inputs, Mapping):
            raise BadInput(f"a source is made of {shown(net)} and {shown(self.inputs)}; give a net and its inputs")
        if net.memory:
            raise BadInput(f"net {net.name} looks {net.memory} samples back; a source has frames, so leave delays out")
        if set(self.inputs) != set(net.inputs):
            raise BadInput(
                f"net {net.name} takes inputs {listed(net.inputs)}, and its source fills "
                f"{shown(', '.join(map(str, self.inputs)))}; fill each of them"
            )
        object.__setattr__(self, "inputs", {name: self.inputs[name] for name in net.inputs})
        _whole(self.gain, GAIN.lo, GAIN.hi, f"the gain of net {net.name}, a code of {GAIN},")
        for name, given in self.inputs.items():
            _check_input(name, given, net.types[name])
        streams = [given.stream for given in self.latents.values()]
        if not streams or len(set(streams)) < len(streams):
            raise BadInput(f"the latents of net {net.name} have the streams {streams}; give each a stream of its own")
        for name, given in self.parameters.items():
            _check_same(self, name, given)
        if net.output.format.bits > OUTPUT_BITS:
            raise BadInput(
                f"net {net.name} gives samples of {net.output.format.bits} bits, and a source has {OUTPUT_BITS} at "
                f"most; choose a shorter output format"
            )

    @property
    def latents(self) -> dict[str, Latent]:
        """The inputs of noise by name."""
        return {name: given for name, given in self.inputs.items() if isinstance(given, Latent)}

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The other inputs by name."""
        return {name: given for name, given in self.inputs.items() if isinstance(given, Parameter)}

    @property
    def settings(self) -> dict[str, tuple[Parameter, Format]]:
        """Parameters by their own name, in the order of the inputs, with the format of their codes."""
        found: dict[str, tuple[Parameter, Format]] = {}
        for name, given in self.parameters.items():
            found.setdefault(given.name, (given, self.net.types[name].format))
        return found

    @property
    def samples(self) -> int:
        """Positions of the output: samples of the signal a frame."""
        return math.prod(self.net.output.shape[1:])

    @property
    def apart(self) -> int:
        """Frames by which two frames must differ to share no draw."""
        reach = {name: math.prod(self.net.types[name].shape[1:]) for name in self.latents}
        return max(-(-reach[name] // latent.step) for name, latent in self.latents.items())


def seam(source: Source) -> str:
    """Why a frame does not go on where the one before ended; empty where all frames are one signal without borders.

    Then sample ``i`` of frame ``f`` depends on ``f * samples + i`` alone: no layer pads, every tensor's step from frame
    to frame follows from its inputs' steps, and the output's is its length.
    """
    net = source.net
    steps: dict[str, int | None] = {
        name: given.step if isinstance(given, Latent) else None for name, given in source.inputs.items()
    }
    for node in net.nodes:
        given = {steps[name] for name in node.inputs} - {None}
        if len(given) > 1:
            return f"node {node.name} joins tensors that move on by {' and '.join(map(str, sorted(given)))} positions"  # type: ignore[type-var]
        step = next(iter(given), None)
        found = None if step is None else _step(node, step, net.input_types(node)[0])
        if isinstance(found, str):
            return f"node {node.name} {found}"
        steps[node.name] = found
    if steps[net.last] != source.samples:
        return f"a frame has {source.samples} samples and moves on by {steps[net.last]}"
    return ""


def _step(node: Node, step: int, given: TensorType) -> int | str:
    """By how much the result of a node moves on where its inputs do by ``step``, or why it does not."""
    layer: Layer = node.layer
    if isinstance(layer, Eltwise | Concat | Table):
        return step
    if isinstance(layer, Upsample) and len(given.shape) == 2:
        return step * math.prod(layer.factors)
    if isinstance(layer, Conv | Pool) and layer.rank == 1:
        (axis,) = layer.axes
        if axis.before or axis.after >= axis.upsampling:
            return "pads its input"
        moved, rest = divmod(step * axis.upsampling, axis.stride)
        return moved if not rest else f"strides by {axis.stride} through frames that move on by {step}"
    return f"is a {type(layer).__name__}, which mixes positions"


def _check_input(name: str, given: object, tensor: TensorType) -> None:
    bits = tensor.format.bits
    if isinstance(given, Latent):
        least = LEAST_BITS[given.distribution]
        if not least <= bits <= DRAW_BITS:
            raise BadInput(
                f"input {name} has {bits}-bit words, and {given.distribution} noise {least} to {DRAW_BITS} bits; "
                f"choose another format"
            )
        if tensor.shape[0] > CHANNELS:
            raise BadInput(f"input {name} has {tensor.shape[0]:,} channels, and a latent {CHANNELS:,}; split it")
    elif isinstance(given, Parameter):
        if not tensor.format.lo <= given.low <= given.high <= tensor.format.hi:
            raise BadInput(
                f"parameter {given.name} ranges over {given.low}..{given.high}, and input {name} over the codes "
                f"{tensor.format.lo}..{tensor.format.hi} of {tensor.format}; narrow the range"
            )
    else:
        raise BadInput(f"input {name} is filled by {shown(given)}; give a Latent or a Parameter")


def _check_same(source: Source, name: str, given: Parameter) -> None:
    first, fmt = source.settings[given.name]
    if given != first or source.net.types[name].format != fmt:
        raise BadInput(f"parameter {given.name} differs between inputs; give its range, default and format once")
    folded = [other for other in source.settings if other.lower() == given.name.lower()]
    if len(folded) > 1:
        raise BadInput(f"parameters {' and '.join(folded)} differ in case alone; rename one")


def _whole(value: object, low: int, high: int, what: str) -> int:
    number = integer(value)
    if number is None or not low <= number <= high:
        raise BadInput(f"{what} is {shown(value)}; give a whole number from {low} to {high}")
    return number
