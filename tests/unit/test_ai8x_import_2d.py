"""Networks of images and with branches, imported and run, judged by loops over the description itself."""

from __future__ import annotations

import numpy as np
import pytest
from ai8x_evaluator import evaluate
from ai8x_files import CONV, imported, layer_state

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.spec import Conv1d, Conv2d, Dense
from bittrue.targets.max78002.devices import MAX78000, MAX78002

IMAGE = {"operation": "conv2d", "kernel_size": "3x3", "pad": 1, "activate": "None", "processors": 1}
DOT = IMAGE | {"kernel_size": "1x1", "pad": 0}
UP = {"operation": "convtranspose2d", "pad": 1, "activate": "ReLU"}
PASS = {"operation": "passthrough"}
WIDE = {"operation": "mlp", "flatten": True, "output_width": 32}


def states(*shapes, bits=8, shift=-3, transposed=()):
    """A quantised checkpoint of layers ``l0``, ``l1``, ..."""
    found = {}
    for index, shape in enumerate(shapes):
        found |= layer_state(f"l{index}", shape, bits, shift, index)
        if index in transposed:
            outputs = shape[1] * transposed[index]
            found[f"l{index}.op.bias"] = np.random.default_rng(index).integers(-128, 128, outputs) << 7
    return found


def judged(folder, layers, state, shape, device=MAX78002):
    """Import, run full-range data, and compare every layer with the judge; the import."""
    done = imported(folder, layers, state, device, shape[1:])
    assert done.net.input.shape == shape
    rng = np.random.default_rng(7)
    frames = [rng.integers(-128, 128, shape), np.full(shape, -128), np.full(shape, 127)]
    taps = ref.taps(done.net, np.array(frames))
    for index, frame in enumerate(frames):
        for stage, rows in zip(done.stages, evaluate(layers, state, frame), strict=True):
            assert np.array_equal(taps[stage.name][index].ravel(), rows.ravel()), stage.name
    return done


@pytest.mark.parametrize("pad", [0, 1, 2])
def test_kernels_and_paddings(tmp_path, pad):
    layers = [IMAGE | {"pad": pad}, DOT | {"activate": "Abs"}, IMAGE | {"pad": 2 - pad, "output_width": 32}]
    judged(tmp_path, layers, states((4, 2, 3, 3), (3, 4, 1, 1), (2, 3, 3, 3)), (2, 5, 4))


@pytest.mark.parametrize("bits", [4, 2, 1])
def test_weights_of_few_bits(tmp_path, bits):
    judged(tmp_path, [IMAGE, WIDE], states((4, 2, 3, 3), (3, 48), bits=bits), (2, 4, 3))


def test_signs_and_filters_for_every_channel(tmp_path):
    state = states((4, 1, 3, 3)) | layer_state("signs", (3, 4, 3, 3), 1, -1, binary=True)
    done = judged(tmp_path, [IMAGE | {"groups": 4}, IMAGE], state, (4, 4, 3))
    assert done.stages[1].bits == -1
    with pytest.raises(BadInput, match="layer l0: a MAX78000 has no groups"):
        imported(tmp_path, [IMAGE | {"groups": 4}], states((4, 1, 3, 3)), MAX78000, (4, 3))


POOLS = [
    {"max_pool": 2, "pool_stride": 2},
    {"avg_pool": 3},
    {"avg_pool": [2, 3], "pool_stride": 2},
    {"max_pool": [1, 2], "pool_stride": 3},
    {"pool_stride": 2},
    {"avg_pool": 2, "pool_dilation": 3},
    {"max_pool": 2, "pool_dilation": [2, 1], "pool_stride": 2},
]


@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_pools_of_images(tmp_path, pool):
    judged(tmp_path, [IMAGE | pool, PASS | pool], states((3, 2, 3, 3)), (2, 19, 15))


def test_data_of_one_column_are_pooled_along_rows_only(tmp_path):
    layers = [IMAGE, PASS | {"max_pool": 2, "pool_stride": 2}, CONV | {"avg_pool": 2}]
    done = judged(tmp_path, layers, states((3, 2, 3, 3), (2, 3, 3)), (2, 9, 1))
    assert done.net.types["layer1"].shape == (3, 4, 1) and isinstance(done.net.nodes[-1].layer, Conv1d)


@pytest.mark.parametrize("pad", [0, 1, 2])
def test_transposed_convolutions(tmp_path, pad):
    layers = [UP | {"pad": pad, "output_pad": 1, "stride": 2}, UP | {"max_pool": 2}]
    state = states((2, 3, 3, 3), (3, 4, 3, 3), transposed={0: 1, 1: 1})
    judged(tmp_path, layers, state, (2, 3, 4))


