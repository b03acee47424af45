"""Nets and vectors for the equality tests: random nets, full-range codes, corners, and the two TDNN profiles.

Everything is deterministic: arrays come from seeded generators, and hypothesis draws only what shapes a net. Nets of
frames and images with branches are those of `drawn_graphs`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from drawn_layers import draw_codes, draw_conv, draw_dense, draw_format, draw_output, draw_pool, draw_table
from hypothesis import reject
from hypothesis import strategies as st

from bittrue.errors import BadInput
from bittrue.lower.fold import MIN_INTERVAL
from bittrue.lower.schedule import least_interval
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import (
    Add,
    ComplexFIR,
    Dense,
    Flatten,
    LeakyReLU,
    Linear,
    MemoryTaps,
    Net,
    Node,
    TensorType,
    Term,
)

Codes = npt.NDArray[np.int64]


def full_range(net: Net, n: int, seed: int) -> Codes:
    """``n`` samples of uniformly random codes, from the smallest to the largest of the input's format."""
    fmt = net.input.format
    return np.random.default_rng(seed).integers(fmt.lo, fmt.hi, (n, *net.input.shape), endpoint=True)


def interval_for(net: Net, interval: int) -> int:
    """An initiation interval for ``net``: ``interval`` for vectors, as many times the shortest for frames."""
    return interval * least_interval(net) // MIN_INTERVAL


def corners(net: Net) -> Codes:
    """All lo, all hi, zero, both alternations of lo and hi, plus and minus one, and an impulse, each held so long that
    every delay has seen it (at most 64 samples)."""
    fmt, shape = net.input.format, net.input.shape
    hold = min(net.memory, 62) + 2
    odd = np.arange(int(np.prod(shape))).reshape(shape) % 2 == 1
    time = np.arange(hold).reshape((hold,) + (1,) * len(shape)) % 2 == 1
    blocks = [np.full((hold, *shape), code) for code in (fmt.lo, fmt.hi, 0, min(1, fmt.hi), -1)]
    blocks += [np.where(odd ^ time, fmt.lo, fmt.hi), np.where(odd ^ time, fmt.hi, fmt.lo)]
    blocks += [np.broadcast_to(np.where(odd, fmt.lo, fmt.hi), (hold, *shape)), np.where(time, fmt.lo, fmt.hi) + 0 * odd]
    impulse = np.zeros((hold, *shape), dtype=np.int64)
    impulse[0] = fmt.hi
    return np.concatenate([*blocks, np.zeros_like(impulse), impulse]).astype(np.int64)


def tdnn(profile: str, seed: int) -> Net:
    """The 30-32-16-2 TDNN with random weights, in the profile ``"wide"`` or ``"compat"``.

    The last layer's weights are small, so that its output does not always saturate.
    """
    rng = np.random.default_rng(seed)
    io = Format.parse("Q1.15")
    feature, hidden = {"wide": ("Q1.15", "Q4.12"), "compat": ("Q8.8", "Q8.8")}[profile]
    formats = {"wide": ("Q1.15", "Q1.15", "Q-4.20"), "compat": ("Q1.15",) * 3}[profile]
    span = {"wide": (1.0, 1.0, 1.0), "compat": (1.0, 1.0, 2.0**-5)}[profile]
    nodes = [Node("features", MemoryTaps(tuple(range(6)), (1, 2, 4), Format.parse(feature)), ("input",))]
    given = Format.parse(feature)
    sizes = ((30, 32, "hidden1"), (32, 16, "hidden2"), (16, 2, "output"))
    for (inputs, outputs, name), weight_format, part in zip(sizes, formats, span, strict=True):
        w = Format.parse(weight_format)
        output = io if name == "output" else Format.parse(hidden)
        weight = rng.integers(int(w.lo * part), int(w.hi * part), (outputs, inputs), endpoint=True)
        limit = 1 << (given.frac + w.frac - 3)
        bias = rng.integers(-limit, limit, outputs)
        layer = Dense(weight, bias, w, output, Linear() if name == "output" else LeakyReLU(2))
        nodes.append(Node(name, layer, (nodes[-1].name,)))
        given = output
    return Net(f"tdnn-{profile}", TensorType((2,), io), tuple(nodes))


# ---- hypothesis -----------------------------------------------------------------------------------------------------


def _draw_taps(draw: st.DrawFn) -> tuple[int, ...]:
    return tuple(sorted(draw(st.sets(st.integers(0, 7), min_size=1, max_size=4))))


def _draw_memory_taps(draw: st.DrawFn, given: TensorType) -> MemoryTaps:
    powers = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4]), unique=True, max_size=4)))
    iq_taps = _draw_taps(draw) if powers and draw(st.booleans()) else None
    return MemoryTaps(_draw_taps(draw), powers, draw_output(draw, given.format.bits, given.format.frac), iq_taps)


