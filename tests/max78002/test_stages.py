"""Nets as stages: what is fused, what gets a stage of its own, what is copied, and what is refused."""

import numpy as np
import pytest
from nets_for_chips import RECIPES, case

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import (
    Add,
    AvgPool2d,
    BitwiseXor,
    Concat,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Flatten,
    MaxPool1d,
    MaxPool2d,
    Mul,
    Net,
    Node,
    Reshape,
    Sub,
    TensorType,
)
from bittrue.spec.stages import DATA, stage_net
from bittrue.targets.max78002.devices import MAX78000, MAX78002
from bittrue.targets.max78002.joins import spots
from bittrue.targets.max78002.stages import stages_and_outputs, stages_of


def conv(outputs, inputs, side=3, pad=1, bias=0, kind=Conv2d, **more):
    weight = np.random.default_rng(outputs + side).integers(-128, 128, (outputs, inputs, side, side))
    where = {"padding": pad} | more
    return kind(weight, np.full(outputs, bias), Format(8, 12), DATA, **where)


def image(*nodes, shape=(4, 6, 8), outputs=()):
    """A net of nodes ``(name, layer, *inputs)``."""
    made = tuple(Node(name, layer, inputs) for name, layer, *inputs in nodes for inputs in [tuple(inputs)])
    return Net("net", TensorType(shape, DATA), made, outputs=outputs)


def kinds(net, device=MAX78002):
    """Name, operation, join, and whether pooling is there, of every stage; they compute the same as the net."""
    stages, outputs = stages_and_outputs(net, device)
    codes = np.random.default_rng(3).integers(-128, 128, (3, *net.input.shape))
    again = ref.outputs(stage_net("again", net.input.shape, stages, outputs), codes)
    for one, other in zip(again.values(), ref.outputs(net, codes).values(), strict=True):
        assert np.array_equal(one.reshape(3, -1), other.reshape(3, -1))
    return [(one.name, one.operation, one.join, one.pool is not None) for one in stages]


@pytest.mark.parametrize("name", RECIPES)
def test_stages_compute_the_same(name):
    net, device, _ = case(name)
    kinds(net, device)


def test_pooling_is_fused_with_the_convolution_behind_it():
    net = image(("pool", MaxPool2d((2, 2), (2, 2)), "input"), ("conv", conv(8, 4), "pool"))
    assert kinds(net) == [("conv", "conv2d", None, True)]
    net = image(
        ("pool", MaxPool2d((2, 2), (2, 2)), "input"),
        ("flat", Flatten(), "pool"),
        ("fc", Dense(np.ones((2, 48), int), np.zeros(2, int), Format(8, 12), DATA), "flat"),
    )
    assert kinds(net) == [("pool", "none", None, True), ("fc", "linear", None, False)]
    up = conv(8, 4, kind=ConvTranspose2d, pad=1, stride=2, output_padding=1)
    net = image(("pool", MaxPool2d((2, 2), (2, 2)), "input"), ("up", up, "pool"))
    assert kinds(net) == [("pool", "none", None, True), ("up", "convtranspose2d", None, False)]


def test_what_two_layers_take_is_computed_once():
    net = image(
        ("pool", AvgPool2d((2, 2), (2, 2)), "input"),
        ("a", conv(4, 4), "pool"),
        ("b", conv(4, 4), "pool"),
        ("sum", Sub(DATA), "a", "b"),
        ("c", conv(4, 4), "sum"),
        ("d", conv(4, 4), "sum"),
        ("both", Concat(), "c", "d"),
        ("e", conv(4, 8), "both"),
        ("f", conv(4, 8, 1, 0), "both"),
        ("last", BitwiseXor(), "e", "f"),
    )
    assert [one[:3] for one in kinds(net)] == [
        ("pool", "none", None), ("a", "conv2d", None), ("b", "conv2d", None), ("sum", "none", "sub"),
        ("c", "conv2d", None), ("d", "conv2d", None), ("e", "conv2d", "concat"), ("f", "conv2d", "concat"),
        ("last", "none", "xor"),
    ]  # fmt: skip