def test_a_transposed_filter_for_every_channel(tmp_path):
    state = states((4, 1, 3, 3), transposed={0: 4})
    judged(tmp_path, [UP | {"groups": 4}], state, (4, 3, 2))


@pytest.mark.parametrize("join", ["add", "sub", "xor", "or"])
def test_three_operands_are_clipped_once(tmp_path, join):
    layers = [IMAGE, IMAGE, {"operation": join, "operands": 3, "in_sequences": [-1, 1, 0]}, DOT]
    judged(tmp_path, layers, states((2, 2, 3, 3), (2, 2, 3, 3), (3, 2, 1, 1)), (2, 4, 5))


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("convolution", [True, False])
def test_pooling_before_and_behind_an_element_wise_operation(tmp_path, kind, first, convolution):
    layer = {"in_sequences": [0, -1], "pool_first": first, kind: 2, "pool_stride": 2}
    layer |= IMAGE | {"eltwise": "sub"} if convolution else {"operation": "sub"}
    shapes = [(2, 2, 3, 3)] + [(3, 2, 3, 3)] * convolution
    judged(tmp_path, [IMAGE, layer], states(*shapes), (2, 5, 4))


def test_channels_are_joined(tmp_path):
    layers = [DOT, IMAGE | {"in_sequences": "input", "name": "side"}, IMAGE | {"in_sequences": ["side", 0, -1]}]
    judged(tmp_path, [layers[0], layers[1] | {"in_sequences": -1}, layers[2] | {"in_sequences": [1, 0, -1]}],
           states((3, 2, 1, 1), (2, 2, 3, 3), (2, 7, 3, 3)), (2, 4, 3))  # fmt: skip
    done = imported(tmp_path, layers, states((3, 2, 1, 1), (2, 2, 3, 3), (2, 7, 3, 3)), size=(4, 3))
    assert done.stages[2].sources == ("l1", "l0", "input")


def test_frames_are_read_as_images_and_images_as_frames(tmp_path):
    layers = [CONV, IMAGE | {"in_dim": [4, 3]}, CONV | {"in_dim": 12}, WIDE | {"in_dim": [3, 4]}]
    state = states((3, 2, 3), (2, 3, 3, 3), (2, 2, 3), (5, 24))
    done = judged(tmp_path, layers, state, (2, 12))
    assert [type(node.layer).__name__ for node in done.net.nodes if "reshape" in node.name] == ["Reshape"] * 3
    assert imported(tmp_path, layers, state).net.input.shape == (2, 12)  # in_dim of a later layer says it


def test_channels_become_pixels_where_the_description_says_so(tmp_path):
    layers = [WIDE | {"output_width": 8}, UP | {"in_dim": [2, 3], "in_channels": 2}]
    state = states((12, 6), (2, 3, 3, 3), transposed={1: 1})
    judged(tmp_path, layers, state, (1, 6))


def test_a_linear_layer_without_flattening_is_a_convolution(tmp_path):
    layers = [IMAGE, {"operation": "mlp", "avg_pool": 2}, WIDE]
    done = judged(tmp_path, layers, states((3, 2, 3, 3), (4, 3), (2, 24)), (2, 4, 3))
    assert isinstance(done.net.nodes[2].layer, Conv2d)
    frames = [CONV, {"operation": "mlp", "activate": "ReLU"}]
    judged(tmp_path, frames, states((3, 2, 3), (4, 3)), (2, 5))


def test_a_convolution_with_a_kernel_of_1_may_have_the_weights_of_a_matrix_and_flatten(tmp_path):
    layers = [DOT, DOT | {"flatten": True}]
    done = judged(tmp_path, layers, states((3, 2), (4, 18, 1, 1)), (2, 3, 2))
    assert isinstance(done.net.nodes[-1].layer, Dense)


def test_weights_are_used_again_with_their_shift(tmp_path):
    layers = [IMAGE | {"output_shift": 1, "name": "one"}, IMAGE | {"weight_source": "One", "output_shift": -4}]
    state = states((2, 2, 3, 3))
    judged(tmp_path, [layers[0], layers[1] | {"weight_source": 0}], state, (2, 4, 4))
    assert [stage.shift for stage in imported(tmp_path, layers, state, size=(4, 4)).stages] == [1, 1]


