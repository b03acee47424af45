"""Descriptions: what they may say, in which words, and the sentence where they may not."""

import json

import pytest
from ai8x_files import CONV, describe

from bittrue.errors import BadInput
from bittrue.spec import Abs, Linear, ReLU
from bittrue.spec.stages import Pool
from bittrue.targets.max78002.network import read_network
from bittrue.targets.max78002.yaml_file import BYTES

LAYERS = "arch: a\ndataset: d\nlayers:\n"


def only(folder, **keys):
    """The one layer of a description."""
    layer = {"operation": "conv1d"} | keys
    return read_network(describe(folder, [{key: value for key, value in layer.items() if value != "-"}])).layers[0]


def test_what_is_not_said_has_the_default_of_ai8x(tmp_path):
    layer = only(tmp_path)
    assert (layer.kernel, layer.padding, layer.dilation, layer.groups, layer.stride) == (9, 1, 1, 1, 1)
    assert layer.pool is None and layer.activation == Linear() and not layer.wide and not layer.flatten
    assert layer.quantization is None and layer.output_shift is None
    linear = only(tmp_path, operation="mlp")
    assert (linear.kernel, linear.padding, linear.operation) == (1, 0, "linear")
    assert only(tmp_path, max_pool=3).pool == Pool("max", 3, 1)


@pytest.mark.parametrize("key", ["operation", "op", "operator", "convolution"])
@pytest.mark.parametrize(
    ("word", "meaning"),
    [("Conv1d", "conv1d"), ("MLP", "linear"), ("fc", "linear"), ("linear", "linear"), ("None", "none")],
)
def test_words_for_operations(tmp_path, key, word, meaning):
    assert only(tmp_path, operation="-", **{key: word}).operation == meaning if key != "operation" else True
    assert only(tmp_path, operation=word).operation == meaning


def test_words_for_activations_and_pools(tmp_path):
    assert only(tmp_path, activation="relu").activation == ReLU()
    assert only(tmp_path, activate="ABS").activation == Abs()
    assert only(tmp_path, activate=None).activation == Linear()
    assert only(tmp_path, avg_pool=[4, 1], pool_stride=[2, 1]).pool == Pool("avg", 4, 2)
    assert only(tmp_path, kernel_size="7").kernel == 7
    assert only(tmp_path, quantization="Binary").quantization == -1


