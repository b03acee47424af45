"""Inputs that drive every accumulator to the very ends of its proved range, on every leg, against Python's integers.

Random data hardly ever needs the top bit of an accumulator; here the last one decides.
"""

from __future__ import annotations

import math
import shutil

import numpy as np
import pytest

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.ranges import ranges
from bittrue.spec import Add, ComplexFIR, Conv1d, Conv2d, Dense, LeakyReLU, MemoryTaps, Net, Node, TensorType, Term

LIMITS = {"ref": 63, "torch": 52, "c": 63, "rtl": 48}
"""Bits of the widest accumulator of each leg; that of torch also holds every partial sum without the bias."""
EDGES = [(leg, bits) for leg, limit in LIMITS.items() for bits in (20, 32, 33, 48, 52, 63) if bits <= limit]
EDGES = [(leg, bits) for leg, bits in EDGES if leg != "rtl" or bits in (20, 48)]  # each is compiled: seconds


def taps(leg: str, net: Net, codes):
    """Every tensor of the net, by one leg; skips where that cannot run."""
    if leg == "ref":
        return ref.taps(net, codes)
    if leg == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[train]'")
        from bittrue import qat

        return qat.taps(net, codes)
    if leg == "c":
        if not any(map(shutil.which, ("cc", "gcc", "clang"))):
            pytest.skip("no C compiler")
        from bittrue.cosim.c_model import CModel

        return CModel(net).taps(codes)
    pytest.importorskip("amaranth", reason="amaranth is not installed")
    from bittrue.cosim import verilator
    from bittrue.cosim.rtl_model import RtlModel

    try:
        verilator.find()
    except BadInput as error:
        pytest.skip(str(error))
    return RtlModel(net, 8).taps(codes)


def extremes(rows, fmt: Format) -> np.ndarray:
    """For every row of weights the input of its largest sum and that of its smallest."""
    inputs = [np.where(row * sign > 0, fmt.hi, fmt.lo) for row in rows for sign in (1, -1)]
    return np.array([*inputs, np.zeros_like(inputs[0])], dtype=np.int64)


def edge_rows(bits: int, fmt: Format) -> tuple[np.ndarray, list[int]]:
    """Weights and biases of two neurons: the first reaches ``2**(bits-1) - 1``, the second ``-2**(bits-1)``."""
    total = ((1 << bits) - 1) // (fmt.hi - fmt.lo)  # sum of |weight| that nearly fills the accumulator
    part = total // 4
    weight = np.array([[part, -part, part - 3, -(total - 3 * part + 3)], [-part, part, 7 - part, total - 3 * part - 7]])
    sums = [
        sum(int(w) * (fmt.hi if (w > 0) == up else fmt.lo) for w in row)
        for row, up in zip(weight, (True, False), strict=True)
    ]
    return weight, [(1 << bits - 1) - 1 - sums[0], -(1 << bits - 1) - sums[1]]


def half_up(acc: int, shift: int) -> int:
    """A word of 8 bits."""
    return max(-128, min(127, (acc + (1 << shift - 1)) >> shift))


def edge_net(bits: int) -> tuple[Net, np.ndarray, list[int]]:
    """Accumulators of ``bits`` bits seen whole, rounded to 8 bits, and behind a leaky ReLU; weights and biases of all.

    The largest sum rounds up beyond 8 bits. What follows only makes it one net with one output.
    """
    fmt, narrow = Format(12, 0), Format(8, 8 - bits)
    weight, bias = edge_rows(bits, fmt)
    weights = Format(int(np.abs(weight).max()).bit_length() + 1, 0)
    nothing = Dense(np.zeros((2, 2), np.int64), np.zeros(2, np.int64), Format(1, 0), narrow)
    nodes = (
        Node("whole", Dense(weight, bias, weights, Format(bits, 0)), ("input",)),
        Node("rounded", Dense(weight, bias, weights, narrow), ("input",)),
        Node("leaky", Dense(weight, bias, weights, narrow, LeakyReLU(2)), ("input",)),
        Node("nothing", nothing, ("whole",)),
        Node("sum", Add(Format(10, 8 - bits)), ("rounded", "leaky", "nothing")),
    )
    return Net("edge", TensorType((4,), fmt), nodes), weight, bias