def test_layers_without_weights_may_name_a_source_of_weights(tmp_path):
    """Published detectors write it at every layer of a part that is used again."""
    layers = [IMAGE | {"name": "one"}, {"operation": "add", "in_sequences": [0, -1], "name": "Sum"}]
    layers += [IMAGE | {"weight_source": "one"}, {"operation": "add", "in_sequences": [2, 1], "weight_source": "sum"}]
    state = states((2, 2, 3, 3))
    plain = [{key: value for key, value in layer.items() if key not in ("name", "weight_source")} for layer in layers]
    plain[2]["weight_source"] = 0
    assert judged(tmp_path, plain, state, (2, 3, 4)).net.outputs == ("layer3",)
    assert [stage.name for stage in imported(tmp_path, layers, state).stages] == ["l0", "sum", "layer2", "layer3"]
    with pytest.raises(BadInput, match="weight_source 1 is no earlier layer with weights"):
        imported(tmp_path, [*layers[:2], IMAGE | {"weight_source": "sum"}], state)


def test_several_results_come_out(tmp_path):
    layers = [IMAGE | {"output": True}, DOT | {"output_width": 32, "output": True}, IMAGE | {"in_sequences": 0}]
    done = judged(tmp_path, layers, states((2, 2, 3, 3), (3, 2, 1, 1), (2, 2, 3, 3)), (2, 4, 3))
    assert done.net.outputs == ("l0", "l1", "l2") and not done.remarks
    done = imported(
        tmp_path, [layers[0], DOT, layers[2]], states((2, 2, 3, 3), (3, 2, 1, 1), (2, 2, 3, 3)), size=(4, 3)
    )
    assert done.net.outputs == ("l0", "l1", "l2")
    assert done.remarks == ("layer l1 is a result too, as nothing takes it",)
    with pytest.raises(BadInput, match="layer l2 follows a wide layer; only results of the net may be 32 bits wide"):
        imported(tmp_path, [*layers[:2], IMAGE], states((2, 2, 3, 3), (3, 2, 1, 1), (2, 3, 3, 3)), size=(4, 3))


def test_layers_are_executed_in_the_order_of_their_links(tmp_path):
    layers = [IMAGE | {"next_sequence": 2}, DOT | {"next_sequence": "stop"}, IMAGE | {"next_sequence": 1}]
    state = states((2, 2, 3, 3), (3, 2, 1, 1), (2, 2, 3, 3))
    done = imported(tmp_path, layers, state, size=(4, 3))
    assert [stage.name for stage in done.stages] == ["l0", "l2", "l1"]
    with pytest.raises(BadInput, match="MAX78000 executes layers one after the other; omit next_sequence"):
        imported(tmp_path, layers, state, MAX78000, (4, 3))
    back = [IMAGE, IMAGE | {"next_sequence": 0}]
    with pytest.raises(BadInput, match="layer 1: next_sequence goes back to layer 0; go on, or stop"):
        imported(tmp_path, back, state)
    with pytest.raises(BadInput, match="layer 0: in_sequences names layer 1, which is not executed before"):
        imported(tmp_path, [IMAGE | {"in_sequences": 1}, IMAGE], state)


def test_gaps_and_streaming_do_not_change_values(tmp_path):
    placed = {"streaming": True, "write_gap": 1, "read_gap": 2, "in_offset": 4, "data_format": "CHW"}
    state = states((2, 2, 3, 3))
    plain, moved = (imported(tmp_path, [IMAGE | keys], state, size=(4, 3)).net for keys in ({}, placed))
    x = np.random.default_rng(0).integers(-128, 128, (5, 2, 4, 3))
    assert np.array_equal(ref.run(plain, x), ref.run(moved, x))