def test_element_wise_operations_are_fused_with_what_the_chip_has():
    def net(*more, shape=(4, 6, 8)):
        channels = shape[0]
        return image(
            ("a", conv(channels, channels, 1, 0), "input"), ("b", conv(channels, channels), "input"), *more, shape=shape
        )

    added = ("sum", Add(DATA), "a", "b")
    half = MaxPool2d((2, 2), (2, 2))
    assert kinds(net(added, ("c", conv(3, 4), "sum")))[2:] == [("c", "conv2d", "add", False)]
    behind = net(added, ("pool", half, "sum"), ("c", conv(3, 4), "pool"))
    assert kinds(behind)[2:] == [("c", "conv2d", "add", True)] and not stages_of(behind, MAX78002)[-1].pool_first
    before = net(("p", half, "a"), ("q", half, "b"), ("sum", Add(DATA), "p", "q"), ("c", conv(3, 4), "sum"))
    assert kinds(before)[2:] == [("c", "conv2d", "add", True)] and stages_of(before, MAX78002)[-1].pool_first
    other = net(("p", half, "a"), ("q", AvgPool2d((2, 2), (2, 2)), "b"), ("sum", Add(DATA), "p", "q"))
    assert kinds(other)[2:] == [("p", "none", None, True), ("q", "none", None, True), ("sum", "none", "add", False)]
    deep = net(added, ("c", conv(4, 1, groups=4), "sum"))
    assert kinds(deep)[2:] == [("sum", "none", "add", False), ("c", "conv2d", None, False)]
    many = net(added, ("c", conv(3, 72), "sum"), shape=(72, 4, 4))
    assert kinds(many)[2:] == [("c", "conv2d", "add", False)]
    biased = net(added, ("c", conv(3, 72, bias=128), "sum"), shape=(72, 4, 4))
    assert kinds(biased)[2:] == [("sum", "none", "add", False), ("c", "conv2d", None, False)]
    assert kinds(many, MAX78000)[2:-1] == kinds(biased, MAX78000)[2:-1] == [("sum", "none", "add", False)]
    frame = Reshape((4, 48)), Conv1d(np.ones((2, 4, 3), int), np.zeros(2, int), Format(8, 12), DATA)
    assert kinds(net(added, ("frame", frame[0], "sum"), ("c", frame[1], "frame")))[2:] == [
        ("sum", "none", "add", False), ("c", "conv1d", None, False),
    ]  # fmt: skip


def test_results_of_several_layers_lie_where_they_are_needed():
    """A tensor in two joins, or read over gaps where the chip cannot, is copied."""
    nodes = [("a", conv(8, 4), "input"), ("b", conv(8, 8), "a"), ("sum", Add(DATA), "a", "b"), ("c", conv(8, 8), "sum")]
    assert [one[0] for one in kinds(image(*nodes))] == ["a", "b", "c"]
    assert [one[0] for one in kinds(image(*nodes), MAX78000)] == ["a", "b", "a_copy", "c"]
    again = [*nodes[:3], ("more", Sub(DATA), "a", "sum")]
    assert [one[0] for one in kinds(image(*again))] == ["a", "b", "sum", "a_copy", "more"]
    twice = [("a", conv(8, 4), "input"), ("sum", Add(DATA), "a", "a")]
    assert [one[0] for one in kinds(image(*twice))] == ["a", "a_copy", "sum"]
    given = [("b", conv(4, 4), "input"), ("sum", Add(DATA), "input", "b")]
    assert [one[0] for one in kinds(image(*given))] == ["b", "input_copy", "sum"]
    flat = [
        *nodes[:3],
        ("flat", Flatten(), "a"),
        ("fc", Dense(np.ones((2, 384), int), np.zeros(2, int), Format(8, 12), DATA), "flat"),
    ]
    assert [one[0] for one in kinds(image(*flat, outputs=("sum", "fc")))] == ["a", "b", "a_copy", "sum", "fc"]
    wide = [("a", conv(72, 4), "input"), ("b", conv(72, 72), "a"), ("sum", Add(DATA), "a", "b")]
    assert [one[0] for one in kinds(image(*wide))] == ["a", "b", "a_copy", "sum"]


def test_where_joined_tensors_lie():
    def found(join, *channels):
        stage = stages_of(case("elements")[0], MAX78002)[3]
        joined = stage.__class__("s", "none", join=join, sources=tuple(map(str, range(len(channels)))))
        return [(one.processor, one.word, one.gap) for one in spots(joined, channels)]

    assert found("add", 72, 72, 72) == [(0, 0, 2), (0, 1, 2), (0, 2, 2)]
    assert found("concat", 12, 8, 5) == [(0, 0, 0), (12, 0, 0), (20, 0, 0)]
    assert found("concat", 64, 64) == [(0, 0, 1), (0, 1, 1)]
    assert found("concat", 32, 32, 32, 32) == [(0, 0, 1), (32, 0, 1), (0, 1, 1), (32, 1, 1)]
    assert found("concat", 48, 24, 24) == [(0, 0, 1), (0, 1, 1), (24, 1, 1)]
    for wrong in ((5, 8), (40, 40, 40), (128, 128), (48, 40, 32)):
        with pytest.raises(BadInput, match="must begin at a multiple of 4 and lie within a pass"):
            found("concat", *wrong)


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ([("a", Mul(DATA), "input", "input")], "node a is a Mul, which a MAX78002 lacks"),
        ([("a", Add(Format(16, 7)), "input", "input")], "node a puts out 4x6x8 Q9.7; the chip combines elements as"),
        ([("a", Reshape((8, 24)), "input"), ("b", MaxPool1d(2, 2), "a")], "node a needs its data in another order"),
        (
            [("a", Flatten(), "input"), ("b", Reshape((192, 1, 1)), "a"), ("c", conv(2, 192, 1, 0), "b")],
            "node b needs its data in another order",
        ),
        ([("a", Flatten(), "input")], "puts out its input"),
        ([("a", conv(2, 4, bias=1), "input")], "biases that are no multiples of 128"),
    ],
)
def test_what_no_chip_has(nodes, sentence):
    with pytest.raises(BadInput, match=sentence):
        stages_of(image(*nodes), MAX78002)