REFUSED = [
    ({"operation": "conv3d"}, "operation 'conv3d': it is not supported; known are conv1d, conv2d"),
    ({"operation": "ConvTranspose1d"}, "operation 'ConvTranspose1d': it is not supported"),
    ({"op": "conv1d"}, "op 'conv1d': operation says the same"),
    ({"eltwise": "add"}, "eltwise 'add': the vendor's tool has none in front of conv1d"),
    ({"operation": "conv2d", "eltwise": "mul"}, "eltwise 'mul': choose add, sub, or, xor"),
    ({"operation": "add", "eltwise": "sub"}, "eltwise 'sub': the operation add is element-wise already"),
    ({"operation": "add"}, "operands 2: an element-wise operation of 2 operands takes 2 layers"),
    ({"operation": "add", "in_sequences": -1}, "in_sequences -1: an element-wise operation of 2 operands"),
    ({"operation": "add", "in_sequences": [-1, -1, -1]}, "in_sequences .*: an element-wise operation of 2"),
    ({"operation": "add", "operands": 17}, "operands 17: give a whole number from 1 to 16"),
    ({"operation": "add", "operands": 1, "in_sequences": -1}, "takes 1 layers"),
    ({"operands": 2}, "operands 2: only an element-wise operation has them"),
    ({"bypass": True}, "bypass True: bypassed kernels"),
    ({"write_gap": -1}, "write_gap -1: give a whole number from 0"),
    ({"pool_first": False}, "pool_first False: pooling comes first"),
    ({"operation": "add", "in_sequences": [-1, -1], "pool_first": False}, "pool_first False: pooling comes first"),
    (
        {"operation": "add", "in_sequences": [-1] * 3, "operands": 3, "max_pool": 2, "pool_first": False},
        "pool_first False: with 3 operands pooling comes first",
    ),
    ({"in_sequences": [0, 1]}, r"in_sequences 1: there are layers 0 to 0, those with names, and input"),
    ({"in_sequences": []}, r"in_sequences \[\]: name one layer or more"),
    ({"in_sequences": "nobody"}, r"in_sequences 'nobody': there are layers 0 to 0"),
    ({"next_sequence": 4}, "next_sequence 4: there are layers 0 to 0"),
    ({"name": "Input"}, "name 'Input': it means something else"),
    ({"operation": "conv2d", "kernel_size": "5x5"}, "kernel_size '5x5': a conv2d has 1x1 or 3x3"),
    ({"operation": "conv2d", "kernel_size": 3}, "kernel_size 3: a conv2d has 1x1 or 3x3"),
    ({"operation": "convtranspose2d", "kernel_size": "1x1"}, "kernel_size '1x1': a convtranspose2d has 3x3"),
    ({"operation": "convtranspose2d", "output_pad": 2}, "output_pad 2: a convtranspose2d has 1"),
    ({"operation": "convtranspose2d", "stride": 1}, "stride 1: a convtranspose2d has 2"),
    ({"output_pad": 1}, "output_pad 1: a convtranspose2d has 1, and no other layer has any"),
    ({"in_dim": [16, 8]}, r"in_dim \[16, 8\]: a conv1d reads frames; give one number"),
    ({"operation": "conv2d", "in_dim": [16, 8, 1]}, r"in_dim \[16, 8, 1\]: give a whole number from 1"),
    ({"operation": "conv2d", "max_pool": 3, "pool_dilation": 2}, "pool_dilation 2: it works with windows of 2"),
    ({"operation": "none", "max_pool": [2, 3], "pool_dilation": 2}, "pool_dilation 2: .* the vendor's tool reads"),
    ({"operation": "none", "output_shift": 1}, "output_shift 1: a pass-through has none"),
    ({"operation": "none", "output_width": 32}, "a pass-through has no activation and wide output"),
    ({"simulated_sequence": 3}, "simulated_sequence 3: layers are run in the order"),
    ({"buffer_shift": 1}, "buffer_shift 1: data buffers are not supported"),
    ({"sequence": 2}, "sequence 2: layers are numbered"),
    ({"processors": 0}, "processors 0: give a map of the 64 processors"),
    ({"processors": 1 << 64}, "give a map of the 64 processors"),
    ({"processors": "many"}, "processors 'many': give a map"),
    ({"output_processors": True}, "output_processors True: give a map"),
    ({"data_format": "NHWC"}, "data_format 'NHWC': choose HWC or CHW"),
    ({"kernel_size": 10}, "kernel_size 10: give a whole number from 1 to 9"),
    ({"kernel_size": "3x3"}, "kernel_size '3x3': give a whole number"),
    ({"kernel_size": 2.0}, "kernel_size 2.0: give a whole number"),
    ({"pad": -1}, "pad -1: give a whole number from 0"),
    ({"pad": True}, "pad True: give a whole number"),
    ({"activate": "GELU"}, "activate 'GELU': choose ReLU, Abs or None"),
    ({"activate": "ReLU", "activation": "ReLU"}, "activation 'ReLU': activate says the same"),
    ({"quantization": 3}, "quantization 3: choose 8, 4, 2, 1 or binary"),
    ({"quantization": True}, "quantization True: choose"),
    ({"output_width": 16}, "output_width 16: choose 8 or 32"),
    ({"output_shift": 1.5}, "output_shift 1.5: give a whole number"),
    ({"flatten": True}, "flatten True: only a linear layer flattens"),
    ({"flatten": "yes please"}, "flatten 'yes please': give true or false"),
    ({"max_pool": 2, "avg_pool": 2}, "avg_pool 2: max_pool is there too"),
    ({"max_pool": 0}, "max_pool 0: give a whole number from 1"),
    ({"max_pool": 3, "pool_dilation": 2}, "pool_dilation 2: it works with windows of 2, not of 3"),
    ({"groups": 2, "conv_groups": 2}, "groups 2: conv_groups says the same"),
    ({"operation": "mlp", "pad": 1}, "pad 1: a linear layer has none"),
    ({"operation": "mlp", "kernel_size": 3}, "kernel_size 3: unknown key"),
    ({"operation": "none", "activate": "ReLU"}, "a pass-through has no activation"),
    ({"operation": "none", "dilation": 2}, "dilation 2: a pass-through has none"),
    ({"in_crop": [1, 1]}, r"in_crop \[1, 1\]: cropping is not supported"),
    ({"kernel": 3}, "kernel 3: unknown key"),
    ({"name": 7}, "name 7: give a text"),
]


@pytest.mark.parametrize(("keys", "sentence"), REFUSED)
def test_what_a_layer_may_not_say(tmp_path, keys, sentence):
    with pytest.raises(BadInput, match=rf"network.yaml: layer 0( \(\w+\))?: .*{sentence}"):
        only(tmp_path, **keys)


