"""Every layer on frames and images, with drawn shapes and parameters, judged by loops in Python integers."""

from __future__ import annotations

import itertools
import random
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import stranger
from big_evaluator import BigNet

from bittrue import ref, spec
from bittrue.errors import BadInput
from bittrue.num import Format, Interval
from bittrue.ranges import ranges
from bittrue.spec import Net, Node, TensorType
from bittrue.spec.store import content_hash

Q = Format.parse
ACTIVATIONS = ("linear", "relu", "abs", "leaky_relu/1", "leaky_relu/6")
SEEDS = range(40)


def codes(shape, fmt: Format, seed: int) -> np.ndarray:
    """Full range, with the ends of it more often than chance has them."""
    rng = np.random.default_rng(seed)
    found = rng.integers(fmt.lo, fmt.hi, shape, endpoint=True)
    return np.where(rng.random(shape) < 0.1, rng.choice([fmt.lo, fmt.hi], shape), found)


def fmt(draw: random.Random, least: int = 1, most: int = 12) -> Format:
    bits = draw.randint(least, most)
    return Format(bits, bits - 1 + draw.randint(-4, 4))


def given(draw: random.Random, rank: int, channels: int = 1) -> TensorType:
    """A frame or an image of a multiple of ``channels``; now and then one of one sample, or of many channels."""
    count = channels * draw.choice((1, 1, 2, 3, 70 if channels == 1 else 2))
    return TensorType((count, *(draw.choice((1, 2, 3, 5, 7)) for _ in range(rank))), fmt(draw))


