"""A net of convolutions as a list of blocks: shapes, the integer net of its weights, and the nets it is cut into."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bittrue.errors import BadInput
from bittrue.num import Format, fit_format, fit_with_biases
from bittrue.spec import Add, Conv2d, ConvTranspose2d, Layer, Linear, MaxPool2d, Net, Node, ReLU, TensorType
from bittrue.spec.net import INPUT

Weights = Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
"""Values of weights ``(outputs, inputs, rows, columns)`` and biases ``(outputs,)`` by block; the kernel of a transposed
convolution is that of `bittrue.spec.transposed_kernel`."""


@dataclass(frozen=True)
class Convolution:
    """``outputs`` sums over squares of ``kernel`` pixels of ``inputs`` channels, every ``stride`` pixels.

    Parameters
    ----------
    name, source : str
        Its own, and that of the block that it takes.
    doubles : bool
        Transposed: the image grows ``stride`` times. Else it shrinks as much.
    relu : bool
        Whether negative results become 0.
    output : Format
        Of its results.
    ends : bool
        Whether the float net's results end where ``output`` does; the integer net's always do.
    """

    name: str
    source: str
    outputs: int
    inputs: int
    output: Format
    kernel: int = 3
    stride: int = 1
    doubles: bool = False
    relu: bool = True
    ends: bool = True

    @property
    def weight(self) -> tuple[int, int, int, int]:
        """Shape of its weights."""
        return self.outputs, self.inputs, self.kernel, self.kernel

    @property
    def count(self) -> int:
        """Weights and biases."""
        return math.prod(self.weight) + self.outputs

    @property
    def terms(self) -> float:
        """Products of a sum, on average."""
        return self.inputs * self.kernel**2 / (self.stride**2 if self.doubles else 1)

    @property
    def padding(self) -> int:
        """Pixels at every border; images of ``n`` stride pixels then shrink and grow exactly."""
        return (self.kernel - 1) // 2 if self.kernel != self.stride else 0

    @property
    def extra(self) -> int:
        """Output padding of a transposed one."""
        return self.stride - self.kernel + 2 * self.padding


@dataclass(frozen=True)
class Half:
    """Maxima of squares of 2 x 2 pixels."""

    name: str
    source: str


@dataclass(frozen=True)
class Sum:
    """Sum of two blocks' results, rounded to ``output``."""

    name: str
    sources: tuple[str, str]
    output: Format


Block = Convolution | Half | Sum
WIDEST = 8
"""Most bits of results inside a net: sums of some hundred products with 8-bit weights stay below 2^24."""
BIAS_BITS = 32
"""Of biases at the scale of the sums."""


@dataclass(frozen=True)
class Graph:
    """Blocks in the order of evaluation, the last one the result; they name each other, and ``"input"``.

    Parameters
    ----------
    name : str
        The net's.
    input : TensorType
    blocks : tuple of Block
    weight_bits : int
    bias_bits : int, optional
        Of biases at the scale of the weights, as chips keep them; without, biases stand at the scale of the sums.

    Raises `BadInput` for `bias_bits` beside a tensor without fraction bits for the shift between the two scales.
    """

    name: str
    input: TensorType
    blocks: tuple[Block, ...]
    weight_bits: int = 8
    bias_bits: int | None = None

    def __post_init__(self) -> None:
        least = min(self.formats.values(), key=lambda fmt: fmt.frac)
        if self.bias_bits is not None and least.frac < 0:
            raise BadInput(
                f"tensors of {self.name} are {least}, to whose sums biases of {self.bias_bits} bits cannot be shifted; "
                f"give a format such as Q1.7, or leave bias_bits out"
            )

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """All blocks with weights."""
        return tuple(block for block in self.blocks if isinstance(block, Convolution))

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(block.count for block in self.convolutions)

    @property
    def formats(self) -> dict[str, Format]:
        """Format of every tensor by its name."""
        found = {INPUT: self.input.format}
        for block in self.blocks:
            found[block.name] = found[block.source] if isinstance(block, Half) else block.output
        return found

    def weight_format(self, weight: npt.ArrayLike, bias: npt.ArrayLike) -> Format:
        """The format of a block's weights: the finest in which none saturates, nor a bias of ``bias_bits`` bits."""
        if self.bias_bits is None:
            return fit_format(weight, self.weight_bits)
        return fit_with_biases(weight, self.weight_bits, bias, self.bias_bits)

    def bias_format(self, fmt: Format, given: Format) -> Format:
        """The format of its biases beside weights in ``fmt`` and an input in ``given``."""
        if self.bias_bits is None:
            return Format(BIAS_BITS, given.frac + fmt.frac)
        return Format(self.bias_bits, fmt.frac)


