"""Nets of vectors and samples for the pipeline that takes a sample every clock."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from bittrue.cost import cost
from bittrue.num import Format
from bittrue.spec import (
    Add,
    BitwiseXor,
    ComplexFIR,
    ComplexMul,
    Concat,
    Constant,
    Dense,
    MemoryTaps,
    Mul,
    Net,
    Node,
    Reshape,
    Sub,
    Table,
    TensorType,
    Term,
)

Q = Format.parse


def pruned(inputs: int, outputs: int, share: float, fmt: Format, rng: np.random.Generator) -> np.ndarray:
    """Weights of which so many are not zero, one a row at least; some are powers of two, some have no positive one."""
    weight = rng.integers(fmt.lo, fmt.hi, (outputs, inputs), endpoint=True)
    weight = np.where(rng.random(weight.shape) < 0.2, fmt.lo >> rng.integers(0, fmt.bits, weight.shape), weight)
    kept = rng.random(weight.shape) < share
    kept[np.arange(outputs), rng.integers(0, inputs, outputs)] = True
    weight = np.where(kept, weight, 0)
    weight[0] = np.where(weight[0] > 0, -weight[0], weight[0])
    return weight


def sparse_tdnn(seed: int = 1, activation: str = "leaky_relu/2") -> Net:
    """A small pruned TDNN, with weights of all kinds."""
    rng, fmt = np.random.default_rng(seed), Q("Q1.9")
    nodes = [
        Node("features", MemoryTaps((0, 1, 3), (1, 2, 3, 4), fmt, iq_taps=(1, 2)), "input"),
        Node(
            "fc1",
            Dense(pruned(16, 6, 0.4, fmt, rng), rng.integers(-9999, 9999, 6), fmt, "Q3.7", activation),
            "features",
        ),
        Node("fc2", Dense(pruned(6, 2, 0.6, fmt, rng), [0, 77], fmt, "Q2.8"), "fc1"),
    ]
    return Net("sparse-tdnn", TensorType((2,), Q("Q1.9")), nodes)


def branches() -> Net:
    """Two inputs and two outputs: every kind of layer that takes vectors, and branches of many lengths."""
    rng, fmt, fir = np.random.default_rng(3), Q("Q1.7"), (Term(0, (0, 2)), Term(2, (1,)))
    iq, gain = TensorType((2,), fmt), TensorType((2,), Q("Q2.6"))
    nodes = [
        Node("taps", MemoryTaps((0, 1), (1,), fmt), "iq"),
        Node("fir", ComplexFIR(fir, rng.integers(-128, 128, (3, 2)), fmt, Q("Q2.6"), Q("Q2.6")), "iq"),
        Node("fc", Dense(pruned(6, 4, 0.6, fmt, rng), [0, -5, 9, 0], fmt, Q("Q2.6"), "relu"), "taps"),
        Node("table", Table.tabulate(np.tanh, Q("Q2.6"), Q("Q2.6")), "fc"),
        Node("square", Reshape((4,)), "table"),
        Node("zero", Dense(np.zeros((2, 4), np.int64), [3, 0], fmt, Q("Q2.6")), "square"),
        Node("scaled", Mul(Q("Q2.6")), ("fir", "gain")),
        Node("turned", ComplexMul(Q("Q3.5")), ("scaled", "gain")),
        Node("fixed", Constant(np.array([17, -3]), Q("Q3.5")), ()),
        Node("less", Sub(Q("Q3.5")), ("turned", "fixed")),
        Node("both", Concat(), ("zero", "fir")),
        Node("mixed", BitwiseXor(), ("both", "both")),
        Node("abs", Dense(pruned(4, 2, 1.0, fmt, rng), [0, 1], fmt, Q("Q3.5"), "abs"), "mixed"),
        Node("sum", Add(Q("Q3.5")), ("abs", "less", "gain")),
    ]
    return Net("branches", {"iq": iq, "gain": gain}, nodes, outputs=("table", "sum"))


def beside(net: Net, weights: int, samples: int = 1) -> int:
    """DSP48E1 of a pipeline with so many for its weights, beside those that features and products take."""
    return samples * cost(net, 1, dsps=0).dsps + weights


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Net, int]:
    """A net of one to three matrices behind features or not, and a number of DSP48E1 for its weights."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    fmt, width = Format(draw(st.integers(4, 16)), draw(st.integers(2, 12))), draw(st.integers(1, 6))
    nodes, size = [], width
    if draw(st.booleans()):
        width, taps = 2, tuple(sorted(draw(st.sets(st.integers(0, 4), min_size=1, max_size=3))))
        powers = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4]), unique=True, max_size=2)))
        nodes.append(Node("taps", MemoryTaps(taps, powers, fmt), "input"))
        size = 2 * len(taps) + len(taps) * len(powers)
    for k in range(draw(st.integers(1, 3))):
        rows, bits = draw(st.integers(1, 5)), draw(st.integers(2, 18))
        weights, output = (
            Format(bits, draw(st.integers(0, bits))),
            Format(draw(st.integers(3, 16)), draw(st.integers(0, 9))),
        )
        activation = draw(st.sampled_from(["linear", "relu", "leaky_relu/1", "leaky_relu/15", "abs"]))
        weight = pruned(size, rows, draw(st.sampled_from([0.2, 0.6, 1.0])), weights, rng)
        bias = rng.integers(-(1 << 16), 1 << 16, rows) * rng.integers(0, 2, rows)
        nodes.append(
            Node(f"fc{k}", Dense(weight, bias, weights, output, activation), nodes[-1].name if nodes else "input")
        )
        size = rows
    return Net("drawn", TensorType((width,), fmt), nodes), draw(st.sampled_from([0, 3, 220]))