KINDS = {"words": ["a"], "mapping": {"a": 1}, "list": [[1]], "truth": True, "fraction": 1.5, "large": (1 << 64) - 1}
KEYS = {
    "words": "name operation op activate activation quantization data_format weight_source",
    "numbers": "kernel_size pad dilation groups conv_groups stride max_pool avg_pool pool_stride pool_dilation "
    "output_width output_shift in_dim in_channels out_channels in_offset out_offset bias_group bias_quadrant sequence",
    "switches": "flatten pool_first streaming bypass calcx4 readahead tcalc output",
    "more": "processors output_processors in_sequences next_sequence operands eltwise write_gap in_crop unknown",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [key for row in KEYS.values() for key in row.split()])
def test_every_key_has_a_kind(tmp_path, key, kind):
    """A value of another kind is refused in one sentence that names layer and key, never taken or a crash."""
    if kind == "truth" and key in KEYS["switches"] and key not in ("flatten", "bypass"):
        return
    if kind == "large" and key in ("processors", "output_processors"):
        return
    layer = {key: KINDS[kind]} if key in ("op",) else {"operation": "conv1d"} | {key: KINDS[kind]}
    path = tmp_path / "network.yaml"
    path.write_text(f"layers: [{json.dumps(layer)}]")
    with pytest.raises(BadInput, match=rf"network\.yaml: layer 0: '?{key}'? ") as caught:
        read_network(path)
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("dataset: [1]\n", "'dataset' is \\[1\\]; it must be a name"),
        ("bias: 3\n", "'bias' is 3; it must be a name"),
        ("output_map: 0\n", "output_map 0: give a map of the 64 processors"),
        ("unload: 7\n", "unload 7: give a list"),
        ("7: 1\n", "unknown key 7"),
        ("7: 0x1" + "0" * 32 + "\n", "line 1 holds '0x1(0){32}', an integer of more than 128 bits"),
        ("7: " + "9" * 5000 + "\n", "line 1 holds .*, an integer of more than 128 bits"),
        ("7: -0b1" + "0" * 128 + "\n", "an integer of more than 128 bits"),
        ("7: " + "1:0" * 900 + "\n", "unknown key 7|more than 128 bits"),
    ],
)
def test_every_key_of_the_whole_has_a_kind(tmp_path, text, sentence):
    path = tmp_path / "network.yaml"
    path.write_text(text + "layers: [{operation: conv1d}]\n")
    with pytest.raises(BadInput, match=sentence):
        read_network(path)


def test_where_data_lie_may_be_said(tmp_path):
    placed = {"in_offset": 0, "out_offset": 0x2000, "bias_group": [0, 3], "calcx4": False, "readahead": True}
    placed |= {"in_dim": [128, 1], "stride": [1, 1], "max_pool": [2, 1], "pool_stride": ["2", "1"]}
    placed |= {"streaming": True, "write_gap": 1, "in_skip": 2}
    assert only(tmp_path, **placed).size == (128, 1)
    assert only(tmp_path, operation="conv2d", in_dim=[16, 8]).size == (16, 8)
    assert only(tmp_path, operation="conv2d", in_dim=16).size == (16, 1)


def test_a_wide_result_has_no_activation(tmp_path):
    for activation in ("ReLU", "Abs"):
        with pytest.raises(BadInput, match="output_width 32: 32 bits are the sum itself, before any activation"):
            only(tmp_path, output_width=32, activate=activation)
    assert only(tmp_path, output_width=32, activate="None").wide


def test_layers_are_as_many_as_the_chip_has(tmp_path):
    assert len(read_network(describe(tmp_path, [CONV] * 128)).layers) == 128
    with pytest.raises(BadInput, match="describes 129 layers; the chips run up to 128"):
        read_network(describe(tmp_path, [CONV] * 129))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &a {b: 1}\n<<: *a\n", "line 2 merges mappings"),
        ("layers: [{<<: [{a: 1}, {b: 2}]}]\n", "line 1 merges mappings"),
        ("a: &a [*a]\n", "line 1 refers to what it is a part of"),
        ("a: &a {b: [*a]}\n", "line 1 refers to what it is a part of"),
        (
            "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
            "16,384 values",
        ),
        ("a: [" + "1," * 17_000 + "1]\n", "line 1 reaches more than 16,384 values"),
        ("a: " + "[" * 70 + "]" * 70, "line 1 is nested deeper than 64 levels"),
    ],
)
def test_descriptions_that_would_never_end(tmp_path, text, sentence):
    path = tmp_path / "network.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=f"network.yaml: {sentence}|network.yaml: line .* reaches more than {sentence}"):
        read_network(path)