def results(given: Format | str, name: str) -> Format:
    """The format of the results inside a net: of `WIDEST` bits at most, or the twin's float32 would not be exact.

    Raises `BadInput` for a wider one.
    """
    fmt = Format.of(given, f"the tensors of {name}")
    if fmt.bits > WIDEST:
        raise BadInput(f"the tensors of {name} are {fmt}; give a format of {WIDEST} bits at most, such as Q1.7")
    return fmt


def drawn(graph: Graph, seed: int, faint: Sequence[str] = ()) -> Weights:
    """Weights to begin with: normal, ``sqrt(2 / terms)`` with the terms of a sum (He et al. 2015), biases 0.

    Parameters
    ----------
    faint : sequence of str
        Blocks whose deviation is ``0.1 / sqrt(terms)``, so that they hardly add to what comes beside them.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for block in graph.convolutions:
        deviation = (0.1 if block.name in faint else math.sqrt(2.0)) / math.sqrt(block.terms)
        found[block.name] = rng.normal(0.0, deviation, block.weight), np.zeros(block.outputs)
    return found


def integer_net(graph: Graph, weights: Weights) -> Net:
    """The integer net of these weights, each layer's in `Graph.weight_format`.

    Biases are rounded onto `Graph.bias_format`; a code of ``bias_bits`` bits is shifted to the scale of the sums.

    Raises `BadInput` for weights of other shapes, NaN or infinity.
    """
    formats, nodes = graph.formats, []
    for block in graph.blocks:
        if isinstance(block, Half):
            nodes.append(Node(block.name, MaxPool2d((2, 2), (2, 2)), (block.source,)))
        elif isinstance(block, Sum):
            nodes.append(Node(block.name, Add(block.output), block.sources))
        else:
            layer = _layer(graph, block, weights, formats[block.source])
            nodes.append(Node(block.name, layer, (block.source,)))
    return Net(graph.name, graph.input, nodes)


def _layer(graph: Graph, block: Convolution, weights: Weights, given: Format) -> Layer:
    weight, bias = (np.asarray(values, np.float64) for values in weights[block.name])
    if weight.shape != block.weight or bias.shape != (block.outputs,):
        raise BadInput(
            f"{graph.name}: layer {block.name} has weights {weight.shape} and biases {bias.shape}; give {block.weight} "
            f"and {(block.outputs,)}"
        )
    fmt = graph.weight_format(weight, bias)
    words = graph.bias_format(fmt, given)
    codes, biases = fmt.encode(weight), words.encode(bias) << (given.frac + fmt.frac - words.frac)
    activation = ReLU() if block.relu else Linear()
    stride, padding = (block.stride, block.stride), (block.padding, block.padding)
    if block.doubles:
        return ConvTranspose2d(codes, biases, fmt, block.output, activation, stride, padding, (block.extra,) * 2)
    return Conv2d(codes, biases, fmt, block.output, activation, padding, stride=stride)


def head(net: Net, last: str) -> Net:
    """The net up to node ``last``, whose result it gives. Raises `BadInput` where it has no such node."""
    wanted = {last}
    for node in reversed(net.nodes):
        if node.name in wanted:
            wanted.update(node.inputs)
    _check(net, last)
    return replace(net, nodes=tuple(node for node in net.nodes if node.name in wanted), outputs=(last,))


def tail(net: Net, first: str) -> Net:
    """The net behind node ``first``, whose result it takes.

    Raises `BadInput` where there is no such node, or the rest takes more than its result.
    """
    _check(net, first)
    names = [node.name for node in net.nodes]
    rest = net.nodes[names.index(first) + 1 :]
    nodes = [Node(n.name, n.layer, tuple(INPUT if source == first else source for source in n.inputs)) for n in rest]
    return Net(net.name, net.types[first], nodes)


def _check(net: Net, name: str) -> None:
    if name not in [node.name for node in net.nodes]:
        raise BadInput(f"net {net.name} has no node {name} to be cut at; give an autoencoder that bittrue trained")
