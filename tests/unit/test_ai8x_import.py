"""Networks of every kind that the description knows, imported and run, judged by loops over the description itself."""

import numpy as np
import pytest
from ai8x_evaluator import evaluate
from ai8x_files import CONV, describe, float_state, imported, layer_state

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.spec import Conv1d, Dense
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.devices import MAX78000, MAX78002, device_of
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network

WIDE = {"operation": "mlp", "flatten": True, "output_width": 32}


def judged(folder, layers, state, shape, device=MAX78002):
    """Import, run full-range frames, and compare every layer with the judge; the import."""
    done = imported(folder, layers, state, device, shape[1])
    assert done.net.input.shape == shape
    rng = np.random.default_rng(7)
    frames = [rng.integers(-128, 128, shape), np.full(shape, -128), np.full(shape, 127), np.zeros(shape, int)]
    taps = ref.taps(done.net, np.array(frames))
    for index, frame in enumerate(frames):
        for stage, rows in zip(done.stages, evaluate(layers, state, frame), strict=True):
            assert np.array_equal(taps[stage.name][index].ravel(), np.ravel(rows)), stage.name
    return done


def test_plain_convolutions_shifts_and_activations(tmp_path):
    shifts = [(-5, "ReLU"), (3, "Abs"), (0, "None"), (-15, "None"), (15, "Abs")]
    layers = [CONV | {"activate": kind} for _, kind in shifts]
    state = {}
    for index, (shift, _) in enumerate(shifts):
        state |= layer_state(f"l{index}", (4, 4, 3), shift=shift, seed=index)
    judged(tmp_path, layers, state, (4, 9))


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_all_bits(tmp_path, bits):
    layers = [CONV, WIDE]
    state = layer_state("a", (5, 3, 3), bits, -2) | layer_state("b", (2, 5 * 8), bits, 4, 1)
    done = judged(tmp_path, layers, state, (3, 8))
    assert [stage.bits for stage in done.stages] == [bits, bits]


def test_the_total_shift_may_reach_both_ends(tmp_path):
    state = layer_state("a", (2, 1, 1), 4, -19) | layer_state("b", (2, 2, 1), 2, 9)
    one = CONV | {"kernel_size": 1, "pad": 0, "activate": "None"}
    judged(tmp_path, [one, one], state, (1, 20))
    with pytest.raises(BadInput, match=r"layer b has output_shift 10 with 2-bit weights; the range is -21..9"):
        imported(tmp_path, [one, one], state | {"b.output_shift": np.array([10])})


@pytest.mark.parametrize("claimed", ["binary", "bin", None])
def test_binary_weights(tmp_path, claimed):
    layer = CONV | ({"quantization": claimed} if claimed else {})
    state = layer_state("a", (6, 2, 3), 1, -1, binary=True)
    done = judged(tmp_path, [layer], state, (2, 12))
    assert done.stages[0].bits == -1 and done.stages[0].shift == 6


def test_binary_weights_do_not_exist_on_the_small_chip(tmp_path):
    state = layer_state("a", (6, 2, 3), 8, -1, binary=True)
    with pytest.raises(BadInput, match="MAX78000 has no -1/\\+1 weights"):
        imported(tmp_path, [CONV | {"quantization": "binary"}], state, MAX78000)
    assert imported(tmp_path, [CONV], state, MAX78000).stages[0].bits == 8


def test_a_wide_convolution(tmp_path):
    state = layer_state("a", (3, 2, 5), 8, -3) | layer_state("b", (4, 3, 3), 4, 5, 1)
    layers = [CONV | {"kernel_size": 5, "pad": 2}, CONV | {"activate": "None", "output_width": 32}]
    done = judged(tmp_path, layers, state, (2, 11))
    assert str(done.net.output) == "4x11 Q22.10"  # a wide layer has no shift, whatever the checkpoint says


def test_pools_of_all_kinds(tmp_path):
    pools = [
        {"max_pool": 3, "pool_stride": 2},
        {"avg_pool": 2},
        {"avg_pool": 5, "pool_stride": 3},
        {"avg_pool": 2, "pool_stride": 1, "pool_dilation": 2},
        {"pool_stride": 2},
        {"avg_pool": 4, "pool_stride": 1},
    ]
    layers = [CONV | {"activate": "None"} | pool for pool in pools]
    state = {}
    for index in range(len(layers)):
        state |= layer_state(f"l{index}", (3, 3, 3), shift=-1, seed=index)
    judged(tmp_path, layers, state, (3, 90))