def test_an_anchor_may_be_used_again(tmp_path):
    path = tmp_path / "network.yaml"
    path.write_text("layers: [&a {operation: conv1d, pad: 2}, *a, *a]\n")
    assert [layer.padding for layer in read_network(path).layers] == [2, 2, 2]


def test_what_is_not_said_of_images_has_the_default_of_ai8x(tmp_path):
    layer = only(tmp_path, operation="-")
    assert (layer.operation, layer.kernel, layer.padding, layer.stride) == ("conv2d", 3, 1, 1)
    up = only(tmp_path, operation="ConvTranspose2d")
    assert (up.kernel, up.padding, up.stride, up.output_padding) == (3, 1, 2, 1)
    assert only(tmp_path, operation="conv2d", kernel_size="1X1", pad=0).kernel == 1
    assert only(tmp_path, operation="conv2d", max_pool=2, pool_stride=[2, 2]).pool == Pool(
        "max", (2, 2), (2, 2), (1, 1)
    )


@pytest.mark.parametrize(
    ("word", "join"), [("add", "add"), ("SUB", "sub"), ("bitwise_or", "or"), ("BitwiseXor", "xor"), ("or", "or")]
)
def test_words_for_element_wise_operations(tmp_path, word, join):
    layer = only(tmp_path, operation=word, in_sequences=[-1, "input"])
    assert (layer.operation, layer.join, layer.sources) == ("none", join, (-1, -1))


def test_a_default_of_padding_that_the_vendors_tool_changes_is_no_default(tmp_path):
    one, two = {"operation": "conv1d"}, {"operation": "conv2d"}
    for layers in ([one, two], [two, one], [one, {"operation": "convtranspose2d"}]):
        with pytest.raises(BadInput, match=r"pad is missing here and in layer \d, a conv1d, .* write pad in both"):
            read_network(describe(tmp_path, layers))
    for layers in ([one | {"pad": 1}, two], [one, two | {"pad": 1}], [one, one], [two, two]):
        read_network(describe(tmp_path, layers))


def test_names_are_unique_and_chains_may_be_named(tmp_path):
    chain = [CONV | {"name": "A", "next_sequence": "b"}, CONV | {"name": "B", "in_sequences": ["A"]}]
    assert [layer.name for layer in read_network(describe(tmp_path, chain)).layers] == ["A", "B"]
    with pytest.raises(BadInput, match="another layer has it too"):
        read_network(describe(tmp_path, [CONV | {"name": "A"}, CONV | {"name": "a"}]))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds NoneType and no keys"),
        ("- 1\n", "holds list and no keys"),
        ("layers: [", "is not YAML"),
        ("arch: a\n", "'layers' must be a list"),
        ("arch: a\nlayers: {}\n", "'layers' must be a list"),
        ("arch: a\nlayers: [1]\n", "layer 0 is 1; each layer is a mapping"),
        ("arch: [a]\nlayers: [{operation: conv1d}]\n", "'arch' is \\['a'\\]"),
        ("arch: a\narch: b\nlayers: []\n", "line 2 gives 'arch' a second time"),
        (LAYERS + "- operation: conv1d\n  pad: 1\n  pad: 2\n", "line 6 gives 'pad' a second time"),
        (LAYERS + "- operation: conv1d\ntypo: 1\n", "unknown key 'typo'"),
        (LAYERS + "- operation: conv1d\ndata_buffer: [1]\n", "data_buffer is not supported"),
        ("!!python/object/apply:os.system ['touch /tmp/owned']\n", "is not YAML"),
        ("? [1]\n: 2\n", "is not YAML"),
        ("[" * 3000, "line 1 is nested deeper than 64 levels"),
    ],
)
def test_files_that_are_no_description(tmp_path, text, sentence):
    path = tmp_path / "network.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=sentence):
        read_network(path)


def test_a_file_that_is_not_there_or_too_large(tmp_path):
    with pytest.raises(BadInput, match="cannot read a network description"):
        read_network(tmp_path / "none.yaml")
    path = tmp_path / "network.yaml"
    path.write_text("#" * (BYTES + 1))
    with pytest.raises(BadInput, match="at most 1,048,576"):
        read_network(path)
