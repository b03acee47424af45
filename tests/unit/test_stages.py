"""Stages of one and two axes, and what they make of several sources: the nodes, and the integers of plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.spec import Abs, ReLU
from bittrue.spec.stages import Pool, Stage, node_name, stage_net, stage_types

SAMPLES = 5


def weights(*shape, seed=0):
    return np.random.default_rng(seed).integers(-128, 128, shape)


def data(*shape, seed=1):
    return np.random.default_rng(seed).integers(-128, 128, (SAMPLES, *shape))


def names(net):
    return [(node.name, type(node.layer).__name__, node.inputs) for node in net.nodes]


def rounded(acc, shift):
    """``clamp(floor(acc * 2**shift / 128 + 1/2))``."""
    return np.clip(np.floor(acc * 2.0**shift / 128 + 0.5), -128, 127).astype(np.int64)


def test_a_row_of_one_axis_has_the_nodes_it_always_had():
    stages = [
        Stage("a", "conv1d", weights(2, 3, 3), padding=1, pool=Pool("max", 2, 2)),
        Stage("p", "none", pool=Pool("avg", 2, 1)),
        Stage("q", "none"),
        Stage("f", "linear", weights(4, 2 * 4), wide=True),
    ]
    assert names(stage_net("n", (3, 10), stages)) == [
        ("a_pool", "MaxPool1d", ("input",)),
        ("a", "Conv1d", ("a_pool",)),
        ("p", "AvgPool1d", ("a",)),
        ("q", "MaxPool1d", ("p",)),
        ("f_flatten", "Flatten", ("q",)),
        ("f", "Dense", ("f_flatten",)),
    ]


def test_an_image_is_pooled_summed_shifted_clamped_and_activated():
    weight, bias = weights(4, 2, 3, 3), weights(4)
    stage = Stage("a", "conv2d", weight, bias, output_shift=-3, padding=1, pool=Pool("avg", (2, 1), (1, 2)))
    x = data(2, 5, 6)
    net = stage_net("n", x.shape[1:], [stage])
    pooled = np.fix((x[:, :, :-1, ::2] + x[:, :, 1:, ::2]) / 2).astype(np.int64)
    padded = np.pad(pooled, ((0, 0), (0, 0), (1, 1), (1, 1)))
    acc = np.zeros((SAMPLES, 4, 4, 3), np.int64) + 128 * bias[:, None, None]
    for r in range(3):
        for c in range(3):
            acc += np.einsum("ochw,nchw->nohw", weight[:, :, r, c][..., None, None], padded[:, :, r : r + 4, c : c + 3])
    np.testing.assert_array_equal(ref.run(net, x), rounded(acc, -3))
    assert names(net) == [("a_pool", "AvgPool2d", ("input",)), ("a", "Conv2d", ("a_pool",))]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("join", ["add", "sub", "xor", "or"])
def test_sources_are_combined_in_full_precision_before_or_behind_the_pooling(join, first):
    identity = np.full((2, 1, 1, 1), 64)
    stages = [
        Stage("a", "conv2d", identity, groups=2, output_shift=1, activation=Abs()),
        Stage("b", "none", pool=Pool("max", 2, 2), sources=("input", "a", "input"), join=join, pool_first=first),
    ]
    x = data(2, 6, 4)
    net = stage_net("n", x.shape[1:], stages)
    tensors = [x, np.minimum(np.abs(x), 127), x]

    def pool(t):
        return t.reshape(SAMPLES, 2, 3, 2, 2, 2).max((3, 5))

    def combine(a, b, c):
        wide = {"add": a + b + c, "sub": a - b - c, "xor": a ^ b ^ c, "or": a | b | c}[join]
        return np.clip(wide, -128, 127)

    wanted = combine(*map(pool, tensors)) if first else pool(combine(*tensors))
    np.testing.assert_array_equal(ref.run(net, x), wanted)
    assert [node.name for node in net.nodes][1:] == (
        ["b_pool_0", "b_pool_1", "b_pool_2", "b"] if first else [f"b_{join}", "b"]
    )


def test_channels_are_joined_in_the_order_of_the_sources_and_several_results_come_out():
    stages = [
        Stage("a", "conv2d", weights(2, 3, 1, 1), activation=ReLU(), output_shift=-2),
        Stage("wide", "conv2d", weights(1, 2, 3, 3, seed=3), wide=True),
        Stage("b", "conv2d", weights(5, 5, 3, 3, seed=4), sources=("input", "a"), join="concat", output_shift=-5),
    ]
    x = data(3, 4, 5)
    net = stage_net("n", x.shape[1:], stages, ("wide", "b"))
    taps = ref.taps(net, x)
    np.testing.assert_array_equal(taps["b_concat"], np.concatenate([x, taps["a"]], 1))
    assert net.outputs == ("wide", "b") and net.types["wide"].format.bits == 32
    assert [str(given) for given, _ in stage_types(x.shape[1:], stages)] == ["3x4x5 Q1.7", "2x4x5 Q1.7", "5x4x5 Q1.7"]


def test_a_stage_may_have_the_name_that_a_node_before_another_would_have():
    stages = [
        Stage("a", "none", pool=Pool("max", 2, 1)),
        Stage("b", "linear", weights(2, 6)),
        Stage("b_flatten", "none"),
    ]
    net = stage_net("n", (2, 4), stages)
    assert [node.name for node in net.nodes] == ["a", "b_flatten_", "b", "b_flatten"]


def test_a_sum_of_operands_may_be_wide():
    net = stage_net("n", (2, 3), [Stage("s", "none", sources=("input",) * 3, join="add", wide=True)])
    x = data(2, 3)
    np.testing.assert_array_equal(ref.run(net, x), 3 * x)


def test_a_transposed_convolution_writes_every_weight_where_it_belongs():
    weight = weights(2, 1, 3, 3)
    stage = Stage("t", "convtranspose2d", weight, stride=2, padding=1, output_padding=1, wide=True)
    x = data(1, 3, 2)
    net = stage_net("n", x.shape[1:], [stage])
    wanted = np.zeros((SAMPLES, 2, 3 * 2 + 2, 2 * 2 + 2), np.int64)
    for i, j, a, b in np.ndindex(3, 2, 3, 3):  # the kernel of the correlation is turned round
        wanted[:, :, 2 * i + a, 2 * j + b] += x[:, :1, i, j] * weight[:, 0, 2 - a, 2 - b]
    np.testing.assert_array_equal(ref.run(net, x), wanted[:, :, 1:-1, 1:-1])


def test_data_are_read_as_another_shape():
    stages = [
        Stage("frame", "conv1d", weights(3, 2, 1), output_shift=-1),
        Stage("image", "conv2d", weights(4, 3, 3, 3), padding=1, shape=(4, 3), output_shift=-4),
        Stage("rows", "conv1d", weights(4, 2, 3), shape=(24,), output_shift=-4),
        Stage("pixels", "linear", weights(5, 4), output_shift=-2, flatten=False),
        Stage("vector", "linear", weights(6, 110), output_shift=-4),
        Stage("column", "conv2d", weights(2, 6, 1, 1), output_shift=-2),
    ]
    x = data(2, 12)
    net = stage_net("n", (2, 12), stages)
    taps = ref.taps(net, x)
    np.testing.assert_array_equal(taps["image_reshape"], taps["frame"].reshape(SAMPLES, 3, 4, 3))
    np.testing.assert_array_equal(taps["rows_reshape"], taps["image"].reshape(SAMPLES, 2, 24))
    pixels = np.einsum("oc,ncl->nol", stages[3].weight, taps["rows"])
    np.testing.assert_array_equal(taps["pixels"], rounded(pixels, -2))
    assert names(net)[5:8] == [
        ("pixels", "Conv1d", ("rows",)),
        ("vector_flatten", "Flatten", ("pixels",)),
        ("vector", "Dense", ("vector_flatten",)),
    ]
    np.testing.assert_array_equal(taps["column_reshape"], taps["vector"][..., None, None])


def test_names_fit_a_net_whatever_they_were():
    assert node_name("Conv1.0") == "conv1_0" and node_name("0" * 40) == "l" + "0" * 29 and node_name("") == "layer"


BAD = [
    ({"operation": "none", "sources": ("nothing",)}, "layer b takes .nothing., which is no earlier layer"),
    ({"operation": "none", "sources": ("a", "input")}, "name a join for two or more"),
    ({"operation": "none", "join": "add"}, "name a join for two or more"),
    ({"operation": "none", "sources": ("a", "input"), "join": "mul"}, "joins by .mul.; choose concat, add"),
    (
        {"operation": "none", "sources": ("a", "input"), "join": "add"},
        "layer b: Add takes two or more tensors of one shape",
    ),
    ({"operation": "none", "shape": (5, 5)}, "layer b: Reshape gives shape"),
    ({"operation": "conv2d"}, "layer b is conv2d without weights"),
]


@pytest.mark.parametrize(("keys", "sentence"), BAD)
def test_stages_that_do_not_fit_are_refused_in_a_sentence(keys, sentence):
    with pytest.raises(BadInput, match=sentence.replace("(", r"\(")):
        stage_net("n", (2, 4, 4), [Stage("a", "conv2d", weights(3, 2, 1, 1)), Stage("b", **keys)])


def test_nothing_takes_a_wide_result():
    stages = [Stage("a", "conv2d", weights(3, 2, 1, 1), wide=True), Stage("b", "none")]
    with pytest.raises(BadInput, match="layer b follows a wide layer; only results of the net may be 32 bits wide"):
        stage_net("n", (2, 4, 4), stages)