@pytest.mark.parametrize(("leg", "bits"), EDGES)
def test_dense_reaches_both_ends_of_its_accumulator(leg: str, bits: int) -> None:
    net, weight, bias = edge_net(bits)
    assert [ranges(net)[name].acc_bits for name in ("whole", "rounded", "leaky")] == [bits] * 3
    codes = extremes(weight, net.input.format)
    found = taps(leg, net, codes)
    for t, x in enumerate(codes):
        acc = [
            b + sum(int(w) * int(c) for w, c in zip(row, x, strict=True)) for row, b in zip(weight, bias, strict=True)
        ]
        shifts = [bits - 8 if a >= 0 else bits - 6 for a in acc]
        assert found["whole"][t].tolist() == acc
        assert found["rounded"][t].tolist() == [half_up(a, bits - 8) for a in acc]
        assert found["leaky"][t].tolist() == [half_up(a, shift) for a, shift in zip(acc, shifts, strict=True)]
    assert (found["whole"].max(), found["whole"].min()) == ((1 << bits - 1) - 1, -(1 << bits - 1))


@pytest.mark.parametrize(("leg", "bits"), [(leg, bits) for leg, bits in EDGES if leg != "rtl"])
def test_convolution_reaches_both_ends_of_its_accumulator(leg: str, bits: int) -> None:
    """The same weights along a frame: the last window holds it all, the ones before begin in the zeros."""
    fmt = Format(12, 0)
    weight, bias = edge_rows(bits, fmt)
    weights = Format(int(np.abs(weight).max()).bit_length() + 1, 0)
    layer = Conv1d(weight[:, np.newaxis], np.array(bias), weights, Format(bits, 0), padding=3)
    net = Net("edge", TensorType((1, 4), fmt), (Node("conv", layer, ("input",)),))
    assert ranges(net)["conv"].acc_bits == bits
    codes = extremes(weight, fmt)
    found = taps(leg, net, codes[:, np.newaxis])["conv"]
    for x, y in zip(codes.tolist(), found.tolist(), strict=True):
        padded = [0, 0, 0, *x, 0, 0, 0]
        for o, row in enumerate(weight.tolist()):
            assert y[o] == [bias[o] + sum(map(int.__mul__, row, padded[n : n + 4])) for n in range(7)]
    assert (found.max(), found.min()) == ((1 << bits - 1) - 1, -(1 << bits - 1))


@pytest.mark.parametrize(("leg", "bits"), [(leg, bits) for leg, bits in EDGES if leg != "rtl"])
@pytest.mark.parametrize("copies", [1, 2], ids=["few filters", "many filters"])
def test_convolution_of_an_image_reaches_both_ends_of_its_accumulator(leg: str, bits: int, copies: int) -> None:
    """The same weights as a square: the middle window holds the whole image, those around it begin in the zeros."""
    fmt = Format(12, 0)
    rows, biases = edge_rows(bits, fmt)
    weight, bias = np.tile(rows, (copies, 1)), biases * copies
    weights = Format(int(np.abs(weight).max()).bit_length() + 1, 0)
    layer = Conv2d(weight.reshape(-1, 1, 2, 2), np.array(bias), weights, Format(bits, 0), padding=(1, 1))
    net = Net("edge", TensorType((1, 2, 2), fmt), (Node("conv", layer, ("input",)),))
    assert ranges(net)["conv"].acc_bits == bits
    codes = extremes(rows, fmt).reshape(-1, 1, 2, 2)
    found = taps(leg, net, codes)["conv"]
    for x, y in zip(codes[:, 0].tolist(), found.tolist(), strict=True):
        padded = [[0] * 4, *([0, *row, 0] for row in x), [0] * 4]
        for o, row in enumerate(weight.tolist()):
            for h, w in np.ndindex(3, 3):
                seen = padded[h][w : w + 2] + padded[h + 1][w : w + 2]
                assert y[o][h][w] == bias[o] + sum(map(int.__mul__, row, seen))
    assert (found.max(), found.min()) == ((1 << bits - 1) - 1, -(1 << bits - 1))


