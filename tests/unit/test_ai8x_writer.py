"""A net goes back to stages, to a description and a checkpoint, and through import to the same net."""

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml
from ai8x_files import CONV, imported, layer_state

from bittrue import ref
from bittrue.errors import BadInput
from bittrue.num import Format
from bittrue.spec import Add, AvgPool1d, Conv1d, Dense, Flatten, LeakyReLU, MaxPool1d, Mul, Net, Node, ReLU, TensorType
from bittrue.spec.stages import DATA, Stage, stage_net
from bittrue.spec.store import content_hash
from bittrue.targets.max78002.checkpoint import Checkpoint
from bittrue.targets.max78002.devices import MAX78000, MAX78002
from bittrue.targets.max78002.importing import import_network
from bittrue.targets.max78002.network import read_network
from bittrue.targets.max78002.stages import stages_of
from bittrue.targets.max78002.yaml_writer import network_yaml, processors, stage_state

WIDE = {"operation": "mlp", "flatten": True, "output_width": 32}


def round_trip(folder, net, device=MAX78002):
    """The net that is read from what is written of a net."""
    stages = stages_of(net, device)
    path = folder / "written.yaml"
    path.write_text(network_yaml(stages, net, device))
    return import_network(read_network(path), Checkpoint("w.npz", stage_state(stages)), device)


@pytest.mark.parametrize(
    ("layers", "state"),
    [
        ([CONV, WIDE], layer_state("a", (4, 2, 3), 4, -3) | layer_state("b", (3, 4 * 9), 8, 5, 1)),
        ([CONV | {"quantization": 2}], layer_state("a", (4, 2, 3), 2, -7)),
        ([CONV], layer_state("a", (4, 2, 3), 1, 2)),
        ([CONV], layer_state("a", (4, 2, 3), 1, 2, binary=True)),
        ([CONV | {"groups": 2, "activate": "Abs"}], layer_state("a", (2, 1, 3))),
        ([CONV | {"pad": 0, "dilation": 2, "activate": "None", "output_width": 32}], layer_state("a", (4, 2, 3), 4)),
        ([{"operation": "none", "avg_pool": 2}, CONV | {"max_pool": 2, "pool_stride": 2}], layer_state("a", (4, 2, 3))),
        ([{"operation": "none"}, CONV, {"operation": "none", "max_pool": 3}], layer_state("a", (4, 2, 3))),
        ([WIDE], layer_state("a", (3, 18))),
        ([CONV | {"avg_pool": 2, "pool_dilation": 3}, WIDE], layer_state("a", (3, 2, 3)) | layer_state("b", (3, 18))),
    ],
)
def test_a_net_comes_back(tmp_path, layers, state):
    if layers == [WIDE]:
        layers = [WIDE | {"in_channels": 2}]
    net = imported(tmp_path, layers, state, length=9).net
    back = round_trip(tmp_path, net)
    codes = np.random.default_rng(1).integers(-128, 128, (20, 2, 9))
    assert np.array_equal(ref.run(net, codes), ref.run(back.net, codes))
    if layers[0]["operation"] != "none":
        assert content_hash(back.net) == content_hash(net) and not back.remarks


def test_a_dilated_maximum_gets_a_layer_of_its_own(tmp_path):
    """In front of conv1d the vendor's simulator would leave its dilation out."""
    pooled = Node("pool", MaxPool1d(2, 1, 3), ("input",))
    conv = Node("conv", imported(tmp_path, [CONV], layer_state("a", (4, 2, 3)), length=6).net.nodes[0].layer, ("pool",))
    net = Net("dilated", TensorType((2, 9), DATA), (pooled, conv))
    stages = stages_of(net, MAX78002)
    assert [(stage.name, stage.operation) for stage in stages] == [("pool", "none"), ("conv", "conv1d")]
    codes = np.random.default_rng(1).integers(-128, 128, (20, 2, 9))
    assert np.array_equal(ref.run(net, codes), ref.run(stage_net("again", (2, 9), stages), codes))
    assert np.array_equal(ref.run(net, codes), ref.run(round_trip(tmp_path, net).net, codes))
    with pytest.raises(BadInput, match=r"no one answer; give the pooling a layer of its own, operation: passthrough"):
        imported(tmp_path, [CONV | {"max_pool": 2, "pool_dilation": 3}], layer_state("a", (4, 2, 3)), length=9)
    averaged = replace(pooled, layer=AvgPool1d(2, 1, 3))
    assert len(stages_of(Net("dilated", net.input, (averaged, conv)), MAX78002)) == 1


def test_the_description_has_processors_and_halves_of_memory(tmp_path):
    state = layer_state("a", (130, 2, 3)) | layer_state("b", (3, 130, 2))
    net = imported(tmp_path, [CONV, CONV | {"kernel_size": 2, "pad": 0}], state, length=9).net
    text = network_yaml(stages_of(net, MAX78002), net, MAX78002)
    first, second = yaml.safe_load(text)["layers"]
    assert "out_offset: 0xa000" in text and "in_dim: [9, 1]" in text
    assert (first["processors"], first["output_processors"]) == (0b11, (1 << 44) - 1)
    assert second["processors"] == first["output_processors"] and second["output_processors"] == 0b111
    assert (first["out_offset"], second["out_offset"]) == (40_960, 0)


@pytest.mark.parametrize(
    ("channels", "count"), [(1, 1), (64, 64), (65, 36), (128, 64), (129, 44), (256, 64), (1000, 64), (100, 52)]
)
def test_processors_of_several_passes_are_multiples_of_four(channels, count):
    assert processors(channels) == (1 << count) - 1