def conv(draw: random.Random, rank: int, transposed: bool) -> tuple[spec.Layer, TensorType]:
    groups = draw.choice((1, 1, 2, 3))
    source, weights = given(draw, rank, groups), fmt(draw)
    shape = (groups * draw.randint(1, 2), source.shape[0] // groups, *(draw.randint(1, 4) for _ in range(rank)))
    weight, bias = codes(shape, weights, draw.randint(0, 999)), codes(shape[0], Format(12, 0), draw.randint(0, 999))
    acc = source.format.bits + weights.bits + (weight[0].size).bit_length()
    output = Format(draw.randint(2, 12), source.format.frac + weights.frac - draw.randint(-1, max(0, acc - 3)))
    stride, dilation = ([draw.randint(1, 3) for _ in range(rank)] for _ in range(2))
    more = {"stride": stride, "dilation": dilation}
    if transposed:
        more["padding"] = [draw.randint(0, 2) for _ in range(rank)]
        more["output_padding"] = [draw.randrange(max(pair)) for pair in zip(stride, dilation, strict=True)]
    else:
        more["padding"] = [(draw.randint(0, 3), draw.randint(0, 3)) for _ in range(rank)]
    kind = getattr(spec, f"Conv{'Transpose' if transposed else ''}{rank}d")
    more = more if rank > 1 else {name: numbers[0] for name, numbers in more.items()}
    return kind(weight, bias, weights, output, draw.choice(ACTIVATIONS), groups=groups, **more), source


def pool(draw: random.Random, rank: int, kind: str) -> tuple[spec.Layer, TensorType]:
    source = given(draw, rank)
    sizes = [draw.randint(1, length) for length in source.shape[1:]]
    dilations = [
        draw.randint(1, (length - 1) // (size - 1) if size > 1 else 3)
        for size, length in zip(sizes, source.shape[1:], strict=True)
    ]
    numbers = sizes, [draw.randint(1, 3) for _ in range(rank)], dilations
    numbers = numbers if rank > 1 else [number[0] for number in numbers]
    return getattr(spec, f"{kind}Pool{rank}d")(*numbers), source


def factors(draw: random.Random, rank: int, kind: type) -> tuple[spec.Layer, TensorType]:
    numbers = [draw.randint(1, 3) for _ in range(rank)]
    return kind(numbers), given(draw, rank, int(np.prod(numbers)) if kind is spec.Interleave else 1)


def reshape(draw: random.Random, rank: int) -> tuple[spec.Layer, TensorType]:
    source = given(draw, rank)
    shape = [*source.shape, 1]
    draw.shuffle(shape)
    return spec.Reshape(shape), source


LAYERS: dict[str, Callable[[random.Random], tuple[spec.Layer, TensorType]]] = {}
for rank in (1, 2):
    for kind in ("Max", "Avg"):
        LAYERS[f"{kind}Pool{rank}d"] = lambda draw, rank=rank, kind=kind: pool(draw, rank, kind)
    LAYERS[f"Conv{rank}d"] = lambda draw, rank=rank: conv(draw, rank, False)
    LAYERS[f"ConvTranspose{rank}d"] = lambda draw, rank=rank: conv(draw, rank, True)
LAYERS["Flatten"] = lambda draw: (spec.Flatten(), given(draw, draw.choice((1, 2))))
LAYERS["Reshape"] = lambda draw: reshape(draw, draw.choice((1, 2)))
LAYERS["Upsample"] = lambda draw: factors(draw, draw.choice((1, 2)), spec.Upsample)
LAYERS["Interleave"] = lambda draw: factors(draw, draw.choice((1, 2)), spec.Interleave)


def alone(kind: str, seed: int) -> Net:
    """A net of one layer whose windows fit."""
    draw = random.Random(f"{kind} {seed}")
    while True:
        try:
            layer, source = LAYERS[kind](draw)
            return Net("alone", source, (Node("it", layer, ("input",)),))
        except BadInput as error:
            assert "does not fit" in str(error) or "a tensor has shape" in str(error), error


def of_branches(kind: str, seed: int) -> Net:
    """Operands of an element-by-element layer: one input as it is, one behind a table, one constant."""
    draw = random.Random(f"{kind} {seed}")
    source = given(draw, draw.choice((0, 1, 2)), 2 if kind == "ComplexMul" else 1)
    other = source.format if kind in ("BitwiseOr", "BitwiseXor", "Concat") else fmt(draw)
    table = spec.Table(codes(1 << source.format.bits, other, seed), other)
    shape = (draw.randint(1, 3), *source.shape[1:]) if kind == "Concat" else source.shape
    nodes = [Node("table", table, ("input",)), Node("still", spec.Constant(codes(shape, other, seed + 1), other), ())]
    names = ["input", "table", "still"]
    draw.shuffle(names)
    names = names[:2] if kind in ("Mul", "ComplexMul") else names
    output = [] if kind in ("BitwiseOr", "BitwiseXor", "Concat") else [fmt(draw, 2)]
    nodes.append(Node("it", getattr(spec, kind)(*output), tuple(names)))
    return Net("branches", source, tuple(node for node in nodes if node.name in (*names, "it")))


def judged(net: Net, given: dict[str, np.ndarray]) -> None:
    """The reference, its ranges and the files of a net, against both evaluators."""
    with tempfile.TemporaryDirectory() as folder:
        spec.save(net, folder)
        judge, again, other = BigNet(folder), spec.load(folder), stranger.load(folder)
        assert judge.hash == content_hash(net) == content_hash(again)
        for name, data in spec.store.contents(again).items():
            assert (Path(folder) / name).read_bytes() == (data if isinstance(data, bytes) else data.encode())
    found, bounds = ref.taps(net, given), ranges(net)
    results = ref.outputs(net, given)
    assert list(results) == list(net.outputs)
    assert all(np.array_equal(results[name], found[name]) for name in results)
    rows = {name: [tuple(sample.ravel().tolist()) for sample in array] for name, array in given.items()}
    for name, samples in stranger.outputs(other, rows).items():
        assert samples == [tuple(sample.ravel().tolist()) for sample in results[name]]
    for n in range(len(next(iter(given.values())))):
        expected = judge.feed({name: array[n].ravel().tolist() for name, array in given.items()})
        for node in net.nodes:
            tensor, bound = found[node.name][n], bounds[node.name]
            assert tensor.shape == net.types[node.name].shape
            assert tensor.ravel().tolist() == expected[node.name], node
            for interval, channel in zip(bound.output, tensor, strict=True):
                assert interval.lo <= channel.min() and channel.max() <= interval.hi, node
            sums = judge.sums.get(node.name, [])
            assert bool(sums) == bool(bound.acc)
            for k, (start, terms) in enumerate(sums):
                interval = bound.acc[k * len(bound.acc) // len(sums)]
                assert start + sum(t for t in terms if t < 0) in interval
                assert start + sum(t for t in terms if t > 0) in interval


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_alone(kind, seed):
    net = alone(kind, seed)
    judged(net, {"input": codes((4, *net.input.shape), net.input.format, seed)})


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "ComplexMul", "BitwiseOr", "BitwiseXor", "Concat"])
def test_branches_that_meet(kind, seed):
    net = of_branches(kind, seed)
    judged(net, {"input": codes((4, *net.input.shape), net.input.format, seed)})


def test_every_layer_is_drawn():
    drawn = {*LAYERS, "Add", "Sub", "Mul", "ComplexMul", "BitwiseOr", "BitwiseXor", "Concat", "Constant", "Table"}
    assert drawn == set(spec.LAYERS) - {"Dense", "MemoryTaps", "ComplexFIR"}  # of vectors; test_ref.py draws them


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("rank", [1, 2])
def test_weights_of_torch_are_taken_over(rank, seed):
    """`transposed_kernel`, and all parameters by their names: the accumulator is PyTorch's sum."""
    torch = pytest.importorskip("torch")
    net = alone(f"ConvTranspose{rank}d", seed)
    layer = net.nodes[0].layer
    x, wide = codes((3, *net.input.shape), net.input.format, seed), Format(63, layer.acc_frac(net.input.format))
    exact = type(layer)(
        layer.weight, layer.bias, layer.weight_format, wide,
        stride=layer.stride, padding=layer.padding, output_padding=layer.output_padding, dilation=layer.dilation,
        groups=layer.groups,
    )  # fmt: skip
    weight = spec.transposed_kernel(layer.weight, layer.groups)
    assert np.array_equal(spec.transposed_kernel(weight, layer.groups), layer.weight)
    theirs = getattr(torch.nn.functional, f"conv_transpose{rank}d")(
        *(torch.from_numpy(array.astype(float)) for array in (x, weight, layer.bias)),
        layer.stride, layer.padding, layer.output_padding, layer.groups, layer.dilation,
    )  # fmt: skip
    found = ref.run(Net("exact", net.input, (Node("it", exact, ("input",)),)), x)
    assert np.array_equal(found, theirs.numpy())


def every_input(*types: TensorType) -> list[np.ndarray]:
    """All samples of some inputs together."""
    spans = [range(t.format.lo, t.format.hi + 1) for t in types for _ in range(t.elements)]
    rows = np.array(list(itertools.product(*spans)))
    ends = np.cumsum([0, *(t.elements for t in types)])
    return [rows[:, a:b].reshape(-1, *t.shape) for t, a, b in zip(types, ends, ends[1:], strict=False)]


def reached(net: Net, name: str, codes: np.ndarray) -> list[Interval]:
    """What each channel of a tensor reaches."""
    channels = np.moveaxis(codes, 1, 0).reshape(codes.shape[1], -1)
    return [Interval(int(channel.min()), int(channel.max())) for channel in channels]


@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        ((1, 2, 2), (spec.Conv2d, [[[[3, -4], [1, 2]]], [[[0, 1], [-1, -1]]]], [5, -9], 1)),
        ((1, 4), (spec.ConvTranspose1d, [[[3, -4, 2, 1, 1]], [[1, 1, 1, 1, -1]]], [5, -9], 2)),
        ((2, 1, 2), (spec.ConvTranspose2d, [[[[3, -4]], [[2, 1]]]], [5], (1, 3))),
        ((1, 2), (spec.ConvTranspose1d, [[[3, 3, 3]]], [700], 5)),
    ],
)
def test_ranges_of_convolutions_are_reached(shape, arguments):
    """Exhaustive: the sum with its bias alone, where a window meets nothing, included."""
    (kind, weight, bias, first), source = arguments, TensorType(shape, Q("Q2.0"))
    wide, rough = (kind(weight, bias, "Q3.0", output, "linear", first) for output in ("Q30.0", "Q4.-1"))
    net = Net("every", source, (Node("it", wide, ("input",)),))
    (x,) = every_input(source)
    found = reached(net, "it", ref.run(net, x))
    assert list(ranges(net)["it"].acc) == found == list(ranges(net)["it"].output)
    narrow = Net("every", source, (Node("it", rough, ("input",)),))
    assert list(ranges(narrow)["it"].output) == reached(narrow, "it", ref.run(narrow, x))


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "ComplexMul"])
@pytest.mark.parametrize("output", ["Q20.4", "Q2.1"])
def test_ranges_of_operations_are_reached(kind, output):
    types = {"a": TensorType((2,), Q("Q2.1")), "b": TensorType((2,), Q("Q0.2"))}
    net = Net("every", types, (Node("it", getattr(spec, kind)(output), ("a", "b")),))
    found = ref.run(net, dict(zip("ab", every_input(*types.values()), strict=True)))
    assert list(ranges(net)["it"].output) == reached(net, "it", found)