@pytest.mark.parametrize("leg", LIMITS)
def test_filter_reaches_both_ends_of_its_accumulator(leg: str) -> None:
    """Every tap at the I and Q that make the real or the imaginary part largest or smallest."""
    fmt, taps_at = Format(8, 7), (0, 1, 3)
    h = np.array([[127, -128], [-128, -5], [77, 128 - 9]])
    net = Net(
        "filter",
        TensorType((2,), fmt),
        (Node("fir", ComplexFIR((Term(0, taps_at),), h, fmt, fmt, Format(19, 14)), ("input",)),),
    )
    assert ranges(net)["fir"].acc_bits <= 19
    rows = [(h[:, 0], -h[:, 1]), (h[:, 1], h[:, 0])]  # what weighs I and Q in the real and in the imaginary part
    codes = np.zeros((16, 2), np.int64)
    for k, (row, sign) in enumerate((row, sign) for row in rows for sign in (1, -1)):
        for tap, *weights in zip(taps_at, *row, strict=True):
            codes[4 * k + 3 - tap] = [fmt.hi if w * sign > 0 else fmt.lo for w in weights]
    found = taps(leg, net, codes)["fir"]
    ends = [(interval.hi, interval.lo) for interval in ranges(net)["fir"].acc]
    assert [(found[3, 0], found[7, 0]), (found[11, 1], found[15, 1])] == ends
    past = np.concatenate([np.zeros((3, 2), np.int64), codes]).tolist()
    for n, y in enumerate(found.tolist()):
        x = [past[n + 3 - tap] for tap in taps_at]
        re = sum(int(a) * i - int(b) * q for (a, b), (i, q) in zip(h, x, strict=True))
        im = sum(int(a) * q + int(b) * i for (a, b), (i, q) in zip(h, x, strict=True))
        assert y == [re, im]


@pytest.mark.parametrize("leg", LIMITS)
def test_roots_around_exact_squares(leg: str) -> None:
    """``I^2 + Q^2`` that is a square, one more, one less, and the largest: random samples miss squares."""
    fmt = Format(12, 11)
    net = Net("root", TensorType((2,), fmt), (Node("taps", MemoryTaps((0,), (1,), Format(13, 11)), ("input",)),))
    triples = [(k * a, k * b) for a, b in ((3, 4), (5, 12), (8, 15), (20, 21)) for k in (1, -2, 7, 50, -97)]
    axes = [(k, d) for k in (0, 1, 2, 3, 6, 10, 45, 1022, 2047, -2048) for d in (0, 1)]  # k^2 and k^2 + 1
    beside = [(4, 8), (8, 12), (28, 96), (1, 0), (7, 4), (2, 2), (18, 1), (fmt.lo, fmt.lo), (fmt.lo, fmt.hi)]
    codes = np.array([sample[::order] for sample in (*triples, *axes, *beside) for order in (1, -1)])
    found = taps(leg, net, codes)["taps"]
    assert found[:, :2].tolist() == codes.tolist()
    assert found[:, 2].tolist() == [math.isqrt(i * i + q * q) for i, q in codes.tolist()]


@pytest.mark.parametrize("leg", LIMITS)
def test_every_envelope_of_every_narrow_sample(leg: str) -> None:
    """Words of 6 bits, whose powers fit one multiplier, and of which there are few: all pairs, nothing rounded away."""
    fmt = Format(6, 5)
    layer = MemoryTaps((0, 1), (3, 1, 4, 2), Format(26, 20))
    net = Net("narrow", TensorType((2,), fmt), (Node("taps", layer, ("input",)),))
    line = np.arange(fmt.lo, fmt.hi + 1)
    codes = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    found = taps(leg, net, codes)["taps"].tolist()
    history = [[0] * 4, *([_power(i, q, p) << 20 - 5 * p for p in layer.powers] for i, q in codes.tolist())]
    for n, (i, q) in enumerate(codes.tolist()):
        before = codes[n - 1].tolist() if n else [0, 0]
        assert found[n] == [i << 15, q << 15, *history[n + 1], *history[n], *(word << 15 for word in before)]


def _power(i: int, q: int, power: int) -> int:
    """``|x|**power``, with the root cut off."""
    squared = i * i + q * q
    return squared ** (power // 2) * (math.isqrt(squared) if power % 2 else 1)