def test_signs_take_one_bit_unless_the_net_has_one_bit_weights(tmp_path):
    state = layer_state("a", (4, 2, 3), 2, -1, binary=True)
    net = imported(tmp_path, [CONV | {"quantization": 2}], state, length=9).net
    (stage,) = stages_of(net, MAX78002)
    assert (stage.bits, stage.output_shift, stage.shift) == (-1, -2, 5)
    assert stages_of(net, MAX78000)[0].bits == 2
    both = state | layer_state("b", (4, 4, 3), 1, seed=1)
    net = imported(tmp_path, [CONV | {"quantization": 2}, CONV], both, length=9).net
    assert [stage.bits for stage in stages_of(net, MAX78002)] == [2, 1]


def conv(**options):
    weight = np.arange(-12, 12).reshape(4, 2, 3)
    common = {"bias": np.array([128, -128, 0, 256]), "weight_format": Format(8, 9), "output": DATA, "padding": 1}
    return Conv1d(weight, **(common | options))


def chain(*layers, shape=(2, 9), fmt=DATA):
    names = ["input", *(f"n{index}" for index in range(len(layers)))]
    return Net(
        "x", TensorType(shape, fmt), tuple(Node(names[i + 1], layer, (names[i],)) for i, layer in enumerate(layers))
    )


def test_a_net_that_was_not_imported_has_stages(tmp_path):
    net = chain(
        MaxPool1d(3, 2),
        conv(activation=ReLU()),
        AvgPool1d(2, 2),
        Flatten(),
        Dense(np.ones((3, 8), int), np.zeros(3, int), Format(5, 4), Format(32, 11)),
    )
    stages = stages_of(net, MAX78002)
    assert [(stage.name, stage.operation, stage.bits) for stage in stages] == [
        ("n1", "conv1d", 8),
        ("n2", "none", 8),
        ("n4", "linear", 8),
    ]
    assert stages[0].pool is not None and (stages[0].shift, stages[1].pool.kind) == (-2, "avg")
    codes = np.random.default_rng(2).integers(-128, 128, (30, 2, 9))
    assert np.array_equal(ref.run(net, codes), ref.run(stage_net("x", (2, 9), stages), codes))
    assert np.array_equal(ref.run(net, codes), ref.run(round_trip(tmp_path, net).net, codes))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: chain(conv(), fmt=Format(8, 6)), "net x takes 2x9 Q2.6; a MAX78002 takes frames of Q1.7"),
        (lambda: chain(Dense(np.ones((1, 2), int), [0], DATA, DATA), shape=(2,)), "takes 2 Q1.7; a MAX78002"),
        (lambda: chain(conv(output=Format(16, 7))), "node n0 puts out Q9.7; the chip has Q1.7"),
        (lambda: chain(conv(activation=LeakyReLU(2))), "node n0 has a leaky ReLU"),
        (lambda: chain(conv(weight_format=Format(9, 9))), "node n0 has weights of 9 bits; the chip has up to 8"),
        (lambda: chain(conv(bias=np.array([1, 0, 0, 0]))), "biases that are no multiples of 128"),
        (lambda: chain(conv(bias=np.array([0, 128 * 128, 0, 0]))), "biases that are no multiples of 128 within"),
        (lambda: chain(conv(weight_format=Format(8, 30))), "layer n0 has output_shift -23 with 8-bit weights"),
        (
            lambda: chain(conv(output=Format(32, 16), activation=ReLU())),
            "has an activation; a wide result is the sum itself",
        ),
        (lambda: chain(conv(output=Format(32, 16)), MaxPool1d(1, 1)), "only the last layer may be"),
        (lambda: chain(conv(stride=2)), "layer n0: a stride of 2 does not exist"),
    ],
)
def test_nets_that_are_not_the_chips_are_refused(make, sentence):
    with pytest.raises(BadInput, match=sentence):
        net = make()
        stages_of(net, MAX78002)


def test_branches_have_stages():
    one, two = conv(), replace(conv(), weight=conv().weight[:, ::-1])
    nodes = (Node("a", one, ("input",)), Node("b", two, ("input",)), Node("sum", Add(DATA), ("a", "b")))
    stages = stages_of(Net("x", TensorType((2, 9), DATA), nodes), MAX78002)
    assert [(stage.name, stage.join, stage.sources) for stage in stages] == [
        ("a", None, ("input",)),
        ("b", None, ("input",)),
        ("sum", "add", ("a", "b")),
    ]


def test_layers_that_the_chip_lacks_are_refused():
    nodes = (Node("a", conv(), ("input",)), Node("b", conv(), ("input",)), Node("times", Mul(DATA), ("a", "b")))
    with pytest.raises(BadInput, match="node times is a Mul, which a MAX78002 lacks"):
        stages_of(Net("x", TensorType((2, 9), DATA), nodes), MAX78002)


def test_a_tensor_beyond_half_of_memory_is_refused():
    stage = Stage("big", "conv1d", np.ones((128, 1, 1), int), None, 8)
    net = stage_net("x", (1, 1000), [stage])
    assert "output_processors" in network_yaml([stage], net, MAX78002)
    with pytest.raises(BadInput, match=r"layer big puts out 8,000 bytes .* half of one is 4"):
        network_yaml([stage], net, _small())


def _small():
    from dataclasses import replace

    return replace(MAX78000, data_bytes=8)


def test_json_of_the_state_is_plain():
    state = stage_state([Stage("a", "conv1d", np.ones((1, 1, 1), int), None, 4, 3), Stage("p", "none")])
    assert json.dumps({key: value.tolist() for key, value in state.items()}).startswith('{"a.output_shift": [3]')
    assert "a.op.bias" not in state
