"""Nets of frames and images drawn by hypothesis: any layer on them, branches, several inputs and outputs.

`graphs` draws the nets and `codes` makes what runs through them; the legs share both. Images have odd and even sizes,
1x1 among them, and 1 to 70 channels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from drawn_layers import (
    draw_codes,
    draw_conv,
    draw_dense,
    draw_format,
    draw_groups,
    draw_interleave,
    draw_output,
    draw_pool,
    draw_reshape,
    draw_table,
    draw_transposed,
    draw_upsample,
)
from hypothesis import reject
from hypothesis import strategies as st

from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import (
    Add,
    BitwiseOr,
    BitwiseXor,
    ComplexMul,
    Concat,
    Constant,
    Conv1d,
    Conv2d,
    Dense,
    Flatten,
    Layer,
    Linear,
    Mul,
    Net,
    Node,
    Sub,
    TensorType,
)

Codes = npt.NDArray[np.int64]
MANY = 6000
"""Elements of a tensor, about, above which a graph grows no further behind it."""


def codes(net: Net, n: int, seed: int) -> dict[str, Codes]:
    """``n`` samples of full range after corners, by input: all lo, all hi, zero, -1, alternations, an impulse."""
    rng, found = np.random.default_rng(seed), {}
    for name, tensor in net.inputs.items():
        fmt, odd = tensor.format, np.arange(tensor.elements).reshape(tensor.shape) % 2 == 1
        impulse = np.zeros(tensor.shape, np.int64)
        impulse.flat[tensor.elements // 2] = fmt.lo
        blocks = [np.full(tensor.shape, code) for code in (fmt.lo, fmt.hi, 0, -1)]
        blocks += [np.where(odd, fmt.lo, fmt.hi), np.where(odd, fmt.hi, fmt.lo), impulse]
        found[name] = np.concatenate(
            [np.stack(blocks).astype(np.int64), rng.integers(fmt.lo, fmt.hi, (n, *tensor.shape), endpoint=True)]
        )
    return found


class _Graph:
    """Nodes of a net in the making."""

    def __init__(self, draw: st.DrawFn, inputs: dict[str, TensorType]) -> None:
        self.draw, self.inputs, self.types = draw, inputs, dict(inputs)
        self.nodes: list[Node] = []

    def add(self, layer: Layer, *sources: str) -> str:
        name = f"n{len(self.nodes)}_{type(layer).__name__.lower()}"
        self.types[name] = layer.output_type(*(self.types[source] for source in sources))
        self.nodes.append(Node(name, layer, sources))
        return name

    @property
    def unused(self) -> list[str]:
        used = {source for node in self.nodes for source in node.inputs}
        return [name for name in self.types if name not in used]

    def alone(self, source: str) -> str:
        """A layer on one tensor."""
        given = self.types[source]
        if len(given.shape) == 1:
            kinds: list[Callable[..., Layer]] = [draw_dense, draw_reshape]
        else:
            kinds = [draw_conv, draw_conv, draw_conv, draw_transposed, draw_transposed, draw_pool, draw_pool]
            kinds += [draw_upsample, draw_interleave, draw_reshape, _flatten]
        kinds += [draw_table] if given.format.bits <= 8 else []
        kind = self.draw(st.sampled_from(kinds))
        more = (self.draw(st.integers(1, 6)),) if kind is draw_dense else ()
        return self.add(kind(self.draw, given, *more), source)

    def twin(self, source: str) -> str:
        """Another tensor of the same type: one that is there, weighed sums of this one, or a constant."""
        given = self.types[source]
        there = [name for name, tensor in self.types.items() if tensor == given]
        kind = self.draw(st.sampled_from(["there", "weighed", "weighed", "constant"]))
        if kind == "there" and len(there) > 1:
            return self.draw(st.sampled_from(there))
        if kind == "constant" or len(given.shape) > 3:
            return self.add(Constant(draw_codes(self.draw, given.shape, given.format), given.format))
        return self.add(_same(self.draw, given), source)

    def meeting(self, source: str) -> str:
        """Branches that meet in a layer on several tensors."""
        given, twin = self.types[source], self.twin(source)
        kinds = [Add, Sub, Mul, BitwiseOr, BitwiseXor, Concat] + ([ComplexMul] if given.shape[0] % 2 == 0 else [])
        kind = self.draw(st.sampled_from(kinds))
        names = self.draw(st.permutations([source, twin]))
        if kind in (BitwiseOr, BitwiseXor, Concat):
            return self.add(kind(), *names, *self.draw(st.sampled_from([(), (source,)])))
        if kind in (Add, Sub):
            names += self.draw(st.sampled_from([[], [source]]))
            return self.add(kind(draw_output(self.draw, given.format.bits + 1, given.format.frac)), *names)
        return self.add(kind(draw_output(self.draw, 2 * given.format.bits, 2 * given.format.frac)), *names)

    def grow(self, names: list[str]) -> str:
        source = self.draw(st.sampled_from(names))
        if self.types[source].elements > MANY:
            return self.add(_flatten(self.draw, self.types[source]), source) if self.rank(source) else self.sum(source)
        return self.draw(st.sampled_from([self.alone, self.alone, self.meeting]))(source)

    def rank(self, name: str) -> int:
        return len(self.types[name].shape) - 1

    def sum(self, source: str) -> str:
        fmt = self.types[source].format
        return self.add(Add(draw_output(self.draw, fmt.bits + 1, fmt.frac)), source, source)

    def net(self) -> Net:
        """What nothing uses is an output, and sometimes what something uses too."""
        outputs = set(self.unused) | set(self.draw(st.lists(st.sampled_from([n.name for n in self.nodes]), max_size=1)))
        return Net("drawn", self.inputs, tuple(self.nodes), 0, tuple(n.name for n in self.nodes if n.name in outputs))


def _flatten(draw: st.DrawFn, given: TensorType) -> Flatten:
    return Flatten()


def _same(draw: st.DrawFn, given: TensorType) -> Layer:
    """A layer whose result has the type of its input."""
    channels, *lengths = given.shape
    groups = draw_groups(draw, channels) if lengths else 1
    bits = draw(st.integers(1, 8))
    fmt = Format(bits, bits - 1 + draw(st.integers(-1, 1)))
    sizes = [draw(st.sampled_from([1, 3])) for _ in lengths]
    weight = draw_codes(draw, (channels, channels // groups, *sizes), fmt)
    bias = draw_codes(draw, (channels,), Format(given.format.bits + bits, 0))
    common = (weight, bias, fmt, given.format, Linear())
    if not lengths:
        return Dense(*common)
    pads = [size // 2 for size in sizes]
    if len(lengths) == 1:
        return Conv1d(*common, pads[0], 1, groups)
    return Conv2d(*common, tuple(pads), (1, 1), groups)


@st.composite
def graphs(draw: st.DrawFn, layers: int = 5, lengths: int = 9) -> Net:
    """Valid nets of about one to ``layers`` layers on frames or images with axes of 1 to ``lengths`` samples."""
    rank = draw(st.sampled_from([1, 2, 2, 2]))
    axes = tuple(draw(st.sampled_from([1, 2, 3, 5]) | st.integers(1, lengths)) for _ in range(rank))
    shape = (draw(st.sampled_from([1, 1, 2, 3, 4, 6, 70])), *axes)
    names = draw(st.sampled_from([["input"], ["input"], ["left", "right"]]))
    graph = _Graph(draw, {name: TensorType(shape, draw_format(draw, 2)) for name in names})
    try:
        for _ in range(draw(st.integers(1, layers))):
            graph.grow(draw(st.sampled_from([graph.unused, list(graph.types)])) or list(graph.types))
        for name in graph.unused:
            if name in graph.inputs:
                graph.add(draw_pool(draw, graph.types[name]), name)
        result = graph.net()
        ranges(result)
    except BadInput:  # an accumulator beyond 63 bits: not a net
        reject()
    return result