@pytest.mark.parametrize(
    ("kernel", "dilation", "pad"), [(3, 4, 1), (3, 4, 0), (9, 1, 2), (1, 1, 0), (2, 8, 0), (3, 30, 0)]
)
def test_dilation_and_kernels(tmp_path, kernel, dilation, pad):
    layer = CONV | {"kernel_size": kernel, "dilation": dilation, "pad": pad}
    judged(tmp_path, [layer], layer_state("a", (2, 2, kernel), shift=-2), (2, 70))


def test_depthwise(tmp_path):
    layers = [CONV | {"groups": 6, "max_pool": 2, "pool_stride": 2}, CONV | {"conv_groups": 6}]
    state = layer_state("a", (6, 1, 3), 8, -1) | layer_state("b", (6, 1, 3), 4, -1, 1)
    judged(tmp_path, layers, state, (6, 12))
    with pytest.raises(BadInput, match="layer a: a MAX78000 has no groups"):
        imported(tmp_path, layers, state, MAX78000)


def test_more_than_64_channels(tmp_path):
    layer = CONV | {"pad": 0, "kernel_size": 2}
    state = layer_state("a", (130, 70, 2), 8, -4) | layer_state("b", (3, 130, 2), 8, -4, 1)
    judged(tmp_path, [layer, layer], state, (70, 5))
    padded = [layer | {"pad": 1}, layer]
    with pytest.raises(BadInput, match="MAX78002 pads convolutions of up to 64 channels, not of 70"):
        imported(tmp_path, padded, state)
    judged(tmp_path, padded, state, (70, 5), MAX78000)


def test_pass_through_with_and_without_a_pool(tmp_path):
    layers = [
        {"operation": "none", "max_pool": 2, "pool_stride": 2},
        CONV,
        {"operation": "passthrough", "avg_pool": 3, "pool_stride": 3, "name": "thirds"},
        {"operation": "none"},
        WIDE,
    ]
    state = layer_state("a", (4, 2, 3), shift=-1) | layer_state("b", (2, 4 * 5), seed=1)
    done = judged(tmp_path, layers, state, (2, 30))
    assert [stage.name for stage in done.stages] == ["layer0", "a", "thirds", "layer3", "b"]


def test_several_linear_layers_and_one_that_needs_no_flattening(tmp_path):
    layers = [CONV | {"pad": 0}, {"operation": "fc", "activate": "Abs"}, {"operation": "linear", "output_shift": -6}]
    state = layer_state("a", (7, 2, 3), shift=-2) | layer_state("b", (6, 7), shift=-2) | layer_state("c", (3, 6))
    judged(tmp_path, layers, state, (2, 3))


def test_weights_used_twice(tmp_path):
    layers = [CONV | {"name": "first"}, CONV | {"weight_source": 0, "activate": "None"}]
    state = layer_state("a", (3, 3, 3), shift=-2)
    judged(tmp_path, layers, state, (3, 9))
    by_name = [layers[0], layers[1] | {"weight_source": "First"}]
    assert len(imported(tmp_path, by_name, state).stages) == 2


def test_the_description_overrides_shift_and_bits(tmp_path):
    state = layer_state("a", (4, 2, 3), 2, -3)
    state["a.weight_bits"] = np.array([8])
    layer = CONV | {"output_shift": 1, "quantization": 2}
    done = judged(tmp_path, [layer], state, (2, 9))
    assert (done.stages[0].bits, done.stages[0].shift) == (2, 7)


def test_layers_without_bias_and_of_zeros(tmp_path):
    state = layer_state("a", (4, 2, 3), shift=-2)
    del state["a.op.bias"]
    judged(tmp_path, [CONV], state, (2, 9))
    state["a.op.weight"] *= 0
    done = imported(tmp_path, [CONV], state, length=9)
    assert done.stages[0].bits == 1 and "only zeros" in done.remarks[0]


