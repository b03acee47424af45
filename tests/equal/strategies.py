"""Nets and vectors for the equality tests: random nets, full-range codes, corners, and the two TDNN profiles.

Everything is deterministic: arrays come from seeded generators, and hypothesis draws only what shapes a net.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import reject
from hypothesis import strategies as st

from bittrue.errors import BadInput
from bittrue.lower.fold import MIN_INTERVAL
from bittrue.lower.frames import least_interval
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import (
    Abs,
    Add,
    AvgPool1d,
    ComplexFIR,
    Conv1d,
    Dense,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool1d,
    MemoryTaps,
    Net,
    Node,
    ReLU,
    Table,
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


def _draw_format(draw: st.DrawFn, lo: int = 3, hi: int = 16) -> Format:
    bits = draw(st.integers(lo, hi))
    return Format(bits, bits - 1 + draw(st.integers(-4, 4)))


def _draw_codes(draw: st.DrawFn, shape: tuple[int, ...], fmt: Format) -> Codes:
    """Random over the full range, or one of the patterns that reach the extremes of an accumulator."""
    kind = draw(st.sampled_from(["random", "random", "random", "lo", "hi", "alternating", "sparse"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind in ("lo", "hi"):
        return np.full(shape, fmt.lo if kind == "lo" else fmt.hi, dtype=np.int64)
    if kind == "alternating":
        return np.where(np.arange(int(np.prod(shape))).reshape(shape) % 2, fmt.lo, fmt.hi).astype(np.int64)
    codes = rng.integers(fmt.lo, fmt.hi, shape, endpoint=True)
    return codes if kind == "random" else codes * rng.integers(0, 2, shape)


def _draw_output(draw: st.DrawFn, acc_bits: int, acc_frac: int) -> Format:
    """An output format: mostly one that shows the interesting bits of the accumulator, sometimes far too fine or too
    coarse; the shift may be negative."""
    bits = draw(st.integers(3, 16))
    natural = acc_bits - bits
    usual = st.integers(natural - 3, natural)
    shift = draw(st.one_of(usual, usual, usual, usual, st.integers(-15, acc_bits + 4)))
    return Format(bits, min(max(acc_frac - shift, -63), 126))


ACTIVATIONS = st.sampled_from([Linear(), ReLU()]) | st.builds(LeakyReLU, st.integers(1, 15))


def _draw_dense(draw: st.DrawFn, given: TensorType, outputs: int) -> Dense:
    (inputs,) = given.shape
    fmt = _draw_format(draw)
    acc_bits = given.format.bits + fmt.bits + inputs.bit_length() - 1
    frac = given.format.frac + fmt.frac
    bias = Format(draw(st.integers(1, min(acc_bits, 40))), 0)
    activation = draw(ACTIVATIONS)
    weight = _draw_codes(draw, (outputs, inputs), fmt)
    return Dense(weight, _draw_codes(draw, (outputs,), bias), fmt, _draw_output(draw, acc_bits, frac), activation)


def _draw_conv(draw: st.DrawFn, given: TensorType, last: bool) -> Conv1d:
    """Any kernel, padding, dilation, stride and groups that leave a window; weights of 1 bit and more. The last may be
    wide: all bits of the accumulator."""
    channels, length = given.shape
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    filters, padding = groups * draw(st.integers(1, 3)), draw(st.sampled_from([0, 0, 1, 2, 5]))
    size, dilation, stride = draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 2, 3]))
    if length + 2 * padding < (size - 1) * dilation + 1:
        size = 1
    bits = draw(st.sampled_from([1, 2, 4, 8]) | st.integers(1, 16))
    fmt = Format(bits, bits - 1 + draw(st.integers(-4, 4)))
    shape = (filters, channels // groups, size)
    acc_bits = given.format.bits + fmt.bits + (shape[1] * size).bit_length() - 1
    frac = given.format.frac + fmt.frac
    bias = _draw_codes(draw, (filters,), Format(draw(st.integers(1, min(acc_bits, 40))), 0))
    weight, output = _draw_codes(draw, shape, fmt), _draw_output(draw, acc_bits, frac)
    if last and draw(st.booleans()):
        output = Format(32, frac)
    activation = draw(ACTIVATIONS | st.just(Abs()))
    return Conv1d(weight, bias, fmt, output, activation, padding, dilation, groups, stride)


def _draw_pool(draw: st.DrawFn, given: TensorType, last: bool) -> MaxPool1d | AvgPool1d:
    size, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 2))
    kind = draw(st.sampled_from([MaxPool1d, AvgPool1d]))
    return kind(size if (size - 1) * dilation < given.shape[1] else 1, draw(st.integers(1, 3)), dilation)


def _draw_taps(draw: st.DrawFn) -> tuple[int, ...]:
    return tuple(sorted(draw(st.sets(st.integers(0, 7), min_size=1, max_size=4))))


def _draw_memory_taps(draw: st.DrawFn, given: TensorType) -> MemoryTaps:
    powers = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4]), unique=True, max_size=4)))
    iq_taps = _draw_taps(draw) if powers and draw(st.booleans()) else None
    return MemoryTaps(_draw_taps(draw), powers, _draw_output(draw, given.format.bits, given.format.frac), iq_taps)


def _draw_fir(draw: st.DrawFn, given: TensorType) -> ComplexFIR:
    powers = draw(st.lists(st.sampled_from([0, 1, 2, 3, 4]), unique=True, min_size=1, max_size=3))
    terms = tuple(Term(p, _draw_taps(draw)) for p in powers)
    taps = sum(len(t.taps) for t in terms)
    fmt, basis = _draw_format(draw), _draw_output(draw, given.format.bits, given.format.frac)
    output = _draw_output(draw, basis.bits + fmt.bits + taps.bit_length(), basis.frac + fmt.frac)
    return ComplexFIR(terms, _draw_codes(draw, (taps, 2), fmt), fmt, basis, output)


def _draw_table(draw: st.DrawFn, given: TensorType) -> Table:
    output = _draw_format(draw)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Table(rng.integers(output.lo, output.hi, 1 << given.format.bits, endpoint=True), output)


class _Builder:
    """Nodes of a net in the making."""

    def __init__(self, draw: st.DrawFn, shape: tuple[int, ...], width: int) -> None:
        self.draw, self.width = draw, width
        self.input = TensorType(shape, _draw_format(draw, 2 if len(shape) > 1 else 3))
        self.nodes: list[Node] = []
        self.types = {"input": self.input}

    def add(self, layer: object, *sources: str) -> str:
        name = f"n{len(self.nodes)}_{type(layer).__name__.lower()}"
        self.types[name] = layer.output_type(*(self.types[s] for s in sources))  # type: ignore[attr-defined]
        self.nodes.append(Node(name, layer, sources))  # type: ignore[arg-type]
        return name

    def dense(self, source: str, outputs: int | None = None) -> str:
        outputs = outputs or self.draw(st.integers(1, self.width))
        return self.add(_draw_dense(self.draw, self.types[source], outputs), source)

    def frames(self, source: str) -> str:
        """One to three convolutions and pools, and maybe a dense layer behind them."""
        for left in reversed(range(self.draw(st.integers(1, 3)))):
            layer = self.draw(st.sampled_from([_draw_conv, _draw_conv, _draw_pool]))
            source = self.add(layer(self.draw, self.types[source], not left), source)
        return self.dense(self.add(Flatten(), source)) if self.draw(st.booleans()) else source

    def fir(self, source: str) -> str:
        return self.add(_draw_fir(self.draw, self.types[source]), source)

    def table(self, source: str) -> str:
        narrow = self.types[source].format.bits <= 10  # larger ones only make the test slow
        return self.add(_draw_table(self.draw, self.types[source]), source) if narrow else source

    def sum(self, *sources: str) -> str:
        types = [self.types[s].format for s in sources]
        frac = max(t.frac for t in types)
        bits = max(t.bits + frac - t.frac for t in types) + 1
        return self.add(Add(_draw_output(self.draw, bits, frac)), *sources)


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