def _draw_fir(draw: st.DrawFn, given: TensorType) -> ComplexFIR:
    powers = draw(st.lists(st.sampled_from([0, 1, 2, 3, 4]), unique=True, min_size=1, max_size=3))
    terms = tuple(Term(p, _draw_taps(draw)) for p in powers)
    taps = sum(len(t.taps) for t in terms)
    fmt, basis = draw_format(draw), draw_output(draw, given.format.bits, given.format.frac)
    output = draw_output(draw, basis.bits + fmt.bits + taps.bit_length(), basis.frac + fmt.frac)
    return ComplexFIR(terms, draw_codes(draw, (taps, 2), fmt), fmt, basis, output)


class _Builder:
    """Nodes of a net in the making."""

    def __init__(self, draw: st.DrawFn, shape: tuple[int, ...], width: int) -> None:
        self.draw, self.width = draw, width
        self.input = TensorType(shape, draw_format(draw, 2 if len(shape) > 1 else 3))
        self.nodes: list[Node] = []
        self.types = {"input": self.input}

    def add(self, layer: object, *sources: str) -> str:
        name = f"n{len(self.nodes)}_{type(layer).__name__.lower()}"
        self.types[name] = layer.output_type(*(self.types[s] for s in sources))  # type: ignore[attr-defined]
        self.nodes.append(Node(name, layer, sources))  # type: ignore[arg-type]
        return name

    def dense(self, source: str, outputs: int | None = None) -> str:
        outputs = outputs or self.draw(st.integers(1, self.width))
        return self.add(draw_dense(self.draw, self.types[source], outputs), source)

    def frames(self, source: str) -> str:
        """One to three convolutions and pools, and maybe a dense layer behind them."""
        for left in reversed(range(self.draw(st.integers(1, 3)))):
            given = self.types[source]
            if self.draw(st.sampled_from(["conv", "conv", "pool"])) == "conv":
                source = self.add(draw_conv(self.draw, given, wide=not left, uneven=False), source)
            else:
                source = self.add(draw_pool(self.draw, given), source)
        return self.dense(self.add(Flatten(), source)) if self.draw(st.booleans()) else source

    def fir(self, source: str) -> str:
        return self.add(_draw_fir(self.draw, self.types[source]), source)

    def table(self, source: str) -> str:
        narrow = self.types[source].format.bits <= 10  # larger ones only make the test slow
        return self.add(draw_table(self.draw, self.types[source]), source) if narrow else source

    def sum(self, *sources: str) -> str:
        types = [self.types[s].format for s in sources]
        frac = max(t.frac for t in types)
        bits = max(t.bits + frac - t.frac for t in types) + 1
        return self.add(Add(draw_output(self.draw, bits, frac)), *sources)


KINDS = ("dense", "tdnn", "tdnn", "fir", "branches", "branches", "table", "add", "frames")


@st.composite
def nets(draw: st.DrawFn, max_width: int = 6, kinds: tuple[str, ...] = KINDS) -> Net:
    """Valid nets of every registered layer: chains and branches, formats of 3 to 16 bits with any point position,
    outputs finer and coarser than the accumulator, weights and biases at their extremes, all activations.

    ``max_width`` bounds the neurons of a layer.
    """
    kind = draw(st.sampled_from(kinds))
    iq = kind in ("tdnn", "fir", "branches")
    shapes = [(width,) for width in range(1, max_width + 1)] + ([] if kind == "dense" else [(2, 3)])
    shape = (2,) if iq else draw(st.sampled_from(shapes))
    if kind == "frames":
        shape = (draw(st.integers(1, 4)), draw(st.integers(1, 12)))
    net = _Builder(draw, shape, max_width)
    try:
        if kind == "dense":
            last = net.dense(net.table(net.dense("input")))
        elif kind == "frames":
            last = net.frames("input")
        elif kind == "fir":
            last = net.table(net.fir("input"))
        elif kind == "table":
            last = net.table("input")
        elif kind == "add":
            other = net.table("input")
            last = net.sum("input", other, *draw(st.sampled_from([(), ("input",)])))
        else:
            features = net.add(_draw_memory_taps(draw, net.input), "input")
            last = net.dense(net.dense(features), 2 if kind == "branches" else None)
            if kind == "branches":
                last = net.sum(*draw(st.permutations([last, net.fir("input")])))
        if last == "input":
            last = net.sum("input", "input")
        result = Net("drawn", net.input, tuple(net.nodes))
        ranges(result)
    except BadInput:  # an accumulator beyond 63 bits: not a net
        reject()
    return result


def long_vector(inputs: int) -> Net:
    """Two matrices around a vector of 300, which without banks travels in beats."""
    fmt, rng = Format(8, 7), np.random.default_rng(1)
    nodes = (
        Node("fc1", Dense(rng.integers(-9, 9, (300, inputs)), np.zeros(300, np.int64), fmt, fmt), ("input",)),
        Node("fc2", Dense(rng.integers(-9, 9, (2, 300)), [0, 0], fmt, fmt), ("fc1",)),
    )
    return Net("long", TensorType((inputs,), fmt), nodes)