class TestSize:
    pooling = IMAGE | {"max_pool": 2, "pool_stride": 2}
    mnist = states((8, 1, 3, 3), (8, 8, 3, 3), (8, 8, 3, 3), (10, 128))

    def test_of_several_squares_pooling_drops_nothing_of_the_one_that_is_taken(self, tmp_path):
        last = IMAGE | {"max_pool": 4, "pool_stride": 4}
        done = imported(tmp_path, [IMAGE, self.pooling | {"pad": 2}, last, WIDE], self.mnist)
        assert done.net.input.shape == (1, 28, 28)
        assert done.remarks == ("images of 28x28 to 35x35 fit; 28x28 was taken, and --size chooses",)

    def test_without_linear_layers_any_fits(self, tmp_path):
        done = imported(tmp_path, [self.pooling], states((4, 2, 3, 3)))
        assert done.net.input.shape == (2, 64, 64)
        assert done.remarks == ("images of any size fit; 64x64 were taken, and --size chooses",)

    def test_where_the_usual_size_is_too_small_the_smallest_is_taken(self, tmp_path):
        layers = [self.pooling] * 4 + [PASS | {"avg_pool": [5, 3]}]
        done = imported(tmp_path, layers, states((4, 2, 3, 3), *[(4, 4, 3, 3)] * 3))
        assert done.net.input.shape == (2, 80, 80)
        assert done.remarks == ("images of 80x80 to 2048x2048 fit; 80x80 was taken, and --size chooses",)

    def test_one_number_is_a_square_and_in_dim_counts(self, tmp_path):
        state = states((4, 2, 3, 3))
        assert imported(tmp_path, [IMAGE], state, size=7).net.input.shape == (2, 7, 7)
        assert imported(tmp_path, [IMAGE | {"in_dim": [5, 3]}], state).net.input.shape == (2, 5, 3)
        assert imported(tmp_path, [IMAGE | {"in_dim": 5}], state).net.input.shape == (2, 5, 1)

    def test_no_square_fits(self, tmp_path):
        state = states((4, 2, 3, 3), (3, 4 * 12))
        with pytest.raises(
            BadInput, match=r"no square input image up to 2048 fits .* give rows and columns with --size"
        ):
            imported(tmp_path, [IMAGE, WIDE], state)
        assert imported(tmp_path, [IMAGE, WIDE], state, size=(4, 3)).net.input.shape == (2, 4, 3)
        with pytest.raises(
            BadInput, match=r"images of 4x4 do not fit .* layer l1: it weighs 48 inputs and is fed 4 channels of 16"
        ):
            imported(tmp_path, [IMAGE, WIDE], state, size=(4, 4))

    def test_branches_that_only_meet_for_some_sizes(self, tmp_path):
        layers = [self.pooling, UP, DOT | {"in_sequences": [1, -1]}]
        state = states((4, 2, 3, 3), (4, 2, 3, 3), (3, 4, 1, 1), transposed={1: 1})
        assert imported(tmp_path, layers, state, size=(6, 4)).net.output.shape == (3, 6, 4)
        with pytest.raises(BadInput, match=r"images of 5x4 do not fit .* some images of 2x2 to 2048x2048 fit"):
            imported(tmp_path, layers, state, size=(5, 4))


A = states((2, 2, 3, 3), (3, 2, 3, 3))
TWO = [IMAGE, IMAGE]


@pytest.mark.parametrize(
    ("layers", "state", "sentence"),
    [
        ([IMAGE, IMAGE | {"in_sequences": [0, -1]}], A, "Conv2d weighs 2 channels .* but is fed 4 channels"),
        (
            [*TWO, {"operation": "add", "in_sequences": [0, 1]}],
            A,
            "layer layer2: in_sequences names data of 2x40x39 and 3x40x39",
        ),
        ([IMAGE, IMAGE | {"in_dim": [5, 3]}], A, "layer l1: in_dim says 5x3, but the net has 40x39 there"),
        ([IMAGE | {"kernel_size": "1x1", "pad": 0}, IMAGE], A, r"conv2d with kernel_size 1x1, but l0.op.weight has"),
        ([CONV, IMAGE], A, r"conv1d with kernel_size 3, but l0.op.weight has shape \(2, 2, 3, 3\)"),
        ([IMAGE | {"pad": 3}, IMAGE], A, "padding 3 is outside 0..2 for a kernel of 3x3"),
        ([IMAGE | {"stride": 2}, IMAGE], A, "a stride of 2 does not exist"),
        ([IMAGE | {"dilation": 2, "pad": 2}, IMAGE], A, "a conv2d has no dilation; use 1"),
        ([IMAGE | {"max_pool": 17}, IMAGE], A, "a pooling window of 17 is outside 1..16"),
        ([IMAGE | {"max_pool": 2, "pool_stride": [1, 2]}, IMAGE], A, "stride of 1 rows and 2 columns does not exist"),
        ([IMAGE | {"max_pool": 2, "pool_dilation": 17}, IMAGE], A, "dilation of 17 is outside 1..16 on a MAX78002"),
        ([UP | {"stride": 1}, IMAGE], A, "stride 1: a convtranspose2d has 2"),
        ([UP | {"output_pad": 0}, IMAGE], A, "output_pad 0: a convtranspose2d has 1"),
        ([IMAGE | {"groups": 2}, IMAGE], A, "2 groups for 4 inputs and 2 outputs"),
        ([IMAGE | {"in_channels": 3}, IMAGE], A, "in_channels says 3, but the net has 2"),
        ([IMAGE, IMAGE], A | {"l0.op.bias": np.zeros(4)}, "l0.op.bias has shape|needs one number an output"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, layers, state, sentence):
    with pytest.raises(BadInput, match=sentence):
        imported(tmp_path, layers, state, size=(40, 39))