def test_where_data_lie_does_not_matter(tmp_path):
    state = layer_state("a", (4, 2, 3), shift=-2)
    placed = {"processors": "0x0000.0000.00f0.0000", "output_processors": 0xF000000000000000, "in_offset": 4}
    placed |= {"out_offset": 0x2000, "data_format": "CHW", "bias_quadrant": 3, "in_sequences": -1, "sequence": 0}
    plain = imported(tmp_path, [CONV], state, length=9).net
    moved = imported(tmp_path, [CONV | placed | {"next_sequence": "stop"}], state, length=9).net
    codes = np.random.default_rng(0).integers(-128, 128, (5, 2, 9))
    assert np.array_equal(ref.run(plain, codes), ref.run(moved, codes))


def test_a_float_checkpoint_is_quantised_with_the_bits_of_the_description(tmp_path):
    state = float_state("a", (4, 2, 3), 8) | float_state("b", (2, 4 * 9), 4, 1)
    done = imported(tmp_path, [CONV | {"quantization": 2}, WIDE], state, length=9)
    assert [stage.bits for stage in done.stages] == [2, 4]
    assert "were quantised" in done.remarks[0]


class TestLength:
    layers = (CONV | {"max_pool": 2, "pool_stride": 2}, WIDE)

    def state(self, length):
        return layer_state("a", (4, 2, 3)) | layer_state("b", (2, 4 * (length // 2)))

    def test_a_choice_is_made_and_told(self, tmp_path):
        done = imported(tmp_path, list(self.layers), self.state(26))
        assert done.net.input.shape == (2, 26)
        assert done.remarks == ("frames of 26 to 27 samples fit; 26 was taken, and --length chooses",)

    def test_the_user_chooses(self, tmp_path):
        assert imported(tmp_path, list(self.layers), self.state(26), length=27).net.input.shape == (2, 27)
        with pytest.raises(BadInput, match=r"frames of 30 samples do not fit .* frames of 26 to 27 samples fit"):
            imported(tmp_path, list(self.layers), self.state(26), length=30)

    def test_the_description_says_it(self, tmp_path):
        first = self.layers[0] | {"in_dim": [27, 1]}
        assert imported(tmp_path, [first, WIDE], self.state(26)).net.input.shape == (2, 27)

    def test_no_length_fits(self, tmp_path):
        with pytest.raises(BadInput, match="no length of input frames up to 2048 fits"):
            imported(tmp_path, [CONV, WIDE], layer_state("a", (4, 2, 3)) | layer_state("b", (2, 41)))

    def test_without_linear_layers_any_fits(self, tmp_path):
        done = imported(tmp_path, [CONV], layer_state("a", (4, 2, 3)))
        assert done.net.input.shape == (2, 128) and "any length" in done.remarks[0]

    def test_linear_layers_without_flattening_take_one_sample_if_they_can(self, tmp_path):
        state = layer_state("a", (4, 2, 3)) | layer_state("b", (2, 4))
        layers = [CONV | {"pad": 0}, {"operation": "mlp"}]
        done = imported(tmp_path, layers, state)
        assert done.net.input.shape == (2, 3) and done.net.output.shape == (2,) and not done.remarks
        assert imported(tmp_path, layers, state, length=5).net.output.shape == (2, 3)

    def test_a_linear_layer_comes_first(self, tmp_path):
        done = imported(tmp_path, [WIDE], layer_state("a", (4, 50)))
        assert done.net.input.shape == (1, 50)
        assert imported(tmp_path, [WIDE], layer_state("a", (4, 50)), length=10).net.input.shape == (5, 10)

    def test_a_linear_layer_comes_behind_pools(self, tmp_path):
        pools = [{"operation": "passthrough", "avg_pool": 3, "pool_stride": 2}, {"operation": "none", "max_pool": 2}]
        judged(tmp_path, [*pools, WIDE], layer_state("a", (4, 66 * 14)), (66, 31))
        with pytest.raises(BadInput, match="frames of 20 samples do not fit"):
            imported(tmp_path, [*pools, WIDE], layer_state("a", (4, 66 * 14)), length=20)


A = layer_state("a", (4, 2, 3))
B = layer_state("b", (2, 4 * 9))


@pytest.mark.parametrize(
    ("layers", "state", "sentence"),
    [
        ([CONV, CONV, WIDE], A | B, "describes 3 layers with weights, and q.npz has 2"),
        ([CONV | {"kernel_size": 5}], A, r"kernel_size 5, but a.op.weight has shape \(4, 2, 3\)"),
        ([WIDE], A, r"layer 0 is linear, but a.op.weight has shape"),
        ([CONV | {"quantization": 4}], A, "which are not 4-bit weights; set quantization"),
        ([CONV | {"quantization": "binary"}], A, "which are not -1/\\+1 weights"),
        ([CONV | {"in_channels": 3}], A, "in_channels says 3, but the net has 2"),
        ([CONV | {"out_channels": 3}], A, "out_channels says 3, but the net has 4"),
        ([CONV, WIDE | {"in_dim": 5}], A | B, "in_dim says 5, but the net has 9"),
        ([CONV, WIDE | {"flatten": False}], A | B, "add flatten: true"),
        ([CONV | {"weight_source": 0}], A, "describes 0 layers"),
        ([CONV, CONV | {"weight_source": 2}], A, "weight_source 2: there are layers 0 to 1"),
        ([CONV, CONV | {"weight_source": 1}], A, "weight_source 1 is no earlier layer"),
        ([CONV], A | {"a.output_shift": np.array([0.5])}, "output_shift is 0.5"),
        ([CONV], A | {"a.op.bias": np.full(4, 1 << 20)}, "bytes of 8,192..8,192; the chip has -128..127"),
        ([CONV | {"stride": 2}], A, "a stride of 2 does not exist"),
        ([CONV | {"max_pool": 17}], A, "a pooling window of 17 is outside 1..16"),
        ([CONV | {"pad": 3}], A, "padding 3 is outside 0..2 for a kernel of 3"),
        ([CONV | {"dilation": 5}], A, "dilation 5 spreads 3 weights .* padding 0 and no pooling"),
        ([CONV | {"avg_pool": 2, "pool_dilation": 17}], A, "dilation of 17 is outside 1..16"),
        ([{"operation": "none"}], A, "describes 0 layers"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, layers, state, sentence):
    length = None if any(layer.get("in_dim") for layer in layers) or len(layers) > 1 else 40
    with pytest.raises(BadInput, match=sentence):
        imported(tmp_path, layers, state, length=length)


def test_a_net_that_the_chip_cannot_hold_says_by_how_much(tmp_path):
    layer = CONV | {"pad": 0}
    state = layer_state("a", (500, 300, 3))
    with pytest.raises(BadInput, match=r"450,000 bytes, 7,632 more than the 442,368 of a MAX78000; .* a with 450,000"):
        imported(tmp_path, [layer], state, MAX78000)
    assert imported(tmp_path, [layer], state, MAX78002).stages[0].weight.size == 450_000
    many = {f"l{index}.{key}": value for index in range(33) for key, value in _plain().items()}
    with pytest.raises(BadInput, match="33 layers; a MAX78000 runs 32"):
        imported(tmp_path, [CONV] * 33, many, MAX78000)


def _plain():
    return {"op.weight": np.full((1, 1, 3), 5), "op.bias": np.array([128])}


def test_a_layer_has_the_formats_of_the_chip(tmp_path):
    done = imported(tmp_path, [CONV, WIDE], layer_state("a", (4, 2, 3), 4, -3) | B, length=9)
    conv, dense = done.net.nodes[0].layer, done.net.nodes[-1].layer
    assert isinstance(conv, Conv1d) and isinstance(dense, Dense)
    assert str(conv.weight_format) == "Q-2.6" and str(conv.output) == "Q1.7"
    assert str(dense.weight_format) == "Q1.7" and str(dense.output) == "Q18.14"
    assert done.net.name == "small"


def test_a_checkpoint_of_another_architecture_is_remarked(tmp_path):
    description = read_network(describe(tmp_path, [CONV]))
    done = import_network(description, Checkpoint("q.npz", A, "other"), MAX78002, 9)
    assert done.remarks == ("the checkpoint is of other and the description of small",)


def test_devices_have_names():
    assert device_of("max78000") is MAX78000
    with pytest.raises(BadInput, match="'MAX32650'; choose MAX78000 or MAX78002"):
        device_of("MAX32650")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [np.float16, np.float64, np.int8, np.int32])
def test_whole_weights_of_any_kind_of_number_give_one_net(tmp_path, kind):
    state = layer_state("a", (4, 2, 3), 8, -3, 1)
    codes = np.random.default_rng(0).integers(-128, 128, (5, 2, 9))
    cast = {key: value.astype(kind) if key.endswith(".weight") else value for key, value in state.items()}
    nets = [imported(tmp_path, [CONV], each, length=9).net for each in (state, cast)]
    assert np.array_equal(*(ref.run(net, codes) for net in nets))