@pytest.mark.parametrize("kind", ["BitwiseOr", "BitwiseXor"])
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_ranges_of_bits_hold_all_words(kind, activation):
    """Words that are never negative give none that is, and none with a bit more."""
    source = TensorType((2,), Q("Q3.0"))
    nodes = (
        Node("half", spec.Dense([[1, 0], [0, 1]], [0, 0], "Q2.0", "Q7.-2", activation), ("input",)),
        Node("it", getattr(spec, kind)(), ("half", "half")),
        Node("flipped", spec.Reshape((1, 2)), ("half",)),
    )
    net = Net("bits", source, nodes, outputs=("it", "flipped"))
    (x,) = every_input(source)
    found, bound = ref.outputs(net, x)["it"], ranges(net)["it"].output[0]
    assert all(bound.lo <= word <= bound.hi for word in found.ravel().tolist())
    assert bound == (Interval(0, 1) if activation == "relu" else Interval(-2, 1))


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (spec.Reshape((2, 3)), [(-5, 7), (-5, 101)]),
        (spec.Reshape((6, 1)), [(1, 2), (1, 2), (-5, 7), (-5, 7), (100, 101), (100, 101)]),
        (spec.Reshape((1, 6)), [(-5, 101)]),
        (spec.Flatten(), [(1, 2), (1, 2), (-5, 7), (-5, 7), (100, 101), (100, 101)]),
        (spec.Interleave((3,)), [(-5, 101)]),
        (spec.Upsample((2,)), [(1, 2), (-5, 7), (100, 101)]),
        (spec.AvgPool1d(2, 1), [(1, 2), (-5, 7), (100, 101)]),
    ],
)
def test_ranges_move_with_their_channels(layer, expected):
    """Three channels of different values: a new one holds those of all that it is made of, and no others."""
    values = spec.Constant([[1, 2], [-5, 7], [100, 101]], "Q8.0")
    nodes = [Node("still", values, ()), Node("it", layer, "still"), Node("flat", spec.Flatten(), "input")]
    net = Net("moved", TensorType((1, 1), "Q8.0"), nodes, outputs=("it", "flat"))
    assert ranges(net)["it"].output == tuple(Interval(*ends) for ends in expected)


def test_what_is_needed_no_more_is_forgotten():
    """A chain of twelve layers takes no more memory than a few of its tensors, however long it is."""
    nodes = [Node(f"n{k}", spec.Upsample((1, 1)), (f"n{k - 1}" if k else "input",)) for k in range(12)]
    net = Net("deep", TensorType((64, 64, 32), Q("Q1.7")), tuple(nodes))
    x = codes((1, *net.input.shape), net.input.format, 0)
    tensor = 8 * net.input.elements
    peaks = {}
    for run in (ref.outputs, ref.taps):
        tracemalloc.start()
        found = run(net, x)
        peaks[run.__name__] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert np.array_equal(found["n11"], x)
    assert peaks["outputs"] < 5 * tensor < 12 * tensor < peaks["taps"], peaks
